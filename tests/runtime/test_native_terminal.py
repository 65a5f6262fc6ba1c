"""Signals and terminals: the shim against the class library's own, in a process and on a pseudo-terminal of their own."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT

PROGRAM = Path(__file__).with_name("native_terminal_program.py")
TIMEOUT_S = 30.0


@dataclass(slots=True)
class Run:
    """A running program; `output` grows as it speaks. `primary` is our end of its terminal."""

    process: subprocess.Popen[bytes]
    primary: int
    steps: int
    output: str = ""

    def wait_for(self, text: str) -> None:
        """Reads until `text` has been printed."""
        deadline = time.monotonic() + TIMEOUT_S
        while text not in self.output:
            assert time.monotonic() < deadline, f"no {text!r} in {self.output!r}"
            if not self.read(0.1):
                assert self.process.poll() is None, f"ended without {text!r}: {self.output!r}"

    def read(self, timeout_s: float) -> bool:
        """Reads what is there; False when there is nothing."""
        if not select.select([self.primary], [], [], timeout_s)[0]:
            return False
        try:
            self.output += os.read(self.primary, 65536).decode().replace("\r", "")
        except OSError:  # the last holder of the other end has closed it
            return False
        return True

    def send(self, number: signal.Signals, answer: str) -> None:
        """Sends a signal and waits for what the program says of it."""
        self.process.send_signal(number)
        self.wait_for(answer)


Conversation = Callable[[Run], None]


def record(library: Path, scenario: str, conversation: Conversation, *options: str) -> tuple[str, int, tuple[int, int]]:
    """What the program printed, its exit code and the terminal's flags after its end."""
    primary, secondary = pty.openpty()
    step_reader, step_writer = os.pipe()
    fcntl.ioctl(secondary, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 77, 660, 770))
    attributes = termios.tcgetattr(secondary)
    attributes[0] |= termios.IXOFF | termios.INLCR | termios.IGNCR | termios.ISTRIP | termios.IMAXBEL | termios.INPCK
    termios.tcsetattr(secondary, termios.TCSANOW, attributes)

    def own_session() -> None:
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        os.dup2(step_reader, 3)

    process = subprocess.Popen(
        [sys.executable, str(PROGRAM), str(library), scenario, *options],
        stdin=secondary, stdout=secondary, stderr=secondary, preexec_fn=own_session, pass_fds=[3, step_reader],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    os.close(step_reader)
    run = Run(process, primary, step_writer)
    try:
        conversation(run)
        deadline = time.monotonic() + TIMEOUT_S
        while process.poll() is None:
            run.read(0.05)
            assert time.monotonic() < deadline, f"still running: {run.output!r}"
        while run.read(0.05):
            pass
        attributes = termios.tcgetattr(secondary)
        return run.output, process.returncode, (attributes[0], attributes[3])
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.wait()
        for fd in (primary, secondary, step_writer):
            os.close(fd)


@pytest.fixture
def same(shim: Path, framework: Path) -> Callable[..., str]:
    """Runs a scenario with both libraries, compares all that is seen and returns what was printed."""

    def compare(scenario: str, conversation: Conversation, *options: str) -> str:
        ours = record(shim, scenario, conversation, *options)
        assert ours == record(framework / "libSystem.Native.so", scenario, conversation, *options)
        return ours[0]

    return compare


def nothing(run: Run) -> None:
    """A conversation without words."""


def test_posix_signals(same: Callable[..., str]) -> None:
    def conversation(run: Run) -> None:
        run.wait_for("ready")
        run.send(signal.SIGINT, f"signal {int(signal.SIGINT)} -2\n")
        run.send(signal.SIGUSR1, f"signal {int(signal.SIGUSR1)} 0\n")
        run.send(signal.SIGWINCH, f"signal {int(signal.SIGWINCH)} -7\n")
        run.send(signal.SIGCONT, f"signal {int(signal.SIGCONT)} -6\n")
        run.process.send_signal(signal.SIGHUP)
        run.send(signal.SIGTERM, f"signal {int(signal.SIGTERM)} -4\n")

    same("signals", conversation)


def test_earlier_handlers_run_too(same: Callable[..., str]) -> None:
    def conversation(run: Run) -> None:
        run.wait_for("ready")
        run.send(signal.SIGUSR1, "earlier handler 10\n")
        run.wait_for("signal 10 0\n")
        run.send(signal.SIGQUIT, "")

    same("handled", conversation)


def test_children(same: Callable[..., str]) -> None:
    assert "child 0 1\n" in same("children", nothing)


def test_children_of_a_parent_that_ignored_them(shim: Path) -> None:
    """The peer leaves SIGCHLD ignored and hears nothing of its children; Process.WaitForExit needs to."""
    assert "child 1 1\n" in record(shim, "children", nothing, "ignored")[0]


def test_terminal_settings(same: Callable[..., str]) -> None:
    def conversation(run: Run) -> None:
        run.wait_for("ready for input")
        os.write(run.primary, b"\x03x")
        time.sleep(0.1)
        os.write(run.steps, b".")

    printed = same("terminal", conversation)
    assert "read 2 0378 0\n" in printed


def test_settings_return_after_a_stop(same: Callable[..., str]) -> None:
    assert "continued ISIG" in same("stopped", nothing)


def test_settings_return_to_the_user_after_ctrl_c(same: Callable[..., str]) -> None:
    def conversation(run: Run) -> None:
        run.wait_for("ready")
        os.write(run.primary, b"\x03")

    same("interrupted", conversation)


def test_no_stop_in_the_background(same: Callable[..., str]) -> None:
    assert "went on\n" in same("background", nothing)
