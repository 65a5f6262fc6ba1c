"""The verbs of the command line through a real daemon: the same output as without one, on a terminal too; interrupts; what is kept."""

from __future__ import annotations

import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.daemon.client import daemon_state, stop_daemon
from server.daemon.place import DaemonPlace
from tests.conftest import ROOT, CommandResult, RunAotd

FIRST_STEP = "looking for"


@pytest.fixture
def place(tmp_path: Path, aotd: RunAotd) -> Iterator[DaemonPlace]:
    """A daemon of this test."""
    place = DaemonPlace(tmp_path / "run")
    assert aotd("daemon", "start", env=daemon_environment(place)).exit_code == 0
    yield place
    assert stop_daemon(place)


def daemon_environment(place: DaemonPlace) -> dict[str, str]:
    return {"AOTD_RUNTIME_DIR": str(place.folder)}


@pytest.fixture
def findings(tmp_path: Path) -> Path:
    return copy_sample("findings", tmp_path)


def copy_sample(name: str, folder: Path) -> Path:
    shutil.copytree(ROOT / "samples" / name, folder / name, ignore=shutil.ignore_patterns("bin", "obj"))
    return folder / name


def both(aotd: RunAotd, place: DaemonPlace, folder: Path, *args: str) -> tuple[CommandResult, CommandResult]:
    """The command by the daemon and without it."""
    by_daemon = aotd(*args, cwd=folder, env=daemon_environment(place))
    return by_daemon, aotd(*args, cwd=folder, env={"AOTD_NO_DAEMON": "1"})


@pytest.mark.parametrize(
    "args",
    [
        ("check",),
        ("check", "-v:n"),
        ("check", "-p:TreatWarningsAsErrors=true"),
        ("check", "--nonsense"),
        ("check", "none.csproj"),
        ("evaluate", "-getProperty:OutputType,TargetFramework", "-getItem:Compile"),
    ],
)
def test_output_is_the_same(aotd: RunAotd, place: DaemonPlace, findings: Path, args: tuple[str, ...]) -> None:
    by_daemon, alone = both(aotd, place, findings, *args)
    assert by_daemon == alone


def test_environment_of_the_caller_counts(aotd: RunAotd, place: DaemonPlace, findings: Path) -> None:
    args = ("evaluate", "-getProperty:ONLY_HERE")
    assert aotd(*args, cwd=findings, env={**daemon_environment(place), "ONLY_HERE": "value"}).stdout == "value\n"
    assert aotd(*args, cwd=findings, env=daemon_environment(place)).stdout == "\n"


def test_terminal_of_the_caller_is_drawn_on(place: DaemonPlace, findings: Path) -> None:
    drawn = [on_terminal(findings, environment) for environment in (daemon_environment(place), {"AOTD_NO_DAEMON": "1"})]
    assert drawn[0] == drawn[1]
    assert "\x1b[33m" in drawn[0] and "\x1b[K" in drawn[0]


def on_terminal(folder: Path, environment: dict[str, str]) -> str:
    """What `aotd check` shows on a terminal; how often the progress line is drawn again is a matter of time and left out."""
    main_end, program_end = pty.openpty()
    command = [sys.executable, "-m", "server.cli.main", "check"]
    full = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "NO_COLOR": "", **environment}
    process = subprocess.Popen(command, cwd=folder, env=full, stdout=program_end, stderr=program_end)
    os.close(program_end)
    shown = b""
    try:
        while piece := os.read(main_end, 65536):
            shown += piece
    except OSError:
        # The other end was closed: that is how a terminal of Linux ends.
        pass
    os.close(main_end)
    process.wait(timeout=60)
    return re.sub(r"(\r\x1b\[K[^\r\x1b]*)+\r\x1b\[K", "\r\x1b[K", shown.decode())


