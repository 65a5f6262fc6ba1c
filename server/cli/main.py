"""Command line arguments to an exit code: picks the verb and runs it.

Each verb is a module with `USAGE: str` and `run(args) -> int`, imported only when it is asked for, so that `aotd version`
does not pay for the compiler. This is the edge where errors that mean "the user's fault" (`InputError`, `OSError`) become
one canonical line on stderr; a programming error keeps its traceback.
"""

from __future__ import annotations

import errno
import gc
import importlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Protocol, cast

from compiler.diagnostics import InputError
from compiler.render import canonical_line
from server.build.restricted import SWITCH, VARIABLE
from server.cli import console
from server.cli.caller import PROCESS_TOOLS, caller, serving
from server.daemon.client import try_daemon

UNKNOWN_SWITCH = "MSB1001"
COLLECTION_THRESHOLDS = (100_000, 50, 100)
EXIT_OK = 0
EXIT_FAILED = 1
EXIT_INTERRUPTED = 130
EXIT_BROKEN_PIPE = 141

HELP_SWITCHES = frozenset({"-h", "-?", "--help", "-help", "/?", "/h", "/help"})


class Verb(Protocol):
    """What a verb's module offers."""

    USAGE: str

    def run(self, args: Sequence[str]) -> int:
        """The exit code of the verb for the arguments that follow its name."""


@dataclass(frozen=True, slots=True)
class VerbEntry:
    """One row of the verb table: where the verb lives and its line in `aotd help`."""

    module: str
    summary: str


VERBS: dict[str, VerbEntry] = {
    "build": VerbEntry("server.cli.build", "build a project or solution"),
    "check": VerbEntry("server.cli.check", "print the errors, warnings and findings of a project"),
    "clean": VerbEntry("server.cli.clean", "delete what builds wrote"),
    "daemon": VerbEntry("server.cli.daemon", "keep the tool chain warm in a background process"),
    "doctor": VerbEntry("server.cli.doctor", "print what tools were found and what is missing"),
    "evaluate": VerbEntry("server.cli.evaluate", "print properties and items of a project"),
    "msbuild": VerbEntry("server.cli.msbuild", "evaluate and build with MSBuild's command line"),
    "lsp": VerbEntry("server.cli.lsp", "serve an editor over the Language Server Protocol"),
    "publish": VerbEntry("server.cli.publish", "build a project and compile it to a native program"),
    "rebuild": VerbEntry("server.cli.rebuild", "clean and build a project or solution"),
    "restore": VerbEntry("server.cli.restore", "install the packages of a project or solution"),
    "version": VerbEntry("server.cli.version", "print the version"),
    "why": VerbEntry("server.cli.why", "say why a member or a finding is in a program"),
}


def main() -> int:
    """Entry point of the `aotd` command; the return value is the exit code of the process."""
    console.prepare_streams()
    # Project files, types and code are trees that stay: looking for cycles among them over and over frees nothing.
    gc.set_threshold(*COLLECTION_THRESHOLDS)
    try:
        code = run_command(sys.argv[1:])
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        console.error_line("aotd: interrupted")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader went away; nothing more can be said to it, and the interpreter's own flush at exit must not try.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_BROKEN_PIPE
    finally:
        PROCESS_TOOLS.close()


def run_command(args: Sequence[str]) -> int:
    """Exit code of the command line `args` (without the program's name)."""
    if SWITCH in args:
        whom = caller()
        with serving(replace(whom, environment={**whom.environment, VARIABLE: "1"})):
            return run_command([arg for arg in args if arg != SWITCH])
    if not args:
        console.write(help_text())
        return EXIT_FAILED
    name, rest = args[0], args[1:]
    if name in HELP_SWITCHES or name == "help":
        return run_help(rest)
    if name in ("--version", "-version"):
        return load_verb(VERBS["version"]).run(rest)
    entry = VERBS.get(name)
    if entry is None:
        return report(_unknown(name))
    if any(arg in HELP_SWITCHES for arg in rest):
        console.write(load_verb(entry).USAGE.rstrip("\n") + "\n")
        return EXIT_OK
    code = try_daemon(name, rest, caller())
    return run_in_process(name, rest) if code is None else code


def run_in_process(name: str, args: Sequence[str]) -> int:
    """Exit code of the verb `name`, carried out here for `caller()`: by the command line without a daemon, and by the daemon."""
    try:
        return load_verb(VERBS[name]).run(args)
    except InputError as error:
        if error.code == UNKNOWN_SWITCH and error.message.endswith("'."):
            return report(InputError(error.code, f"{error.message} 'aotd {name} --help' lists the switches."))
        return report(error)
    except BrokenPipeError:
        raise
    except OSError as error:
        return report(InputError("AOTD0001", describe_os_error(error)))


def _unknown(name: str) -> InputError:
    """The error for a first word that is no verb."""
    if name.startswith("-"):
        return InputError(UNKNOWN_SWITCH, f"Unknown switch '{name}'. Run 'aotd help' for the list of commands.")
    near = get_close_matches(name.lower(), VERBS, 1)
    meant = f" Did you mean '{near[0]}'?" if near else ""
    return InputError(UNKNOWN_SWITCH, f"Unknown command '{name}'.{meant} Run 'aotd help' for the list of commands.")


def run_help(args: Sequence[str]) -> int:
    """`aotd help [VERB]`: prints the list of verbs, or one verb's usage."""
    if not args:
        console.write(help_text())
        return EXIT_OK
    entry = VERBS.get(args[0])
    if entry is None:
        return report(_unknown(args[0]))
    console.write(load_verb(entry).USAGE.rstrip("\n") + "\n")
    return EXIT_OK


def load_verb(entry: VerbEntry) -> Verb:
    """The module of a verb, checked by the protocol's names at type-check time of each verb's own test."""
    return cast(Verb, importlib.import_module(entry.module))


def help_text() -> str:
    """The text of `aotd help`."""
    width = max(len(name) for name in VERBS)
    lines = ["Usage: aotd COMMAND [ARGUMENTS]", "", "Commands:"]
    lines += [f"  {name.ljust(width)}  {entry.summary}" for name, entry in sorted(VERBS.items())]
    lines += ["", f"With {SWITCH} nothing of the workspace is run: no tasks of its assemblies, no commands, no analyzers of packages."]
    lines += ["", "'aotd COMMAND --help' explains one command. 'aotd --version' prints the version."]
    return "\n".join(lines) + "\n"


def report(error: InputError) -> int:
    """Writes the error as one canonical line to stderr; the exit code of a failed build."""
    console.error_line(canonical_line(error.to_diagnostic()))
    return EXIT_FAILED


def describe_os_error(error: OSError) -> str:
    """One line for an error of the operating system: what it was and which file it was about."""
    reason = error.strerror or str(error)
    name = errno.errorcode.get(error.errno, "") if error.errno is not None else ""
    place = f" '{error.filename}'" if error.filename else ""
    return f"{reason}{place}" + (f" ({name})" if name else "")


if __name__ == "__main__":
    sys.exit(main())
