"""MSBuild-style switches to typed values, shared by the verbs that work on a project.

Accepted forms: `-p:N=V`, `-p N=V`, `--property:N=V`, `/p:N=V`, and the same for every switch with a value. The errors carry
MSBuild's codes for the same mistakes (MSB1001, MSB1003, MSB1006, MSB1008, MSB1009, MSB1011, MSB1018).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from compiler.diagnostics import InputError

PROJECT_SUFFIXES = (".csproj", ".fsproj", ".vbproj", ".proj")
SOLUTION_SUFFIXES = (".sln", ".slnx")


class Verbosity(Enum):
    """MSBuild's verbosity levels; `value` is the rank."""

    QUIET = 0
    MINIMAL = 1
    NORMAL = 2
    DETAILED = 3
    DIAGNOSTIC = 4


VERBOSITY_NAMES = {
    "q": Verbosity.QUIET,
    "quiet": Verbosity.QUIET,
    "m": Verbosity.MINIMAL,
    "minimal": Verbosity.MINIMAL,
    "n": Verbosity.NORMAL,
    "normal": Verbosity.NORMAL,
    "d": Verbosity.DETAILED,
    "detailed": Verbosity.DETAILED,
    "diag": Verbosity.DIAGNOSTIC,
    "diagnostic": Verbosity.DIAGNOSTIC,
}

# Spelling of each switch that takes a value -> its name here. Matching ignores case, as MSBuild does.
VALUE_SWITCHES = {
    "p": "property",
    "property": "property",
    "r": "runtime",
    "runtime": "runtime",
    "c": "configuration",
    "configuration": "configuration",
    "o": "output",
    "output": "output",
    "f": "framework",
    "framework": "framework",
    "v": "verbosity",
    "verbosity": "verbosity",
}
PROPERTY_OF_SWITCH = {"runtime": "RuntimeIdentifier", "configuration": "Configuration", "framework": "TargetFramework"}
FLAG_SWITCHES = frozenset({"nologo", "no-restore", "verify"})


@dataclass(frozen=True, slots=True)
class ProjectSwitches:
    """The command line of a verb that works on one project.

    `properties` are MSBuild global properties, those of `-r`, `-c`, `-f` included; a later one wins.
    """

    project: Path
    properties: Mapping[str, str]
    output: Path | None
    verbosity: Verbosity
    flags: frozenset[str]


@dataclass(slots=True)
class _Reading:
    positional: list[str] = field(default_factory=list)
    properties: dict[str, str] = field(default_factory=dict)
    output: str = ""
    verbosity: Verbosity = Verbosity.MINIMAL
    flags: set[str] = field(default_factory=set)


def parse_project_switches(args: Sequence[str], current_directory: Path, *, takes_solutions: bool = False) -> ProjectSwitches:
    """The switches of `args`; paths are made absolute against `current_directory`. With `takes_solutions` the project may be one.

    Raises InputError with MSBuild's code for an unknown switch, a missing or malformed value, or a project that is not there.
    """
    reading = _Reading()
    rest = list(args)
    while rest:
        arg = rest.pop(0)
        if not is_switch(arg):
            reading.positional.append(arg)
            continue
        name, separator, value = arg.lstrip("-/").partition(":")
        key = name.lower()
        if key in FLAG_SWITCHES:
            reading.flags.add(key)
            continue
        switch = VALUE_SWITCHES.get(key)
        if switch is None:
            raise InputError("MSB1001", f"Unknown switch '{arg}'.")
        if not separator:
            value = rest.pop(0) if rest and not rest[0].startswith("-") else ""
        apply_switch(reading, switch, arg, value)
    if len(reading.positional) > 1:
        raise InputError("MSB1008", f"Only one project can be specified, but there is also '{reading.positional[1]}'.")
    project = find_project(reading.positional[0] if reading.positional else "", current_directory, takes_solutions=takes_solutions)
    output = current_directory / reading.output if reading.output else None
    return ProjectSwitches(project, reading.properties, output, reading.verbosity, frozenset(reading.flags))


def is_switch(arg: str) -> bool:
    """True for `-x` and `--x`, and for `/x:value` when no such file path can be meant."""
    if arg.startswith("-") and arg != "-":
        return True
    name = arg[1:].partition(":")[0].lower()
    return arg.startswith("/") and (name in VALUE_SWITCHES or name in FLAG_SWITCHES)


def apply_switch(reading: _Reading, switch: str, spelled: str, value: str) -> None:
    """Takes the value of one switch into `reading`."""
    if not value:
        code = {"property": "MSB1005", "verbosity": "MSB1016"}.get(switch, "AOTD0002")
        raise InputError(code, f"Specify a value for the switch '{spelled}'.")
    match switch:
        case "property":
            for pair in split_properties(value):
                name, equals, text = pair.partition("=")
                if not equals or not name.strip():
                    raise InputError("MSB1006", f"Property is not valid: '{spelled}'. Write -p:Name=Value.")
                set_property(reading.properties, name.strip(), text)
        case "runtime" | "configuration" | "framework":
            set_property(reading.properties, PROPERTY_OF_SWITCH[switch], value)
        case "output":
            reading.output = value
        case _:
            if value.lower() not in VERBOSITY_NAMES:
                raise InputError("MSB1018", f"Verbosity level is not valid: '{value}'. Use q, m, n, d or diag.")
            reading.verbosity = VERBOSITY_NAMES[value.lower()]


def set_property(properties: dict[str, str], name: str, value: str) -> None:
    """Sets a property whose name ignores case; the spelling used last stays."""
    for present in [key for key in properties if key.lower() == name.lower()]:
        del properties[present]
    properties[name] = value


def split_properties(value: str) -> list[str]:
    """`A=1;B=2` -> its pairs. As in MSBuild a comma separates too: write `%2C` and `%3B` inside a value."""
    return [piece for piece in value.replace(",", ";").split(";") if piece]


def find_project(named: str, current_directory: Path, *, takes_solutions: bool = False) -> Path:
    """The project file that `named` means: the file itself, or the only project in that folder (or in the current one); else, where
    that is taken, the only solution."""
    path = current_directory / named if named else current_directory
    if path.is_file():
        return path.resolve()
    if not path.is_dir():
        raise InputError("MSB1009", f"Project file does not exist: '{named}'.")
    files = sorted(entry for entry in path.iterdir() if entry.is_file())
    found = [entry for entry in files if entry.suffix.lower() in PROJECT_SUFFIXES]
    if not found and takes_solutions:
        found = [entry for entry in files if entry.suffix.lower() in SOLUTION_SUFFIXES]
    if not found:
        raise InputError("MSB1003", f"Specify a project file. The folder '{path}' does not contain one.")
    if len(found) > 1:
        raise InputError("MSB1011", f"Specify which project to use: the folder '{path}' has {found[0].name}, {found[1].name}.")
    return found[0].resolve()


def reject_arguments(verb: str, args: Sequence[str]) -> None:
    """Raises InputError when a verb that takes no arguments got one."""
    if args:
        raise InputError("MSB1001", f"Unknown switch '{args[0]}': 'aotd {verb}' takes no arguments.")
