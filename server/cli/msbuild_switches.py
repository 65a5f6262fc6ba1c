"""MSBuild's command line, second part: which project, which targets and properties, and MSBuild's texts for mistakes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from server.build.events import WarningPolicy
from server.build.logger_parameters import DIAGNOSTIC
from server.cli.logger_switches import NO_LOGGERS, LoggerSwitches, parse_logger_switches
from server.cli.switch_gathering import PROJECT, GatheredSwitches, SwitchError, initialization_error, switch_error
from server.msbuild.names import RESERVED_ELEMENT_NAMES, first_invalid_character, is_reserved_property, is_valid_name

__all__ = ["MSBuildSwitches", "SwitchError", "parse_msbuild_switches"]

_BOOLEANS = {
    "nologo": ("MSB1071", "NoLogo value is not valid."),
    "lowpriority": ("MSB1064", "Low priority value is not valid."),
    "restore": ("MSB1052", "Restore value is not valid."),
    "interactive": ("MSB1055", "Interactive value is not valid."),
    "detailedsummary": ("MSB1061", "Detailed summary value is not valid."),
    "nodereuse": ("MSB1042", "Node reuse value is not valid."),
}
# Switches that MSBuild has and that change nothing here, which is said.
_WITHOUT_EFFECT = ("check", "multithreaded")
_EXTENSION = re.compile(r"\.[^./*?\0|]+")
_NOT_IN_TARGET_NAMES = "$@()%*?."
_SOLUTIONS = (".sln", ".slnx", ".slnf")


@dataclass(frozen=True, slots=True)
class MSBuildSwitches:
    """The command line. `properties` are escaped as written.

    `wants` is "help", "version" or "build"; only for "build" are the others set.
    """

    wants: str
    project: Path
    targets: tuple[str, ...]
    properties: Mapping[str, str]
    restore_properties: Mapping[str, str]
    loggers: LoggerSwitches
    get_properties: tuple[str, ...]
    get_items: tuple[str, ...]
    target_results: tuple[str, ...]
    result_file: str
    warnings: WarningPolicy
    restore: bool
    lists_targets: bool = False
    targets_file: str = ""
    preprocesses: bool = False
    preprocessed_file: str = ""
    shows_logo: bool = False
    question: bool = False
    response_files: tuple[Path, ...] = ()
    without_effect: tuple[str, ...] = ()
    isolates: bool = False
    graph: str = ""
    profile_file: str = ""
    explains: bool = False
    compares_content: bool = False
    sums_up_details: bool = False

    @property
    def asks(self) -> bool:
        """Is there a -get switch?"""
        return bool(self.get_properties or self.get_items or self.target_results)


def parse_msbuild_switches(args: Sequence[str], directory: Path, variables: Mapping[str, str]) -> MSBuildSwitches:
    """The switches of `args`, relative paths against `directory`; `variables` are the environment. Raises SwitchError."""
    gathered = GatheredSwitches(directory, variables, " ".join(args))
    gathered.gather(args)
    if gathered.has("help"):
        return _no_build("help")
    if gathered.error is not None:
        raise gathered.error
    if gathered.has("version"):
        return _no_build("version")
    if not gathered.has("noautoresponse"):
        _gather_near_project(gathered)
    project = _find_project(gathered)
    for target in gathered.values("target"):
        bad = next((character for character in target if character in _NOT_IN_TARGET_NAMES), "")
        if bad:
            raise switch_error("MSB5016", f'The name "{target}" contains an invalid character "{bad}".', "target")
    results = gathered.values("gettargetresult")
    asked = list(dict.fromkeys(gathered.values("target")))
    _check_modes(gathered)
    booleans = {name: _boolean(gathered, name) for name in _BOOLEANS}
    loggers = parse_logger_switches(gathered)
    not_as_errors = _codes(gathered, "warnnotaserror")
    as_errors = _codes(gathered, "warnaserror")
    if not_as_errors is not None and as_errors != frozenset():
        message = "The -warnnotaserror switch cannot be specified unless the -warnaserror switch is also specified and left empty."
        gathered.fail("MSB1062", message, gathered.written["warnnotaserror"])
    if gathered.error is not None:
        raise gathered.error
    gets_properties, gets_items = gathered.values("getproperty"), gathered.values("getitem")
    if project.suffix.lower() in _SOLUTIONS and (gets_properties or gets_items or results):
        message = (
            "Cannot access properties or items when building solution files or solution filter files. "
            "This feature is only available when building individual projects."
        )
        raise switch_error("MSB1063", message, "getProperty" if gets_properties else "getItem" if gets_items else "getTargetResult")
    return MSBuildSwitches(
        wants="build",
        project=project,
        targets=tuple(asked + [name for name in results if name.lower() not in {known.lower() for known in asked}]),
        properties=_properties(gathered.values("property")),
        restore_properties=_properties(gathered.values("restoreproperty")),
        loggers=loggers,
        get_properties=tuple(gets_properties),
        get_items=tuple(gets_items),
        target_results=tuple(results),
        result_file=next(iter(gathered.values("getresultoutputfile")), ""),
        warnings=WarningPolicy(as_errors, not_as_errors or frozenset(), _codes(gathered, "warnasmessage") or frozenset()),
        restore=booleans["restore"],
        lists_targets=gathered.has("targets"),
        targets_file=next(iter(gathered.values("targets")[-1:]), ""),
        preprocesses=gathered.has("preprocess"),
        preprocessed_file=next(iter(gathered.values("preprocess")[-1:]), ""),
        shows_logo=not booleans["nologo"],
        question=gathered.has("question"),
        response_files=tuple(gathered.included),
        sums_up_details=booleans["detailedsummary"] or loggers.rank >= DIAGNOSTIC,
        isolates=_last_word(gathered, "isolateprojects") == "true",
        profile_file=next(iter(gathered.values("profileevaluation")[-1:]), ""),
        graph=_last_word(gathered, "graphbuild"),
        without_effect=tuple(name for name in _WITHOUT_EFFECT if gathered.has(name)),
    )


def _no_build(wants: str) -> MSBuildSwitches:
    return MSBuildSwitches(wants, Path(), (), {}, {}, NO_LOGGERS, (), (), (), "", WarningPolicy(), restore=False)


def _gather_near_project(gathered: GatheredSwitches) -> None:
    """Takes MSBuild.rsp beside the project and the nearest Directory.Build.rsp above it."""
    named = gathered.values(PROJECT)
    place = gathered.directory / named[0] if named else gathered.directory
    if not place.is_dir():
        if not place.is_file():
            raise initialization_error("MSB1009", "Project file does not exist.", named[0])
        place = place.parent
    above = next((file for folder in (place, *place.resolve().parents) if (file := folder / "Directory.Build.rsp").is_file()), None)
    beside = place / "MSBuild.rsp"
    if beside.is_file():
        gathered.gather_automatic(beside)
    if above is not None:
        gathered.gather_automatic(above)


def _properties(pairs: Sequence[str]) -> dict[str, str]:
    found: dict[str, tuple[str, str]] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise switch_error("MSB1006", "Property is not valid.", pair)
        _check_property_name(name)
        found[name.lower()] = (name, value)
    return dict(found.values())


def _check_property_name(name: str) -> None:
    """A property that nobody may set is no global property either."""
    if not is_valid_name(name):
        why = f'The name "{name}" contains an invalid character "{first_invalid_character(name)}".'
    elif is_reserved_property(name):
        why = f'The "{name}" property name is reserved.'
    elif name in RESERVED_ELEMENT_NAMES:
        why = f'The "{name}" name is reserved, and cannot be used.'
    else:
        return
    raise initialization_error("MSB4177", f"Invalid property. {why}")


def _boolean(gathered: GatheredSwitches, name: str) -> bool:
    values = gathered.values(name)
    if values and values[-1].strip().lower() not in ("true", "false"):
        code, message = _BOOLEANS[name]
        raise switch_error(code, f"{message} String '{values[-1]}' was not recognized as a valid Boolean.", values[-1])
    return values[-1].strip().lower() == "true" if values else gathered.has(name)


def _check_modes(gathered: GatheredSwitches) -> None:
    """The words after -isolateProjects and -graphBuild."""
    isolation = ("true", "false", "messageuponisolationviolation", "message")
    for name, words, code, text in (
        ("isolateprojects", isolation, "MSB1056", "Isolate projects value is not valid."),
        ("graphbuild", ("true", "false", "nobuild"), "MSB1057", "Graph build value is not valid."),
    ):
        for value in gathered.values(name):
            if value.strip().lower() not in words:
                raise switch_error(code, text, value)


def _last_word(gathered: GatheredSwitches, name: str) -> str:
    """The last word after a switch in lower case, "true" when it has none; "" without the switch and for "false"."""
    word = next(reversed(gathered.values(name)), "true").strip().lower() if gathered.has(name) else ""
    return "" if word == "false" else word


def _codes(gathered: GatheredSwitches, name: str) -> frozenset[str] | None:
    """The codes after the last switch that was written without any; None without the switch."""
    if not gathered.has(name):
        return None
    codes: set[str] = set()
    for value in gathered.parameters[name]:
        if value is None:
            codes.clear()
        elif value.strip():
            codes.add(value.strip().upper())
    return frozenset(codes)


def _find_project(gathered: GatheredSwitches) -> Path:
    named = gathered.values(PROJECT)
    path = gathered.directory / named[0] if named else gathered.directory
    if path.is_file():
        return path
    if not path.is_dir():
        raise initialization_error("MSB1009", "Project file does not exist.", named[0])
    extensions = gathered.values("ignoreprojectextensions")
    for extension in extensions:
        if not _EXTENSION.fullmatch(extension):
            message = (
                'There is an invalid extension in the -ignoreProjectExtensions list. Extensions must start with a period ".", have one or '
                "more characters after the period and not contain any invalid path characters or wildcards."
            )
            raise initialization_error("MSB1036", message, extension)
    ignored = {extension.lower() for extension in extensions}
    files = sorted(entry for entry in path.iterdir() if entry.suffix.lower() not in ignored and entry.is_file())
    projects = [file for file in files if file.suffix.lower().endswith("proj") and not file.name.endswith("~")]
    solutions = [file for file in files if file.suffix.lower() in (".sln", ".slnx")]
    filters = [file for file in files if file.suffix.lower() == ".slnf"]
    chosen = _choose(projects, solutions, filters)
    if chosen is not None:
        return chosen
    if not projects and not solutions and not filters:
        message = "Specify a project or solution file. The current working directory does not contain a project or solution file."
        raise initialization_error("MSB1003", message)
    if not named:
        message = "Specify which project or solution file to use because this folder contains more than one project or solution file."
        raise initialization_error("MSB1011", message)
    message = (
        f'Specify which project or solution file to use because the folder "{named[0]}" contains more than one project or solution file.'
    )
    raise initialization_error("MSB1050", message)


def _choose(projects: Sequence[Path], solutions: Sequence[Path], filters: Sequence[Path]) -> Path | None:
    """The one file that a folder stands for; None when there is none, or more than one could be meant."""
    if len(solutions) == 1 and len(projects) == 1:
        return solutions[0] if solutions[0].stem.lower() == projects[0].stem.lower() else None
    if len(solutions) > 1:
        return None
    if len(projects) > 1:
        plain = [project for project in projects if project.suffix.lower() == ".proj"]
        return plain[0] if len(projects) == 2 and len(plain) == 1 else None  # noqa: PLR2004
    candidates = solutions or projects or filters
    return candidates[0] if len(candidates) == 1 else None
