"""Messages of one project's restore: what NoWarn drops, what becomes an error, what the assets file keeps.

A message that several target graphs have is one message that names them all. A warning about a package that only comes through other
projects is dropped when every path to it says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from server.restore.package_spec import PackageSpec

Codes = frozenset[str]


@dataclass(frozen=True, slots=True)
class LogMessage:
    """A message. `graphs` are names of target graphs; `library` the library it is about; `path` the file, "" for the project.

    `was_warning` tells an error that the project's properties made of a warning.
    """

    code: str
    text: str
    is_error: bool
    library: str = ""
    graphs: tuple[str, ...] = ()
    path: str = ""
    was_warning: bool = False


def error(code: str, text: str, library: str = "", graphs: Iterable[str] = ()) -> LogMessage:
    """An error."""
    return LogMessage(code, text, True, library, tuple(graphs))


def warning(code: str, text: str, library: str = "", graphs: Iterable[str] = ()) -> LogMessage:
    """A warning."""
    return LogMessage(code, text, False, library, tuple(graphs))


def merge_graphs(messages: Iterable[LogMessage]) -> list[LogMessage]:
    """Messages that differ in their target graphs only, as one."""
    merged: dict[tuple[str, str], LogMessage] = {}
    for message in messages:
        key = (message.code, message.text)
        first = merged.get(key)
        merged[key] = message if first is None else replace(first, graphs=tuple(sorted({*first.graphs, *message.graphs})))
    return list(merged.values())


@dataclass(slots=True)
class RestoreLog:
    """The messages of one project, in order. `transitive` gives codes by graph name and lower-case library once graphs are known."""

    spec: PackageSpec
    messages: list[LogMessage] = field(default_factory=list)
    transitive: Callable[[], Mapping[tuple[str, str], Codes]] | None = None

    @property
    def has_errors(self) -> bool:
        """Whether an error was reported."""
        return any(message.is_error for message in self.messages)

    def has(self, code: str, library: str) -> bool:
        """Whether a message of that code about that library was reported."""
        return any(message.code == code and message.library.lower() == library.lower() for message in self.messages)

    def add(self, message: LogMessage) -> None:
        """Reports a message unless it is suppressed; the project's properties may make an error of it."""
        if not message.is_error:
            kept = self._unsuppressed(message)
            if kept is None:
                return
            message = self._as_error(kept)
        self.messages.append(message)

    def add_all(self, messages: Iterable[LogMessage]) -> None:
        """Reports all."""
        for message in messages:
            self.add(message)

    def _as_error(self, message: LogMessage) -> LogMessage:
        warnings = self.spec.restore.warnings
        by_all = warnings.all_as_errors and message.code and message.code not in warnings.not_as_errors
        if by_all or message.code in warnings.as_errors:
            return replace(message, is_error=True, was_warning=True, text=f"Warning As Error: {message.text}")
        return message

    def _unsuppressed(self, message: LogMessage) -> LogMessage | None:
        if message.code in self.spec.restore.warnings.no_warn:
            return None
        own = {
            (framework.alias, dependency.name.lower()): frozenset(dependency.no_warn)
            for framework in self.spec.frameworks
            for dependency in framework.dependencies
            if dependency.no_warn
        }
        kept = self._without(message, own)
        if kept is not None and self.transitive is not None:
            kept = self._without(kept, self.transitive())
        return kept

    def _without(self, message: LogMessage, codes: Mapping[tuple[str, str], Codes]) -> LogMessage | None:
        library = message.library.lower()
        if not library or not codes:
            return message
        aliases = [framework.alias for framework in self.spec.frameworks]
        if not message.graphs:
            return None if aliases and all(message.code in codes.get((alias, library), ()) for alias in aliases) else message
        graphs = tuple(graph for graph in message.graphs if message.code not in codes.get((graph.partition("/")[0], library), ()))
        return replace(message, graphs=graphs) if graphs else None
