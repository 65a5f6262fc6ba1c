"""The command line as a user meets it: verbs, help, wrong switches, exit codes, colours."""

from __future__ import annotations

import importlib
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from compiler.diagnostics import InputError
from server.cli.main import VERBS
from server.cli.switches import ProjectSwitches, Verbosity, parse_project_switches
from tests.conftest import ROOT, RunAotd


@pytest.mark.parametrize("name", sorted(VERBS))
def test_every_verb_has_usage_and_run(name: str) -> None:
    module = importlib.import_module(VERBS[name].module)
    assert module.USAGE.startswith(f"Usage: aotd {name}")
    assert callable(module.run)


def test_help_lists_every_verb(aotd: RunAotd) -> None:
    result = aotd("help")
    assert result.exit_code == 0
    for name, entry in VERBS.items():
        assert f"  {name}" in result.stdout and entry.summary in result.stdout


@pytest.mark.parametrize("name", sorted(VERBS))
def test_help_of_a_verb_is_its_usage(aotd: RunAotd, name: str) -> None:
    usage = importlib.import_module(VERBS[name].module).USAGE
    assert aotd(name, "--help").stdout == usage.rstrip("\n") + "\n"


def test_no_arguments_prints_help_and_fails(aotd: RunAotd) -> None:
    result = aotd()
    assert (result.exit_code, result.stdout.splitlines()[0]) == (1, "Usage: aotd COMMAND [ARGUMENTS]")


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (["frobnicate"], "aotd: error MSB1001: Unknown command 'frobnicate'. Run 'aotd help' for the list of commands."),
        (["--frobnicate"], "aotd: error MSB1001: Unknown switch '--frobnicate'. Run 'aotd help' for the list of commands."),
        (["version", "x"], "aotd: error MSB1001: Unknown switch 'x': 'aotd version' takes no arguments."),
    ],
)
def test_wrong_command_lines_are_one_line_and_exit_1(aotd: RunAotd, tmp_path: Path, args: list[str], line: str) -> None:
    result = aotd(*args, cwd=tmp_path)
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", line + "\n")


def test_folder_without_or_with_two_projects(tmp_path: Path) -> None:
    with pytest.raises(InputError) as none:
        parse_project_switches([], tmp_path)
    assert none.value.code == "MSB1003"
    (tmp_path / "a.csproj").touch()
    assert parse_project_switches([], tmp_path).project == (tmp_path / "a.csproj").resolve()
    (tmp_path / "b.csproj").touch()
    with pytest.raises(InputError) as two:
        parse_project_switches([], tmp_path)
    assert two.value.code == "MSB1011"


@pytest.mark.parametrize(
    "args",
    [
        ["a.csproj", "-r", "linux-x64", "-c", "Debug", "-o", "out", "-p:A=1;B=x=y", "-v:d"],
        ["-r:linux-x64", "-c:Debug", "-o:out", "-p:A=1,B=x=y", "-v", "detailed", "a.csproj"],
        ["--runtime", "linux-x64", "--configuration", "Debug", "--output", "out", "--property:A=1", "-p", "B=x=y", "/v:d", "a.csproj"],
    ],
)
def test_spellings_of_the_same_switches(tmp_path: Path, args: list[str]) -> None:
    project = tmp_path / "a.csproj"
    project.touch()
    properties = {"RuntimeIdentifier": "linux-x64", "Configuration": "Debug", "A": "1", "B": "x=y"}
    expected = ProjectSwitches(project.resolve(), properties, tmp_path / "out", Verbosity.DETAILED, frozenset())
    assert parse_project_switches(args, tmp_path) == expected


def test_a_comma_in_a_property_value_separates(tmp_path: Path) -> None:
    (tmp_path / "a.csproj").touch()
    with pytest.raises(InputError) as error:
        parse_project_switches(["-p:Comma=a,b"], tmp_path)
    assert error.value.code == "MSB1006"


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_errors_are_red_on_a_terminal_only(no_color: str, coloured: bool) -> None:
    main_end, program_end = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "NO_COLOR": no_color}
    subprocess.run([sys.executable, "-m", "server.cli.main", "nothing"], stderr=program_end, env=environment, check=False)
    os.close(program_end)
    shown = os.read(main_end, 4096)
    os.close(main_end)
    assert (b"\x1b[31m" in shown) is coloured and b"MSB1001" in shown


def test_interrupt_exits_130_without_traceback(tmp_path: Path) -> None:
    script = "import time, server.cli.main as m; m.run_command = lambda args: print('ready', flush=True) or time.sleep(60); exit(m.main())"
    process = subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=30)
    assert (process.returncode, stderr) == (130, "aotd: interrupted\n")


def test_a_closed_pipe_is_not_an_error_message() -> None:
    command = f"'{sys.executable}' -m server.cli.main help | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stderr == "" and done.returncode in (0, 141)


def test_start_does_not_load_the_compiler() -> None:
    script = "import sys, server.cli.main as m; m.run_command(['help']); print(sorted(n for n in sys.modules if n in sys.argv[1:]))"
    heavy = ["numpy", "llvmlite", "dnfile", "lxml", "pygls", "server.publish.publish"]
    done = subprocess.run([sys.executable, "-c", script, *heavy], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_start_is_quick(aotd: RunAotd) -> None:
    times = []
    for _ in range(5):
        start = time.monotonic()
        aotd("help")
        times.append(time.monotonic() - start)
    assert min(times) < 0.5
