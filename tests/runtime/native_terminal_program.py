"""A program for the tests of terminals and signals, which must own its process: `<library> <scenario>`.

It prints one line per observation and reads one line per step from stdin where a scenario waits for its driver.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import termios
import threading
import time
from collections.abc import Callable
from typing import Any

library: Any = None
callbacks: list[Any] = []  # the library keeps their addresses for the life of the process


def say(*words: object) -> None:
    """Prints one observation with one write, so that threads do not mix lines."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def step() -> None:
    """Waits for the driver's next line (never through the library, which the tests watch)."""
    os.read(3, 1)


def settings(label: str) -> None:
    """The terminal settings that the library changes."""
    iflag, oflag, cflag, lflag, _, _, characters = termios.tcgetattr(0)
    bits = [name for name in ("ECHO", "ICANON", "IEXTEN", "ISIG") if lflag & getattr(termios, name)]
    bits += [name for name in ("IXON", "IXOFF", "ICRNL", "INLCR", "IGNCR") if iflag & getattr(termios, name)]
    raw = not lflag & termios.ICANON
    minimum = (characters[termios.VMIN], characters[termios.VTIME]) if raw else ""
    say(label, *bits, minimum, *map(hex, (iflag, oflag, cflag, lflag)))


def start(signals: dict[int, int]) -> None:
    """Initialises the library; `signals` are registered, the value says whether the program cancels them."""
    for terminating in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(terminating, signal.SIG_DFL)
    say("initialized", library.SystemNative_InitializeTerminalAndSignalHandling())

    def on_signal(number: int, posix: int) -> int:
        say("signal", number, posix)
        return signals.get(number, 0)

    callback = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_int32, ctypes.c_int32)(on_signal)
    callbacks.append(callback)
    library.SystemNative_SetPosixSignalHandler(callback)
    for number in signals:
        say("enabled", number, library.SystemNative_EnablePosixSignalHandling(number))


def signals_scenario() -> None:
    """Registered signals are reported; those that nobody cancels have their usual effect."""
    start({signal.SIGINT: 1, signal.SIGWINCH: 0, signal.SIGCONT: 0, signal.SIGHUP: 1, signal.SIGUSR1: 1, signal.SIGTERM: 0})
    library.SystemNative_DisablePosixSignalHandling(int(signal.SIGHUP))
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    say("ready")
    while True:
        time.sleep(60)


def handled_scenario() -> None:
    """A handler that was there before runs as well."""
    earlier = ctypes.CFUNCTYPE(None, ctypes.c_int)(lambda number: say("earlier handler", number))
    callbacks.append(earlier)
    libc = ctypes.CDLL(None)
    libc.signal.restype = ctypes.c_void_p
    libc.signal(int(signal.SIGUSR1), earlier)
    libc.signal(int(signal.SIGTERM), earlier)
    start({signal.SIGUSR1: 0})
    libc.signal.argtypes = [ctypes.c_int, ctypes.c_void_p]
    say("ready")
    while True:
        time.sleep(60)


def children_scenario() -> None:
    """Children's ends are reported, with the request to reap all when SIGCHLD was ignored."""
    if "ignored" in sys.argv:
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    start({})
    seen = threading.Event()

    def on_child(reap_all: int, configure: int) -> int:
        say("child", reap_all, configure)
        seen.set()
        return 1

    def on_delayed() -> None:
        say("delayed configuration")

    callback = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_int32, ctypes.c_int32)(on_child)
    delayed = ctypes.CFUNCTYPE(None)(on_delayed)
    callbacks.extend((callback, delayed))
    library.SystemNative_SetDelayedSigChildConsoleConfigurationHandler(delayed)
    library.SystemNative_RegisterForSigChld(callback)
    if os.fork() == 0:
        os._exit(3)
    seen.wait(20)
    time.sleep(0.2)
    say("done")


