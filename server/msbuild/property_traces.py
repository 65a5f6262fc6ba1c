"""A property table that notes which properties had their value from the environment when they were read, as logs tell."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.diagnostics import Location
from server.msbuild.tracing import RecordedProperties, Recorder


class TracedProperties(RecordedProperties):
    """Invariant: `reads` has each variable once, with its name as it is spelled there and its value, in the order of the first reads."""

    __slots__ = ("_variables", "reads")

    def __init__(self, recorder: Recorder, variables: Mapping[str, str]) -> None:
        super().__init__(recorder)
        self._variables = {name.lower(): (name, value) for name, value in variables.items()}
        self.reads: dict[str, tuple[str, str]] = {}

    def get(self, name: str, location: Location) -> str | None:
        """See PropertyTable."""
        value = super().get(name, location)
        key = name.lower()
        variable = self._variables.get(key)
        if variable is not None and key not in self.reads and value == variable[1]:
            self.reads[key] = variable
        return value
