"""One finding for all of an assembly, as .NET's native compiler words it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from analyzers.finding import Finding, Reporter
from analyzers.roll_up import roll_up
from analyzers.rule import RULES
from compiler.diagnostics import Location, Severity


def finding(code: str) -> Finding:
    """A finding of publishing."""
    return Finding(code, Severity.WARNING, RULES[code].template, None, "N.C.M()", (Reporter.PUBLISH,), (), "")


@pytest.mark.parametrize("framework", ["net9.0", "net10.0"])
def test_words_are_those_of_the_native_compiler(shared: Path, framework: str) -> None:
    rows = json.loads((shared / "corpus" / "analyzers" / f"expected.{framework}.singlewarn.json").read_text())
    assert rows
    for row in rows:
        cause = {"IL3053": "IL3050", "IL2104": "IL2026"}[row["code"]]
        name = row["file"].rpartition("/")[2].removesuffix(".dll")
        [rolled] = roll_up(name, Location(row["file"]), [finding(cause), finding(cause)], lambda _: Severity.WARNING)
        assert rolled.location == Location(row["file"])
        assert (rolled.id, rolled.severity.value, rolled.message) == (row["code"], row["severity"], row["message"])


def test_what_has_no_category_stays() -> None:
    kept = [finding(code) for code in ("IL2009", "IL2037", "IL3000", "IL3002")]
    rolled = roll_up("X", Location("X.dll"), [*kept, finding("IL2026"), finding("IL2070"), finding("IL3050")], lambda _: Severity.ERROR)
    assert [(each.id, each.severity) for each in rolled[:2]] == [("IL2104", Severity.ERROR), ("IL3053", Severity.ERROR)]
    assert list(rolled[2:]) == kept
    why = rolled[0].explanation
    assert why is not None and why.asked == "2 findings in X: IL2026, IL2070"


def test_a_rule_that_is_off_is_not_summed_up() -> None:
    assert roll_up("X", Location("X.dll"), [finding("IL2026")], lambda _: None) == ()