def terminal_scenario() -> None:
    """The settings through reading, breaks, children and exit."""
    settings("at start")
    start({})
    names, values = (ctypes.c_int32 * 19)(*range(-1, 18)), ctypes.create_string_buffer(b"\7" * 19, 19)
    disabled = ctypes.c_uint8(9)
    library.SystemNative_GetControlCharacters(names, values, 19, ctypes.byref(disabled))
    say("characters", values.raw.hex(), disabled.value)
    size = (ctypes.c_uint16 * 4)()
    say("size", library.SystemNative_GetWindowSize(ctypes.c_ssize_t(0), size), *size)
    say("size of no terminal", library.SystemNative_GetWindowSize(ctypes.c_ssize_t(3), size), *size)
    say("tty", library.SystemNative_IsATty(ctypes.c_ssize_t(0)), library.SystemNative_IsATty(ctypes.c_ssize_t(3)))
    say("break", library.SystemNative_GetSignalForBreak())
    library.SystemNative_ConfigureTerminalForChildProcess(1)
    settings("child before any change")
    library.SystemNative_ConfigureTerminalForChildProcess(0)
    library.SystemNative_InitializeConsoleBeforeRead(ctypes.c_uint8(1), ctypes.c_uint8(0))
    settings("reading")
    library.SystemNative_ConfigureTerminalForChildProcess(1)
    settings("child while reading")
    library.SystemNative_UninitializeConsoleAfterRead()
    settings("after reading")
    library.SystemNative_InitializeConsoleBeforeRead(ctypes.c_uint8(0), ctypes.c_uint8(5))
    settings("reading with timeout")
    library.SystemNative_UninitializeConsoleAfterRead()
    say("set break", library.SystemNative_SetSignalForBreak(0), library.SystemNative_GetSignalForBreak())
    settings("breaks are input")
    library.SystemNative_SetKeypadXmit(ctypes.c_ssize_t(1), b"<keypad>")
    say("")
    library.SystemNative_ConfigureTerminalForChildProcess(1)
    settings("child")
    library.SystemNative_ConfigureTerminalForChildProcess(0)
    say("")
    settings("child gone")
    say("ready for input")
    step()
    say("input waits", library.SystemNative_StdinReady())
    buffer = ctypes.create_string_buffer(16)
    say("read", library.SystemNative_ReadStdin(buffer, 16), buffer.value.hex(), library.SystemNative_StdinReady())
    say("read of nothing", library.SystemNative_ReadStdin(buffer, -1))


def stopped_scenario() -> None:
    """After a stop, during which the shell changed them, the settings come back."""
    start({})
    library.SystemNative_InitializeConsoleBeforeRead(ctypes.c_uint8(1), ctypes.c_uint8(0))
    settings("reading")
    attributes = termios.tcgetattr(0)
    attributes[3] |= termios.ECHO | termios.ICANON
    termios.tcsetattr(0, termios.TCSANOW, attributes)
    settings("changed behind its back")
    os.kill(os.getpid(), signal.SIGCONT)
    deadline = time.monotonic() + 20
    while termios.tcgetattr(0)[3] & termios.ECHO and time.monotonic() < deadline:
        time.sleep(0.005)
    settings("continued")


def interrupted_scenario() -> None:
    """Ctrl+C ends a reading program with the user's settings back in place."""
    start({})
    library.SystemNative_InitializeConsoleBeforeRead(ctypes.c_uint8(1), ctypes.c_uint8(0))
    settings("reading")
    say("ready")
    while True:
        time.sleep(60)


def background_scenario() -> None:
    """A program in the background is not stopped for configuring the terminal for its child."""
    start({})
    library.SystemNative_InitializeConsoleBeforeRead(ctypes.c_uint8(1), ctypes.c_uint8(0))
    library.SystemNative_UninitializeConsoleAfterRead()
    other = os.fork()
    if other == 0:
        os.setpgid(0, 0)
        time.sleep(60)
        os._exit(0)
    while os.getpgid(other) != other:
        time.sleep(0.005)
    os.tcsetpgrp(0, other)
    library.SystemNative_ConfigureTerminalForChildProcess(1)
    say("went on")
    os.kill(other, signal.SIGKILL)


SCENARIOS: dict[str, Callable[[], None]] = {
    "signals": signals_scenario,
    "handled": handled_scenario,
    "children": children_scenario,
    "terminal": terminal_scenario,
    "stopped": stopped_scenario,
    "interrupted": interrupted_scenario,
    "background": background_scenario,
}

if __name__ == "__main__":
    library = ctypes.CDLL(sys.argv[1])
    SCENARIOS[sys.argv[2]]()
