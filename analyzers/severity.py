"""Options of a build -> the severity of each finding: NoWarn, WarningsAsErrors, editor configuration and pragmas."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from analyzers.editor_config import EditorConfigurations, read_configurations
from analyzers.rule import RULES
from compiler.diagnostics import Severity

_EDITOR_SEVERITIES = {
    "default": None,
    "error": Severity.ERROR,
    "warning": Severity.WARNING,
    "suggestion": Severity.INFO,
    "refactoring": Severity.HIDDEN,
    "silent": Severity.HIDDEN,
    "none": Severity.HIDDEN,
}
_PRAGMA = re.compile(r"^\s*#\s*pragma\s+warning\s+(disable|restore)\b([^/]*)")
_ALL_ANALYZERS = "dotnet_analyzer_diagnostic.severity"


@dataclass(frozen=True, slots=True)
class SeverityOptions:
    """What a project says about warnings. Ids are upper case, `IL2026`."""

    no_warn: frozenset[str] = frozenset()
    warnings_as_errors: frozenset[str] = frozenset()
    warnings_not_as_errors: frozenset[str] = frozenset()
    treat_warnings_as_errors: bool = False
    editor_configs: tuple[tuple[str, str], ...] = ()
    """(path, text) of .editorconfig and global configuration files."""


@dataclass(slots=True)
class Severities:
    """Severities under one set of options."""

    options: SeverityOptions
    sources: Mapping[str, str]
    _configurations: EditorConfigurations | None = None
    _directives: dict[str, list[_Directive]] = field(default_factory=dict)

    def of(self, rule_id: str, file: str) -> Severity | None:
        """The severity of a rule's findings in `file` (empty: without a place), pragmas aside; None for a rule that is switched off.

        What is said about the id on the compiler's command line comes first, then the configuration files, then what holds for all.
        """
        options = self.options
        if rule_id in options.no_warn:
            return None
        stays_warning = rule_id in options.warnings_not_as_errors
        if rule_id in options.warnings_as_errors and not stays_warning:
            return Severity.ERROR
        all_as_errors = options.treat_warnings_as_errors and not stays_warning
        severity = Severity.ERROR if all_as_errors else Severity.WARNING
        is_configured, configured = self._configured(rule_id, file)
        if not is_configured or (configured is Severity.ERROR and stays_warning):
            return severity
        if configured is None:
            return Severity.WARNING
        if configured is Severity.WARNING:
            return severity
        return None if configured is Severity.HIDDEN else configured

    def _configured(self, rule_id: str, file: str) -> tuple[bool, Severity | None]:
        """Whether the configuration files name a severity, and which; None is the rule's own."""
        if not self.options.editor_configs:
            return False, None
        if self._configurations is None:
            self._configurations = read_configurations(self.options.editor_configs)
        everywhere, own = self._configurations.global_settings, self._configurations.own(file)
        category = RULES[rule_id].category.value.lower()
        keys = [f"dotnet_diagnostic.{rule_id.lower()}.severity"]
        if rule_id not in self.options.warnings_not_as_errors:
            # What is said about whole families does not hold for an id that the command line names.
            keys += [f"dotnet_analyzer_diagnostic.category-{category}.severity", _ALL_ANALYZERS]
        for key in keys:
            for settings in (own, everywhere):
                value = settings.get(key, "").lower()
                if value in _EDITOR_SEVERITIES:
                    return True, _EDITOR_SEVERITIES[value]
        return False, None

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
