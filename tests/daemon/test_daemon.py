"""The daemon as other processes meet it: its socket, its messages, the verbs that it runs for a caller, and how they end."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.daemon.client import connect, daemon_state
from server.daemon.place import DaemonPlace, UnsafePlace, make_private
from server.daemon.wire import CancelNotice, CommandRequest, ErrorResponse, ExitResponse, TerminalFacts, TextNotice
from tests.conftest import ROOT

# A daemon whose verbs do what the tests need: the verbs of the product are tested where they are.
DAEMON = """
import sys, time
from pathlib import Path
from server.cli import console
from server.cli.caller import caller
from server.daemon.main_loop import run_daemon
from server.daemon.place import DaemonPlace

def run_verb(verb, args):
    whom = caller()
    if args[:1] == ("slow",):
        with console.Progress(quiet=False) as progress:
            progress.step("began")
            for done in range(2000):
                progress.count(done, 2000)
                time.sleep(0.01)
    if args[:1] == ("broken",):
        raise ZeroDivisionError("of ours")
    console.write(f"{verb} {' '.join(args)} in {whom.directory} X={whom.environment.get('X')} columns={whom.columns()}\\n")
    console.error_line("and this on stderr")
    return 7

run_daemon(DaemonPlace(Path(sys.argv[1])), run_verb, float(sys.argv[2]))
"""


@pytest.fixture
def place(tmp_path: Path) -> DaemonPlace:
    return DaemonPlace(tmp_path / "run")


def start(place: DaemonPlace, idle_seconds: float = 60.0) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", DAEMON, str(place.folder), str(idle_seconds)]
    daemon = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE)
    end = time.monotonic() + 20
    while daemon_state(place) is None:
        assert daemon.poll() is None and time.monotonic() < end, "the daemon did not come up"
        time.sleep(0.02)
    return daemon


@pytest.fixture
def daemon(place: DaemonPlace) -> Iterator[subprocess.Popen[bytes]]:
    process = start(place)
    yield process
    process.terminate()
    process.wait(timeout=10)


def command(*args: str, request_id: int = 1) -> CommandRequest:
    facts = TerminalFacts(False, False, False, False, 80)
    return CommandRequest(request_id, "publish", args, "/somewhere", {"X": "1"}, facts)


def test_folder_and_socket_are_private(place: DaemonPlace, daemon: subprocess.Popen[bytes]) -> None:
    assert stat.S_IMODE(place.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(place.socket.stat().st_mode) == 0o600


def test_folder_of_others_is_refused(place: DaemonPlace) -> None:
    place.folder.mkdir()
    place.folder.chmod(0o755)
    with pytest.raises(UnsafePlace):
        make_private(place)
    assert connect(place) is None


def test_text_and_exit_code_come_back(place: DaemonPlace, daemon: subprocess.Popen[bytes]) -> None:
    with connect(place) or pytest.fail("no daemon") as connection:
        connection.send(command("a", "b c"))
        assert connection.receive() == TextNotice(1, "out", "publish a b c in /somewhere X=1 columns=80\n")
        assert connection.receive() == TextNotice(1, "err", "and this on stderr\n")
        assert connection.receive() == ExitResponse(1, 7)


def test_cancel_ends_a_verb(place: DaemonPlace, daemon: subprocess.Popen[bytes]) -> None:
    with connect(place) or pytest.fail("no daemon") as connection:
        connection.send(command("slow"))
        assert connection.receive() == TextNotice(1, "out", "  began\n")
        connection.send(CancelNotice(1))
        connection.limit_wait(5)
        assert connection.receive() == ExitResponse(1, 130)


def test_verb_ends_when_its_caller_goes_away(place: DaemonPlace, daemon: subprocess.Popen[bytes]) -> None:
    with connect(place) or pytest.fail("no daemon") as connection:
        connection.send(command("slow"))
        connection.receive()
        state = daemon_state(place)
        assert state is not None and state.n_running == 1
    end = time.monotonic() + 5
    while (state := daemon_state(place)) is not None and state.n_running:
        assert time.monotonic() < end
        time.sleep(0.02)


def test_error_of_ours_fails_one_request_only(place: DaemonPlace, daemon: subprocess.Popen[bytes]) -> None:
    with connect(place) or pytest.fail("no daemon") as connection:
        connection.send(command("broken"))
        assert connection.receive() == ErrorResponse(1, -32603, "ZeroDivisionError: of ours")
        connection.send(command("next", request_id=2))
        assert isinstance(connection.receive(), TextNotice)


@pytest.mark.parametrize(
    "line",
    [
        b"nonsense",
        b"[1, 2]",
        b"[" * 100_000,
        b'{"jsonrpc": "2.0"}',
        b'{"jsonrpc": "2.0", "id": 1, "method": "publish"}',
        b'{"jsonrpc": "2.0", "id": "x", "method": "ping"}',
        b'{"jsonrpc": "2.0", "method": "cancel", "params": {"id": null}}',
        b"\xff\xfe",
    ],
)
def test_malformed_lines_are_answered(place: DaemonPlace, daemon: subprocess.Popen[bytes], line: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as stream:
        stream.settimeout(5)
        stream.connect(str(place.socket))
        stream.sendall(line + b'\n{"jsonrpc":"2.0","id":5,"method":"ping"}\n')
        answers = stream.makefile("rb")
        assert json.loads(answers.readline())["error"]["code"] == -32600
        assert json.loads(answers.readline())["result"]["pid"] == daemon.pid


def test_unknown_method_is_answered_with_its_id(place: DaemonPlace, daemon: subprocess.Popen[bytes]) -> None:
    with socket.socket(socket.AF_UNIX) as stream:
        stream.settimeout(5)
        stream.connect(str(place.socket))
        stream.sendall(b'{"jsonrpc":"2.0","id":3,"method":"rm"}\n')
        answer = json.loads(stream.makefile("rb").readline())
        assert (answer["id"], answer["error"]["code"]) == (3, -32601)


def test_second_daemon_refuses_and_a_dead_ones_socket_is_replaced(place: DaemonPlace) -> None:
    first = start(place)
    second = subprocess.run(
        [sys.executable, "-c", DAEMON, str(place.folder), "60"], env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True
    )
    assert b"AlreadyRunning" in second.stderr
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert place.socket.exists() and daemon_state(place) is None
    third = start(place)
    third.terminate()
    assert third.wait(timeout=10) == 0
    assert not place.socket.exists()


def test_idle_daemon_ends(place: DaemonPlace) -> None:
    assert start(place, idle_seconds=0.3).wait(timeout=10) == 0


def test_words_of_the_command_line(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "AOTD_RUNTIME_DIR": str(tmp_path / "run")}

    def aotd(*args: str) -> tuple[int, str]:
        line = [sys.executable, "-m", "server.cli.main", "daemon", *args]
        done = subprocess.run(line, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout + done.stderr

    assert aotd("status") == (1, "the daemon does not run\n")
    code, text = aotd("start")
    assert code == 0 and text.startswith("the daemon runs: process ")
    process = text.split()[4]
    assert aotd("start")[1].split()[4] == process
    assert aotd("status")[0] == 0
    assert aotd("stop") == (0, "the daemon has ended\n")
    assert aotd("status") == (1, "the daemon does not run\n")
    assert aotd("frobnicate")[0] == 1


def test_path_too_long_for_a_socket_is_said(tmp_path: Path) -> None:
    place = DaemonPlace(tmp_path / ("long" * 30))
    with pytest.raises(UnsafePlace, match="AOTD_RUNTIME_DIR"):
        make_private(place)
    assert not place.folder.exists()
