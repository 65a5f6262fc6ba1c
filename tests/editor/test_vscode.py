"""A person's first minutes with the extension, in a real VS Code in a real browser.

Opens `samples/findings`, sees its findings in the Problems panel, sees them follow an edit that is not saved, publishes from the
palette and reads the success message, asks the doctor; and picks one of several projects and runs its program in the terminal.
Pictures are kept in `tests/artefacts/editor`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from server.daemon.client import stop_daemon
from server.daemon.place import DaemonPlace
from tests.conftest import ROOT
from tests.editor.install import Installed, ensure_installed
from tests.editor.workbench import build_extension, serve

pytestmark = pytest.mark.run

ARTEFACTS = ROOT / "tests/artefacts/editor"
DRIVER = ROOT / "tests/editor/drive.mjs"

# The extension asks for this machine's Python and this tree, whatever is installed on PATH.
SETTINGS = {
    "aotd.serverCommand": [sys.executable, "-m", "server.cli.main"],
    "aotd.publish.configuration": "Debug",
    "files.autoSave": "off",
    "workbench.startupEditor": "none",
    "workbench.colorTheme": "Default Light Modern",
    "window.commandCenter": False,
    "editor.minimap.enabled": False,
    # The terminal's text is in the page only when it is not drawn by the graphics processor.
    "terminal.integrated.gpuAcceleration": "off",
}
Step = tuple[str, dict[str, Any]]


@pytest.fixture(scope="module")
def installed() -> Installed:
    return ensure_installed()


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    folder = tmp_path / "findings"
    ignored = shutil.ignore_patterns("bin", "obj")
    shutil.copytree(ROOT / "samples/findings", folder, ignore=ignored)
    return folder


def drive(installed: Installed, url: str, folder: Path, request_file: Path, steps: list[Step]) -> list[dict[str, Any]]:
    """What each step said; fails with the screen's text when one could not be done."""
    request = {
        "url": url,
        "folder": str(folder),
        "browser": str(installed.browser),
        "nodeModules": str(installed.node_modules),
        "artefacts": str(ARTEFACTS),
        "patienceMs": 60_000,
        "publishMs": 300_000,
        "steps": steps,
    }
    request_file.write_text(json.dumps(request))
    done = subprocess.run(["node", str(DRIVER), str(request_file)], stdout=subprocess.PIPE, text=True, timeout=900, check=False)
    said = [json.loads(line) for line in done.stdout.splitlines()]
    failed = [step for step in said if "error" in step]
    assert not failed, f"{failed[0]['step']} {failed[0]['parameters']}: {failed[0]['error']}\nscreen:\n{failed[0]['screen']}"
    assert len(said) == len(steps)
    return said


def test_findings_and_publish_in_the_editor(installed: Installed, sample: Path, tmp_path: Path) -> None:
    place = DaemonPlace(tmp_path / "run")
    environment = {"PYTHONPATH": str(ROOT), "AOTD_RUNTIME_DIR": str(place.folder)}
    program = sample / "Program.cs"
    text = program.read_text()
    marked = line_of(text, "Shapes.ArrayOf(typeof(int))")
    n_findings = n_checked(sample, environment)
    steps: list[Step] = [
        ("open", {}),
        ("showProblems", {}),
        ("openFile", {"name": "Program.cs"}),
        ("expectProblem", {"text": "IL2026"}),
        ("expectProblem", {"text": "IL3050"}),
        ("expectProblem", {"text": "IL3000"}),
        ("picture", {"name": "findings"}),
        # A second finding of the same kind, typed and not saved.
        ("typeAt", {"line": marked, "column": 1, "text": "Console.WriteLine(Shapes.ArrayOf(typeof(char)));\n"}),
        ("expectUnsaved", {}),
        ("expectStatus", {"text": f"aotd: {n_findings + 1} findings"}),
        ("typeAt", {"line": marked, "column": 1, "text": "int broken = ;\n"}),
        ("expectProblem", {"text": "CS1525"}),
        # The list draws the rows in sight alone, and each finding has a row for what asks for it.
        ("expectProblem", {"text": "IL3002"}),
        ("picture", {"name": "typing"}),
        ("deleteLine", {"line": marked}),
        ("expectNoProblem", {"text": "CS1525"}),
        ("deleteLine", {"line": marked}),
        ("expectStatus", {"text": f"aotd: {n_findings} findings"}),
        ("command", {"title": "aotd: Publish Native AOT"}),
        ("expectMessage", {"text": "findings -> "}),
        ("picture", {"name": "published"}),
        ("command", {"title": "aotd: Doctor: Show Tool Chain"}),
        ("expectOutput", {"text": "cache folder"}),
        ("picture", {"name": "doctor"}),
    ]
    with serve(installed, build_extension(), tmp_path / "vscode", SETTINGS, environment) as url:
        try:
            drive(installed, url, sample, tmp_path / "request.json", steps)
        finally:
            stop_daemon(place)
    assert program.read_text() == text
    made = sample / "bin/Debug/net9.0/linux-x64/publish/findings"
    assert made.is_file() and os.access(made, os.X_OK)


def test_one_of_several_projects_is_published_and_run(installed: Installed, tmp_path: Path) -> None:
    place = DaemonPlace(tmp_path / "run")
    folder = tmp_path / "samples"
    for name in ("hello", "wordcount"):
        shutil.copytree(ROOT / "samples" / name, folder / name, ignore=shutil.ignore_patterns("bin", "obj"))
    steps: list[Step] = [
        ("open", {}),
        ("expectStatus", {"text": "aotd: 0 findings"}),
        ("command", {"title": "aotd: Publish Native AOT"}),
        ("pick", {"text": "hello"}),
        ("expectMessage", {"text": "hello -> "}),
        ("pressButton", {"text": "hello -> ", "button": "Run in Terminal"}),
        ("expectTerminal", {"text": "Hello from native .NET!"}),
        ("picture", {"name": "terminal"}),
    ]
    environment = {"PYTHONPATH": str(ROOT), "AOTD_RUNTIME_DIR": str(place.folder)}
    with serve(installed, build_extension(), tmp_path / "vscode", SETTINGS, environment) as url:
        try:
            drive(installed, url, folder, tmp_path / "request.json", steps)
        finally:
            stop_daemon(place)


def n_checked(folder: Path, environment: dict[str, str]) -> int:
    """How many findings `aotd check` prints for the project in `folder`: the editor must show the same number."""
    command = [sys.executable, "-m", "server.cli.main", "check"]
    checked = subprocess.run(command, cwd=folder, env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True, check=True)
    return checked.stdout.count(": warning ")


def line_of(text: str, part: str) -> int:
    """Number of the line, from 1, that contains `part`."""
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)
