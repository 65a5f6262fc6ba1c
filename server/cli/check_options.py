"""The command line of `aotd check` -> what is asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from compiler.diagnostics import InputError, Location
from server.build.findings import Reporters
from server.cli.switches import ProjectSwitches, parse_project_switches
from server.publish.publish import publish_properties

BAD_VALUE = "AOTD0002"
NOTHING = "AOTD1103"
_ID = re.compile(r"[A-Za-z]{2,6}[0-9]{4}")


class Format(Enum):
    """How findings are written; `value` is the word on the command line."""

    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """What is to be checked and what is made of it. `writes_baseline` makes the file `baseline` anew instead of holding to it; `explained`
    is the id of the findings that are shown alone."""

    switches: ProjectSwitches
    reporters: Reporters
    format: Format
    error_log: Path | None
    baseline: Path | None
    writes_baseline: bool
    explains: bool
    explained: str = ""

    @property
    def folder(self) -> Path:
        """What files are named relative to."""
        return self.switches.project.parent

    @property
    def properties(self) -> Mapping[str, str]:
        """The global properties: what publishing finds, it finds in what it would compile, which is Release unless told otherwise."""
        given = dict(self.switches.properties)
        return publish_properties(given) if self.reporters is Reporters.PUBLISH else given


def parse_check_options(args: Sequence[str], directory: Path) -> CheckOptions:
    """The options of `args`; paths are made absolute against `directory`. Raises InputError."""
    rest, reporter = take_choice(args, "reporter", Reporters.ALL.value, [each.value for each in Reporters])
    rest, format_ = take_choice(rest, "format", Format.TEXT.value, [each.value for each in Format])
    rest, log = take_value(rest, "errorlog")
    rest, baseline = take_value(rest, "baseline")
    rest, explains, explained = take_explained(rest)
    plain, writes_baseline = take_flag(rest, "write-baseline")
    if baseline == "" or (writes_baseline and baseline is None):
        raise InputError(BAD_VALUE, "Specify a file for the switch '--baseline'.")
    file = directory / baseline if baseline is not None else None
    if file is not None and not writes_baseline and not file.is_file():
        raise InputError(BAD_VALUE, f"There is no baseline '{baseline}'; with --write-baseline it is written.")
    return CheckOptions(
        switches=parse_project_switches(plain, directory, takes_solutions=True),
        reporters=Reporters(reporter),
        format=Format(format_),
        error_log=error_log_file(log, directory, "the switch '--errorlog'", None) if log is not None else None,
        baseline=file,
        writes_baseline=writes_baseline,
        explains=explains,
        explained=explained,
    )


def error_log_file(value: str, directory: Path, where: str, place: Location | None) -> Path:
    """The file of an error log as csc writes it: `FILE[,version=2.1]`. Raises InputError for a version that is not written."""
    file, _, option = value.replace(";", ",").partition(",")
    name, _, version = option.partition("=")
    if not file.strip() or (option and name.strip().lower() != "version"):
        raise InputError(BAD_VALUE, f"Specify a file for {where}: FILE,version=2.1, not '{value}'.", place)
    if option and version.strip() not in ("2", "2.1", "2.1.0"):
        raise InputError(BAD_VALUE, f"{where} asks for SARIF version '{version.strip()}', and only version=2.1 is written.", place)
    return directory / file.strip()


def take_explained(args: Sequence[str]) -> tuple[list[str], bool, str]:
    """`args` without `--explain` and the id behind it, whether it was there, and the id: "" for all."""
    rest: list[str] = []
    explains, id_ = False, ""
    waiting = list(args)
    while waiting:
        arg = waiting.pop(0)
        switch, _, value = arg.replace("=", ":", 1).partition(":")
        if switch.lower() != "--explain":
            rest.append(arg)
            continue
        explains = True
        if not value and waiting and _ID.fullmatch(waiting[0]):
            value = waiting.pop(0)
        if value and not _ID.fullmatch(value):
            raise InputError(BAD_VALUE, f"Specify the id of a finding for the switch '--explain', like IL2026, not '{value}'.")
        id_ = value.upper() or id_
    return rest, explains, id_


def take_flag(args: Sequence[str], name: str) -> tuple[list[str], bool]:
    """`args` without `--name`, and whether it was there."""
    rest = [arg for arg in args if arg.lower() != f"--{name}"]
    return rest, len(rest) < len(args)


def take_value(args: Sequence[str], name: str) -> tuple[list[str], str | None]:
    """`args` without `--name VALUE` (or `--name:VALUE`, `--name=VALUE`), and the last value; None without the switch."""
    rest: list[str] = []
    value: str | None = None
    waiting = list(args)
    while waiting:
        arg = waiting.pop(0)
        switch = arg[: len(name) + 2].lower()
        if switch != f"--{name}" or arg[len(switch) : len(switch) + 1] not in ("", ":", "="):
            rest.append(arg)
        elif len(arg) > len(switch):
            value = arg[len(switch) + 1 :]
        else:
            value = waiting.pop(0) if waiting else ""
    return rest, value


def take_choice(args: Sequence[str], name: str, default: str, choices: Sequence[str]) -> tuple[list[str], str]:
    """As `take_value` for a switch whose value is one of `choices`, in any case. Raises InputError for another one."""
    rest, value = take_value(args, name)
    chosen = default if value is None else value.lower()
    if chosen not in choices:
        raise InputError(BAD_VALUE, f"Specify a value for the switch '--{name}': {', '.join(choices)}.")
    return rest, chosen