@pytest.mark.run
def test_publish_is_the_same_and_an_edit_is_quick(aotd: RunAotd, place: DaemonPlace, tmp_path: Path) -> None:
    folder = copy_sample("hello", tmp_path)
    program = folder / "bin/Debug/net9.0/linux-x64/publish/hello"
    args = ("publish", "-c", "Debug")
    by_daemon = aotd(*args, cwd=folder, env=daemon_environment(place))
    clean = program.read_bytes()
    program.unlink()
    alone = aotd(*args, cwd=folder, env={"AOTD_NO_DAEMON": "1"})
    assert without_times(by_daemon) == without_times(alone)
    assert program.read_bytes() == clean
    source = folder / "Program.cs"
    text = source.read_text()
    source.write_text(text.replace("Hello", "Howdy"))
    began = time.monotonic()
    edited = aotd(*args, cwd=folder, env=daemon_environment(place))
    seconds = time.monotonic() - began
    assert edited.exit_code == 0, edited.output
    assert subprocess.run([program], capture_output=True, text=True, check=True).stdout == "Howdy from native .NET!\n"
    assert seconds < 10, f"a publish after an edit took {seconds:.1f} s by the daemon"
    source.write_text(text)
    assert aotd(*args, cwd=folder, env=daemon_environment(place)).exit_code == 0
    assert program.read_bytes() == clean


def without_times(result: CommandResult) -> tuple[int, list[str], str]:
    lines = [re.sub(r"[\d,]+ compiled, [\d,]+ reused, [\d.]+ s", "", line) for line in result.stdout.splitlines()]
    # Whether code is generated and whether the project is restored depends on who came first.
    first = ("Generating code", "  Restored ", "  All projects are up-to-date for restore.")
    return result.exit_code, [line for line in lines if not any(text in line for text in first)], result.stderr


@pytest.mark.run
def test_interrupt_ends_the_verb_in_the_daemon(place: DaemonPlace, tmp_path: Path) -> None:
    folder = copy_sample("hello", tmp_path)
    client = start_publish(folder, place)
    client.send_signal(signal.SIGINT)
    _, stderr = client.communicate(timeout=60)
    assert (client.returncode, stderr) == (130, "aotd: interrupted\n")
    wait_until_idle(place)
    assert not (folder / "bin/Debug/net9.0/linux-x64/publish/hello").exists()


@pytest.mark.run
def test_killed_caller_ends_the_verb_too(place: DaemonPlace, tmp_path: Path) -> None:
    folder = copy_sample("hello", tmp_path)
    client = start_publish(folder, place)
    client.kill()
    client.communicate(timeout=60)
    wait_until_idle(place)
    assert not (folder / "bin/Debug/net9.0/linux-x64/publish/hello").exists()


def start_publish(folder: Path, place: DaemonPlace) -> subprocess.Popen[str]:
    """A publish by the daemon that has said its first step."""
    command = [sys.executable, "-m", "server.cli.main", "publish", "-c", "Debug"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **daemon_environment(place)}
    client = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert client.stdout is not None and any(FIRST_STEP in line for line in client.stdout)
    return client


def wait_until_idle(place: DaemonPlace) -> None:
    end = time.monotonic() + 60
    while (state := daemon_state(place)) is not None and state.n_running:
        assert time.monotonic() < end, "the verb goes on in the daemon"
        time.sleep(0.05)


@pytest.mark.run
def test_two_publishes_at_a_time(aotd: RunAotd, place: DaemonPlace, tmp_path: Path) -> None:
    folders = [copy_sample("hello", tmp_path / name) for name in ("one", "two")]
    results: list[CommandResult] = []

    def publish(folder: Path) -> None:
        results.append(aotd("publish", "-c", "Debug", cwd=folder, env=daemon_environment(place)))

    threads = [threading.Thread(target=publish, args=(folder,)) for folder in folders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [result.exit_code for result in results] == [0, 0], results
    programs = [folder / "bin/Debug/net9.0/linux-x64/publish/hello" for folder in folders]
    assert programs[0].read_bytes() == programs[1].read_bytes()
