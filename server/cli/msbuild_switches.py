"""MSBuild's own command line -> typed values: response files, every spelling of switches, and MSBuild's texts for mistakes."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_SUFFIX = '\n\nFor switch syntax, type "MSBuild -help"\n'
_VERBOSITY = {
    "q": 0,
    "quiet": 0,
    "m": 1,
    "minimal": 1,
    "n": 2,
    "normal": 2,
    "d": 3,
    "detailed": 3,
    "diag": 4,
    "diagnostic": 4,
}
_IGNORED = frozenset(
    "nologo m maxcpucount nr nodereuse tl terminallogger clp consoleloggerparameters noconlog noconsolelogger bl binarylogger interactive "
    "restore r graph graphbuild isolate isolateprojects low lowpriority detailedsummary ds noautorsp noautoresponse logger l fl filelogger "
    "fileloggerparameters flp restoreproperty rp ignore ignoreprojectextensions".split()
)


class SwitchError(Exception):
    """A mistake in the command line; `text` is all that MSBuild prints about it."""

    def __init__(self, code: str, message: str, switch: str) -> None:
        shown = f"MSBUILD : error {code}: {message}\n" + (f"Switch: {switch}" if switch else "")
        self.text = shown + _SUFFIX
        super().__init__(shown)


@dataclass(frozen=True, slots=True)
class MSBuildSwitches:
    """The command line. `properties` are escaped as written; `warnings_as_errors` is as in `BuildLog`."""

    project: Path
    targets: tuple[str, ...]
    properties: Mapping[str, str]
    verbosity: int
    get_properties: tuple[str, ...]
    get_items: tuple[str, ...]
    target_results: tuple[str, ...]
    result_file: str
    warnings_as_errors: frozenset[str] | None
    warnings_not_as_errors: frozenset[str]
    no_warn: frozenset[str]
    restore: bool

    @property
    def asks(self) -> bool:
        """Is there a -get switch?"""
        return bool(self.get_properties or self.get_items or self.target_results)


@dataclass(slots=True)
class _Reading:
    projects: list[str] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    properties: dict[str, tuple[str, str]] = field(default_factory=dict)
    verbosity: int = 2
    get_properties: list[str] = field(default_factory=list)
    get_items: list[str] = field(default_factory=list)
    target_results: list[str] = field(default_factory=list)
    result_file: str = ""
    warnings_as_errors: set[str] | None = None
    warnings_not_as_errors: set[str] = field(default_factory=set)
    no_warn: set[str] = field(default_factory=set)
    restore: bool = False


def parse_msbuild_switches(args: Sequence[str], directory: Path) -> MSBuildSwitches:
    """The switches of `args`, relative paths against `directory`. Raises SwitchError."""
    reading = _Reading()
    for arg in _with_response_files(args, directory):
        _take(reading, arg)
    if len(reading.projects) > 1:
        raise SwitchError("MSB1008", "Only one project can be specified.", reading.projects[1])
    return MSBuildSwitches(
        project=_find_project(reading.projects[0] if reading.projects else "", directory),
        targets=tuple(reading.targets),
        properties=dict(reading.properties.values()),
        verbosity=reading.verbosity,
        get_properties=tuple(reading.get_properties),
        get_items=tuple(reading.get_items),
        target_results=tuple(reading.target_results),
        result_file=reading.result_file,
        warnings_as_errors=frozenset(reading.warnings_as_errors) if reading.warnings_as_errors is not None else None,
        warnings_not_as_errors=frozenset(reading.warnings_not_as_errors),
        no_warn=frozenset(reading.no_warn),
        restore=reading.restore,
    )


def _with_response_files(args: Sequence[str], directory: Path) -> list[str]:
    expanded: list[str] = []
    for arg in args:
        if not arg.startswith("@"):
            expanded.append(arg)
            continue
        path = directory / arg[1:]
        if not path.is_file():
            raise SwitchError("MSB1022", "Response file does not exist.", arg)
        lines = path.read_text(encoding="utf-8-sig").splitlines()
        inner = [word for line in lines if not line.strip().startswith("#") for word in shlex.split(line, posix=True)]
        expanded += _with_response_files(inner, path.parent)
    return expanded


def _take(reading: _Reading, arg: str) -> None:
    if not (arg.startswith("-") or (arg.startswith("/") and not Path(arg).exists())):
        reading.projects.append(arg)
        return
    name, separator, value = _split(arg)
    key = name.lower()
    if key in ("p", "property"):
        _take_properties(reading, arg, value)
    elif key in ("t", "target"):
        if not value:
            raise SwitchError("MSB1004", "Specify the name of the target.", arg)
        reading.targets += [part.strip() for part in value.replace(",", ";").split(";") if part.strip()]
    elif key in ("v", "verbosity"):
        if value.lower() not in _VERBOSITY:
            raise SwitchError("MSB1018", "Verbosity level is not valid.", arg)
        reading.verbosity = _VERBOSITY[value.lower()]
    elif key in ("getproperty", "getitem", "gettargetresult"):
        lists = {"getproperty": reading.get_properties, "getitem": reading.get_items, "gettargetresult": reading.target_results}
        lists[key] += [part.strip() for part in value.replace(";", ",").split(",") if part.strip()]
    elif key == "getresultoutputfile":
        reading.result_file = value
    elif key in ("warnaserror", "err"):
        reading.warnings_as_errors = (reading.warnings_as_errors or set()) | _codes(value)
    elif key in ("warnnotaserror", "noerr"):
        reading.warnings_not_as_errors |= _codes(value)
    elif key in ("warnasmessage", "nowarn"):
        reading.no_warn |= _codes(value)
    elif key in ("restore", "r"):
        reading.restore = value.lower() not in ("false", "off", "no")
    elif key not in _IGNORED:
        raise SwitchError("MSB1001", "Unknown switch.", arg)
    del separator


def _split(arg: str) -> tuple[str, str, str]:
    body = arg[2:] if arg.startswith("--") else arg[1:]
    for at, character in enumerate(body):
        if character in ":=":
            return body[:at], character, body[at + 1 :]
    return body, "", ""


def _codes(value: str) -> set[str]:
    return {part.strip().upper() for part in value.replace(",", ";").split(";") if part.strip()}


def _take_properties(reading: _Reading, arg: str, value: str) -> None:
    if not value:
        raise SwitchError("MSB1005", "Specify a property and its value.", arg)
    for pair in _property_pairs(value):
        name, equals, text = pair.partition("=")
        if not equals or not name.strip():
            raise SwitchError("MSB1006", "Property is not valid.", pair)
        reading.properties[name.strip().lower()] = (name.strip(), _unquoted(text))


def _property_pairs(value: str) -> list[str]:
    """`A=1;B=2` at semicolons and commas outside double quotes."""
    pairs: list[str] = []
    start = 0
    quoted = False
    for at, character in enumerate(value):
        if character == '"':
            quoted = not quoted
        elif character in ";," and not quoted:
            pairs.append(value[start:at])
            start = at + 1
    pairs.append(value[start:])
    return [pair for pair in pairs if pair.strip()]


def _unquoted(text: str) -> str:
    return text.replace('"', "") if text.startswith('"') and text.endswith('"') and len(text) > 1 else text


def _find_project(named: str, directory: Path) -> Path:
    path = directory / named if named else directory
    if path.is_file():
        return path
    if not path.is_dir():
        raise SwitchError("MSB1009", "Project file does not exist.", named)
    found = sorted(entry for entry in path.iterdir() if entry.suffix.lower().endswith(("proj", ".sln", ".slnx")) and entry.is_file())
    if not found:
        raise SwitchError(
            "MSB1003", "Specify a project or solution file. The current working directory does not contain a project or solution file.", ""
        )
    if len(found) > 1:
        message = (
            "MSB1011: Specify which project or solution file to use because this folder contains more than one project or solution file."
        )
        raise SwitchError("MSB1011", message[9:], "")
    return found[0]
