"""Cases of the corpus that build with an SDK, built with our own: the recorded files and lines, but for differences named here."""

from __future__ import annotations

import io
import json
import re
import shutil
from pathlib import Path

import pytest

from compiler.csharp.toolchain import Toolchain
from server.build.warm import WarmTools
from server.cli import msbuild
from server.cli.caller import Caller, Channel, never_cancelled, serving
from server.msbuild.sdks import OWN_SDK_FOLDER
from tests.msbuild.test_corpus import CORPUS, arguments, copy_case, normalized

CASES = ("build-clean", "build-console", "build-copy-to-output", "build-project-reference", "build-sln")
# The memory of what an assembly refers to: ours is not kept in a file.
NOT_WRITTEN = (".csproj.AssemblyReference.cache",)
# The tool chain has .NET 9 alone, and says so once for each project.
OTHER_FRAMEWORK = re.compile(r"^\S+ : warning AOTD0301: the class library of 'net10\.0' is not on this machine; .*\n", re.MULTILINE)


@pytest.mark.parametrize("name", CASES)
def test_case(name: str, tmp_path: Path, toolchain: Toolchain, cache_dir: Path) -> None:
    source = CORPUS / "sdk" / name
    case, meta = (json.loads((source / file).read_text()) for file in ("case.json", "expected.meta.json"))
    folder, home = tmp_path / "case", tmp_path / "home"
    home.mkdir()
    copy_case(source, folder)
    before = {path for path in folder.rglob("*") if path.is_file()}
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(home), "TERM": "dumb", "AOTD_CACHE_DIR": str(cache_dir), **case["env"]}
    out, tools = io.StringIO(), WarmTools()
    channel = Channel(out, is_terminal=False, shows_colour=False)
    with serving(Caller(channel, channel, lambda: 80, folder, environment, never_cancelled, tools)):
        exit_code = msbuild.run(arguments(folder, case))
    tools.close()
    said = normalized(out.getvalue(), folder, OWN_SDK_FOLDER, "", str(home))
    said = re.sub(r"\(in [^)]*\)", "(in {TIME})", OTHER_FRAMEWORK.sub("", said))
    assert sorted_restores(said) == sorted_restores((source / "expected.txt").read_text())
    assert exit_code == meta["exit_code"]
    made = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() and path not in before}
    expected = {file for file in meta["output_files"] if not file.endswith(("/", *NOT_WRITTEN))}
    assert made == expected
    shutil.rmtree(folder)


def sorted_restores(text: str) -> list[str]:
    """The lines, those of restored projects in one order."""
    lines = text.splitlines()
    restored = iter(sorted(line for line in lines if line.startswith("  Restored ")))
    return [next(restored) if line.startswith("  Restored ") else line for line in lines]
