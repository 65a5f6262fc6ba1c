"""MSBuild's command line, first part: words and response files -> which switches were written with which parameters.

The first mistake is kept, not raised at once, since `-help` hides it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_SUFFIX = '\nFor switch syntax, type "MSBuild -help"\n'
_THIS_DIRECTORY = re.compile("%MSBuildThisFileDirectory%", re.IGNORECASE)
_VARIABLE = re.compile("%([^%]+)%")


class SwitchError(Exception):
    """A mistake in the command line; `text` is all that MSBuild prints about it."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(text)


def initialization_error(code: str, message: str, switch: str = "") -> SwitchError:
    """A project or file that is not there, or not the only one."""
    return SwitchError(f"MSBUILD : error {code}: {message}\n" + (f"Switch: {switch}\n" if switch else ""))


def switch_error(code: str, message: str, switch: str) -> SwitchError:
    """A switch with a parameter that it does not take."""
    return SwitchError(f"MSBUILD : error {code}: {message}\nSwitch: {switch}\n{_SUFFIX}")


@dataclass(frozen=True, slots=True)
class Switch:
    """How a switch is written: its first name stands for it; `missing` is MSBuild's code and text when it has no parameter."""

    names: tuple[str, ...]
    many: bool = False
    missing: tuple[str, str] | None = None
    takes_parameters: bool = True
    may_be_empty: bool = False
    unquotes: bool = True
    default: str = ""


def _row(names: str, **values: object) -> Switch:
    return Switch(tuple(names.split()), **values)  # type: ignore[arg-type]


PROJECT = "project"
_PROPERTY = ("MSB1005", "Specify a property and its value.")
_LOGGER = ("MSB1007", "Specify a logger.")
_FILE_LOGGER = ("MSB1038", "Specify one or more parameters for the file logger if using the -fileLoggerParameters switch.")
_CONSOLE_LOGGER = ("MSB1037", "Specify one or more parameters for the console logger if using the -consoleLoggerParameters switch.")
_TERMINAL_LOGGER = ("MSB1066", "Specify one or more parameters for the terminal logger if using the -terminalLoggerParameters switch.")
_AS_MESSAGE = ("MSB1051", "Specify one or more warning codes to treat as low importance messages when using the -warnAsMessage switch.")
_SWITCHES = (
    *(_row(names, takes_parameters=False) for names in ("help h ?", "version ver", "noautoresponse noautorsp", "noconsolelogger noconlog")),
    *(_row(f"filelogger{n} fl{n}", takes_parameters=False) for n in ("", *range(1, 10))),
    _row("distributedfilelogger dfl", takes_parameters=False),
    _row("target t", many=True, missing=("MSB1004", "Specify the name of the target.")),
    _row("property p", many=True, missing=_PROPERTY),
    _row("restoreproperty rp", many=True, missing=_PROPERTY),
    _row("logger l", missing=_LOGGER, unquotes=False),
    _row("distributedlogger dl", missing=_LOGGER, unquotes=False),
    _row("verbosity v", missing=("MSB1016", "Specify the verbosity level.")),
    _row("consoleloggerparameters clp", missing=_CONSOLE_LOGGER),
    _row("maxcpucount m", missing=("MSB1031", "Specify the maximum number of CPUs."), default="1"),
    _row("ignoreprojectextensions ignore", many=True, missing=("MSB1035", "Specify the project extensions to ignore.")),
    _row("toolsversion tv", missing=("MSB1039", "Specify the version of the toolset.")),
    *(_row(f"fileloggerparameters{n} flp{n}", missing=_FILE_LOGGER) for n in ("", *range(1, 10))),
    _row("terminallogger tl livelogger ll", many=True, may_be_empty=True),
    _row("terminalloggerparameters tlp", missing=_TERMINAL_LOGGER),
    _row("nodereuse nr", missing=("MSB1041", "Specify one or more parameters for node reuse if using the -nodeReuse switch.")),
    _row("warnaserror err", many=True, may_be_empty=True),
    _row(
        "warnnotaserror noerr", many=True, missing=("MSB1060", "Specify one or more warning codes when using the -warnNotAsError switch.")
    ),
    _row("warnasmessage nowarn", many=True, missing=_AS_MESSAGE),
    *(
        _row(names)
        for names in ("restore r", "interactive", "isolateprojects isolate", "lowpriority low", "question q", "detailedsummary ds")
    ),
    *(_row(names) for names in ("binarylogger bl", "profileevaluation prof", "check", "multithreaded mt")),
    *(_row(names) for names in ("nologo", "preprocess pp", "targets ts")),
    _row("graphbuild graph", many=True),
    _row("getproperty", many=True, missing=("MSB1010", "Must provide a property name for the getProperty switch.")),
    _row("getitem", many=True, missing=("MSB1014", "Must provide an item name for the getItem switch.")),
    _row("gettargetresult", many=True, missing=("MSB1017", "Must provide a target name for the getTargetResult switch.")),
    _row("getresultoutputfile", many=True, missing=("MSB1068", "Must provide a file for the getResultOutputFile switch.")),
)
_BY_NAME = {name: switch for switch in _SWITCHES for name in switch.names}


