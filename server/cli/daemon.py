"""`aotd daemon`: starts, stops and describes the process that keeps the tool chain warm."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from compiler.diagnostics import InputError
from server.build.program_text import program_fingerprint
from server.cli import console
from server.cli.caller import caller
from server.cli.main import run_in_process
from server.daemon.client import daemon_state, start_daemon, stop_daemon
from server.daemon.main_loop import AlreadyRunning, run_daemon
from server.daemon.place import UnsafePlace, daemon_place
from server.daemon.wire import DaemonState

USAGE = """Usage: aotd daemon start|stop|status|run

Keeps the C# compiler, metadata and caches warm in one background process, on a socket that only you can open.
While it runs, 'aotd publish', 'build', 'rebuild', 'clean', 'msbuild', 'check' and 'evaluate' are carried out by it, with the same
output as without it.

  start    start it in the background, if it does not run
  stop     end it; commands that it carries out are cancelled
  status   say whether it runs; exit code 1 when it does not
  run      run it in the foreground, until Ctrl+C

AOTD_NO_DAEMON=1 makes a command ignore the daemon. AOTD_RUNTIME_DIR names the folder of the socket.
It ends by itself after four hours without use.
"""

IDLE_SECONDS = 4 * 3600.0


def run(args: Sequence[str]) -> int:
    """Carries out one of the four words."""
    actions = {"start": _start, "stop": _stop, "status": _status, "run": _run}
    if len(args) != 1 or args[0] not in actions:
        word = args[1] if len(args) > 1 else args[0] if args else ""
        raise InputError("MSB1001", f"Unknown argument '{word}'. Write 'aotd daemon start', 'stop', 'status' or 'run'.")
    try:
        return actions[args[0]]()
    except UnsafePlace as error:
        raise InputError("AOTD0004", str(error)) from error


def _start() -> int:
    state = start_daemon(caller().environment)
    if state is None:
        place = daemon_place(caller().environment)
        raise InputError("AOTD0003", f"The daemon did not start; its log is '{place.log}'.")
    console.write(describe(state) + "\n")
    return 0


def _stop() -> int:
    place = daemon_place(caller().environment)
    if daemon_state(place) is None:
        console.write("the daemon does not run\n")
        return 0
    if not stop_daemon(place):
        raise InputError("AOTD0003", f"The daemon at '{place.socket}' did not end.")
    console.write("the daemon has ended\n")
    return 0


def _status() -> int:
    state = daemon_state(daemon_place(caller().environment))
    if state is None:
        console.write("the daemon does not run\n")
        return 1
    console.write(describe(state) + "\n")
    return 0


def _run() -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        run_daemon(daemon_place(caller().environment), run_in_process, IDLE_SECONDS)
    except AlreadyRunning as error:
        raise InputError("AOTD0003", f"{error}.") from error
    return 0


def describe(state: DaemonState) -> str:
    """One line about a running daemon."""
    age = "" if state.fingerprint == program_fingerprint() else ", of another version of aotd"
    return f"the daemon runs: process {state.pid}, for {state.uptime_seconds} s, {state.n_running} commands now{age}"
