"""The checks of `dev.py check` themselves: each must complain about what it is there for, and be silent otherwise."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tools import generate
from tools.house_rules import FILE_LINES, FUNCTION_LINES, file_complaints, is_broad, tree_complaints, violations

LINT = "from importlinter.cli import lint_imports_command as run; run()"


def test_this_repository_keeps_the_rules() -> None:
    assert violations(ROOT) == []


def test_generated_files_are_fresh() -> None:
    assert generate.stale_files(ROOT) == []


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("compiler/a.py", "x = 1\n" * (FILE_LINES + 1), "split by concept"),
        ("server/utils.py", "", "the name says nothing"),
        ("compiler/a.py", "# not ideal, but good enough for n" + "ow, see below\n", "phrase"),
        ("compiler/a.py", "# see ECMA" "-335 section II.22\n", "cite as"),
        ("compiler/a.py", "# see ECMA" "-335 §II.22\n", "cite as"),
    ],
)
def test_text_rules(name: str, text: str, complaint: str) -> None:
    assert any(complaint in line for line in file_complaints(name, text))


@pytest.mark.parametrize("text", ["# ECMA-335 II.25.4 says\n", "# the tables of ECMA-335, as they are\n", "# no citation\n"])
def test_good_citations(text: str) -> None:
    assert file_complaints("compiler/a.py", text) == []


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("compiler/a.py", "x = 1\n", "no module docstring"),
        ("compiler/a.py", '"""A."""\ndef f():\n' + "    x = 1\n" * FUNCTION_LINES, "f has 81 lines"),
        ("compiler/a.py", '"""A."""\nfrom os import *\n', "import *"),
        ("server/a.py", '"""A."""\nimport dnfile\n', "dnfile is imported in compiler/metadata/ only"),
        ("server/cli/a.py", '"""A."""\nfrom pygls.server import X\n', "pygls is imported in server/lsp/ only"),
        ("compiler/il/a.py", '"""A."""\nimport os\nx = os.environ["A"]\n', "os.environ read inside the compiler"),
        ("compiler/il/a.py", '"""A."""\nimport time\nx = time.time()\n', "time.time read inside the compiler"),
    ],
)
def test_tree_rules(name: str, text: str, complaint: str) -> None:
    assert any(complaint in line for line in tree_complaints(name, ast.parse(text)))


@pytest.mark.parametrize(
    ("clause", "broad"),
    [("except:", True), ("except Exception:", True), ("except (OSError, BaseException):", True), ("except (OSError, ValueError):", False)],
)
def test_broad_handlers(clause: str, broad: bool) -> None:
    handler = next(node for node in ast.walk(ast.parse(f"try:\n    x()\n{clause}\n    y()\n")) if isinstance(node, ast.ExceptHandler))
    assert is_broad(handler) is broad


@pytest.mark.parametrize(
    ("file", "imported"),
    [
        ("compiler/il/wrong.py", "server.cli.main"),
        ("compiler/metadata/wrong.py", "compiler.types"),
        ("analyzers/wrong.py", "server.workspace"),
        ("server/msbuild/wrong.py", "compiler.metadata"),
        ("server/msbuild/wrong.py", "server.cli.console"),
    ],
)
def test_layers_are_enforced(tmp_path: Path, file: str, imported: str) -> None:
    for package in ("compiler", "analyzers", "server"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "*.c", "*.h", "*.cs"))
    shutil.copyfile(ROOT / ".importlinter", tmp_path / ".importlinter")
    (tmp_path / file).write_text(f"import {imported}\n")
    line, environment = [sys.executable, "-c", LINT], {"PYTHONPATH": str(tmp_path), "PATH": ""}
    done = subprocess.run(line, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode != 0 and Path(file).with_suffix("").as_posix().replace("/", ".") in done.stdout