@dataclass(slots=True)
class GatheredSwitches:
    """What was written. `parameters` are by first name of the switch; a None among them is a switch without a parameter.

    `error` is the first mistake; `files` are the response files that were read, `included` what was in each.
    """

    directory: Path
    variables: Mapping[str, str]
    command_line: str
    parameters: dict[str, list[str | None]] = field(default_factory=dict)
    written: dict[str, str] = field(default_factory=dict)
    error: SwitchError | None = None
    included: dict[Path, str] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        """Was the switch with that first name written?"""
        return name in self.parameters

    def values(self, name: str) -> list[str]:
        """Parameters of a switch that are not empty."""
        return [value for value in self.parameters.get(name, ()) if value is not None]

    def gather(self, words: Sequence[str]) -> None:
        """Takes words as a shell hands them over."""
        for word in words:
            plain = unquote(word)
            if plain.startswith("@"):
                self._response_file(plain)
            elif plain:
                self._word(word, plain)

    def gather_automatic(self, path: Path) -> None:
        """Takes a response file that nobody named; what stands there comes before all else. Raises SwitchError."""
        earlier = self.parameters
        self.parameters = {}
        self._response_file(f"@{path}")
        if self.has("noautoresponse"):
            message = (
                "The -noAutoResponse switch cannot be specified in the MSBuild.rsp auto-response file, nor in any response file that is "
                "referenced by the auto-response file."
            )
            self.fail("MSB1027", message, self.written["noautoresponse"])
        for name, values in earlier.items():
            if name == PROJECT and name in self.parameters:
                self.fail("MSB1008", "Only one project can be specified.", str(values[0]))
            self.parameters.setdefault(name, []).extend(values)
        if self.error is not None:
            raise self.error

    def fail(self, code: str, message: str, switch: str) -> None:
        """Keeps a mistake when it is the first."""
        if self.error is None:
            sources = "".join(f"\n'{text}' came from '{path}'" for path, text in self.included.items())
            lines = f"    Full command line: '{self.command_line}'\n  Switches appended by response files:{sources}"
            self.error = switch_error(code, f"{message}\n{lines}", switch)

    def _response_file(self, word: str) -> None:
        if len(word) == 1:
            self.fail("MSB1012", "Specify a response file.", word)
            return
        path = (self.directory / word[1:]).resolve()
        if path in self.included:
            message = (
                'The response file was specified twice. A response file can be specified only once. Any files named "msbuild.rsp" in the '
                "directory of MSBuild.exe or in the directory of the first project or solution built (which if no project or solution is "
                "specified is the current working directory) were automatically used as response files."
            )
            self.error = self.error or initialization_error("MSB1013", message, word)
            return
        try:
            lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
        except OSError as error:
            text = "Response file does not exist." if not path.is_file() else f"Cannot read the response file. {error.strerror}"
            self.error = self.error or initialization_error("MSB1023" if path.is_file() else "MSB1022", text, word)
            return
        words = [word for line in lines if not line.lstrip().startswith("#") for word in self._words(line, path.parent)]
        self.included[path] = " ".join(words)
        self.gather(words)

    def _words(self, line: str, directory: Path) -> list[str]:
        replaced = _THIS_DIRECTORY.sub(lambda _: f"{directory}/", line)
        expanded = _VARIABLE.sub(lambda match: self.variables.get(match[1], match[0]), replaced)
        return [word for word in split_unquoted(expanded, "") if word]

    def _word(self, word: str, plain: str) -> None:
        if not plain.startswith(("-", "/")) or (plain.startswith("/") and self._looks_like_path(plain)):
            if PROJECT in self.parameters:
                self.fail("MSB1008", "Only one project can be specified.", plain)
            elif unquote(plain):
                self.parameters[PROJECT] = [plain]
            return
        body = plain[2:] if plain.startswith("--") else plain[1:]
        name, colon, _ = body.partition(":")
        switch = _BY_NAME.get(name.lower())
        value = word.partition(":")[2] if word.partition(":")[0].count('"') % 2 == 0 else f'"{word.partition(":")[2]}'
        if switch is None:
            self.fail("MSB1001", "Unknown switch.", plain)
        elif switch.takes_parameters:
            self._take(switch, plain, value or switch.default)
        elif colon:
            self.fail("MSB1002", "This switch does not take any parameters.", plain)
        else:
            self.parameters[switch.names[0]] = []
            self.written[switch.names[0]] = plain

    def _take(self, switch: Switch, plain: str, value: str) -> None:
        name = switch.names[0]
        if not value and switch.missing is not None:
            self.fail(*switch.missing, plain)
            return
        self.written[name] = plain
        stored = self.parameters.setdefault(name, [])
        if switch.many:
            if not value and switch.may_be_empty:
                stored.append(None)
                return
            pieces = [unquote(piece) for piece in split_unquoted(unquote(value) if name == "target" else value, ",;")]
        else:
            pieces = [unquote(value) if switch.unquotes else value]
        stored += [piece for piece in pieces if piece]
        if not all(pieces) and switch.missing is not None:
            self.fail(*switch.missing, plain)

    def _looks_like_path(self, word: str) -> bool:
        """Is `/a/b` a file rather than a switch? As MSBuild: when its first folder or the file itself exists."""
        second = word.find("/", 1)
        return (second > 0 and Path(word[:second]).is_dir()) or Path(word).exists()


