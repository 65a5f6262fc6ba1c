"""UnconditionalSuppressMessage attributes that silence nothing: IL2121, for a project that asks for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analyzers.context import ModuleContext
from analyzers.finding import RawFinding
from analyzers.reader_state import ReaderState
from analyzers.rule import RULES


def check_suppressions(context: ModuleContext, states: Iterable[ReaderState]) -> Iterator[RawFinding]:
    """One finding for each attribute that silenced no finding of any of the readers."""
    raised = (each for state in states for result in state.results.values() for each in result.raised)
    used = {key for each in raised for key in each.silenced_by}
    rule = RULES["IL2121"]
    for key, rule_id, member in context.lookups.suppressions.declared(context.module):
        if key not in used and rule_id != rule.id:
            yield RawFinding(rule, rule.message(rule_id), member, None)
