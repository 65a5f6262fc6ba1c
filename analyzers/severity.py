"""Options of a build -> the severity of each finding: NoWarn, WarningsAsErrors, editor configuration and pragmas."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import translate

from compiler.diagnostics import Severity

_EDITOR_SEVERITIES = {
    "error": Severity.ERROR,
    "warning": Severity.WARNING,
    "suggestion": Severity.INFO,
    "silent": Severity.HIDDEN,
    "none": Severity.HIDDEN,
}
_PRAGMA = re.compile(r"^\s*#\s*pragma\s+warning\s+(disable|restore)\b([^/]*)")
_SETTING = re.compile(r"^dotnet_diagnostic\.(il\d{4})\.severity$")
_ALL_ANALYZERS = "dotnet_analyzer_diagnostic.severity"


@dataclass(frozen=True, slots=True)
class SeverityOptions:
    """What a project says about warnings. Ids are upper case, `IL2026`."""

    no_warn: frozenset[str] = frozenset()
    warnings_as_errors: frozenset[str] = frozenset()
    warnings_not_as_errors: frozenset[str] = frozenset()
    treat_warnings_as_errors: bool = False
    editor_configs: tuple[tuple[str, str], ...] = ()
    """(path, text) of .editorconfig and global configuration files, outermost first."""


@dataclass(frozen=True, slots=True)
class _Section:
    """A section of a configuration file: the files that it holds for, and its settings in lower case."""

    pattern: re.Pattern[str]
    settings: dict[str, str]


@dataclass(slots=True)
class Severities:
    """Severities under one set of options."""

    options: SeverityOptions
    sources: Mapping[str, str]
    _sections: list[_Section] | None = None
    _directives: dict[str, list[_Directive]] = field(default_factory=dict)

    def of(self, rule_id: str, file: str) -> Severity | None:
        """The severity of a rule's findings in `file` (empty: without a place), pragmas aside; None for a rule that is switched off."""
        options = self.options
        if rule_id in options.no_warn:
            return None
        configured = self._configured(rule_id, file)
        if configured is Severity.HIDDEN:
            return None
        if configured is not None and configured is not Severity.WARNING:
            return configured
        if rule_id in options.warnings_as_errors:
            return Severity.ERROR
        if options.treat_warnings_as_errors and rule_id not in options.warnings_not_as_errors:
            return Severity.ERROR
        return Severity.WARNING

    def _configured(self, rule_id: str, file: str) -> Severity | None:
        if self._sections is None:
            self._sections = [s for path, text in self.options.editor_configs for s in _read_sections(path, text)]
        found = general = ""
        for section in self._sections:
            if section.pattern.fullmatch(file):
                found = section.settings.get(rule_id.lower(), found)
                general = section.settings.get(_ALL_ANALYZERS, general)
        return _EDITOR_SEVERITIES.get(found or general)

    def is_disabled(self, rule_id: str, file: str, line: int) -> bool:
        """Whether a `#pragma warning disable` holds at the line."""
        directives = self._directives.get(file)
        if directives is None:
            directives = self._directives[file] = _read_directives(self.sources.get(file, ""))
        disabled = False
        for directive in directives:
            if directive.line >= line:
                break
            if not directive.ids or rule_id in directive.ids:
                disabled = directive.disables
        return disabled


@dataclass(frozen=True, slots=True)
class _Directive:
    """A `#pragma warning` line; no ids means all."""

    line: int
    disables: bool
    ids: frozenset[str]


def _read_directives(text: str) -> list[_Directive]:
    """The `#pragma warning` lines of a file, in order. Ids count as they are written."""
    found: list[_Directive] = []
    if "pragma" not in text:
        return found
    for number, line in enumerate(text.splitlines(), 1):
        match = _PRAGMA.match(line)
        if match is not None:
            ids = frozenset(part.strip() for part in match.group(2).split(",") if part.strip())
            found.append(_Directive(number, match.group(1) == "disable", ids))
    return found


def _read_sections(path: str, text: str) -> list[_Section]:
    """The sections of one file. A global configuration (`is_global = true`) holds for all files."""
    folder = path.rpartition("/")[0]
    sections: list[_Section] = []
    settings: dict[str, str] = {}
    preamble = settings
    sections.append(_Section(re.compile(".*"), settings))
    for line in text.splitlines():
        stripped = line.strip()
        if not stripped or stripped[0] in "#;":
            continue
        if stripped.startswith("[") and stripped.endswith("]"):
            settings = {}
            sections.append(_Section(_section_pattern(folder, stripped[1:-1]), settings))
            continue
        name, separator, value = stripped.partition("=")
        if separator:
            match = _SETTING.match(name.strip().lower())
            key = match.group(1) if match else name.strip().lower()
            settings[key] = value.strip().lower().partition(":")[0].strip()
    if preamble.get("is_global") != "true":
        preamble.clear()
    return sections


def _section_pattern(folder: str, glob: str) -> re.Pattern[str]:
    """The files of an editor configuration's section: without a slash the name matches at any depth."""
    alternatives = _expand_braces(glob)
    prefix = re.escape(folder) + "/" if folder else ""
    parts: list[str] = []
    for alternative in alternatives:
        body = translate(alternative.lstrip("/")).removesuffix(r"\Z").removesuffix(r"\z")
        parts.append(prefix + ("" if "/" in alternative else "(?:.*/)?") + body)
    return re.compile("|".join(f"(?:{part})" for part in parts), re.DOTALL)


def _expand_braces(glob: str) -> list[str]:
    match = re.search(r"\{([^{}]*)\}", glob)
    if match is None:
        return [glob]
    return [item for option in match.group(1).split(",") for item in _expand_braces(glob[: match.start()] + option + glob[match.end() :])]