def unquote(text: str) -> str:
    """Without the double quotes that quote; `\\"` is a quote of the text."""
    found: list[str] = []
    backslashes = 0
    quoted = False
    at = 0
    while at < len(text):
        character = text[at]
        at += 1
        if character == "\\":
            backslashes += 1
            continue
        if character != '"':
            found.append("\\" * backslashes + character)
        else:
            found.append("\\" * (backslashes // 2))
            if backslashes % 2:
                found.append('"')
            else:
                if quoted and text[at : at + 1] == '"':
                    found.append('"')
                    at += 1
                quoted = not quoted
        backslashes = 0
    return "".join(found) + "\\" * backslashes


def split_unquoted(text: str, separators: str) -> list[str]:
    """Pieces between separators (white space when none are given) outside double quotes, which stay."""
    pieces: list[str] = []
    start = at = backslashes = 0
    quoted = False
    while at < len(text):
        character = text[at]
        if character == '"' and backslashes % 2 == 0:
            if quoted and text[at + 1 : at + 2] == '"':
                at += 1
            quoted = not quoted
        elif not quoted and (character in separators if separators else character.isspace()):
            pieces.append(text[start:at])
            start = at + 1
        backslashes = backslashes + 1 if character == "\\" else 0
        at += 1
    return [*pieces, text[start:]]
