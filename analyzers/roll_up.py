"""The findings in an assembly that its user cannot change -> one that says that there are some (IL2104, IL3053), as publishing does.

What belongs to neither trimming nor AOT analysis is not rolled up: XML that names what is not there, single-file findings.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from analyzers.finding import Finding
from analyzers.rule import RULES, UNCATEGORIZED, Category
from compiler.diagnostics import Explanation, Fix, FixKind, Location, Severity

_SUMMARY = {Category.TRIMMING: RULES["IL2104"], Category.AOT: RULES["IL3053"]}
EXPAND = "Set TrimmerSingleWarn to false, in the project or as metadata of the reference, to see each finding"


def roll_up(
    assembly: str, place: Location, findings: Sequence[Finding], severity_of: Callable[[str], Severity | None]
) -> tuple[Finding, ...]:
    """`findings` of an assembly with those of trimming and of AOT analysis each replaced by one, at `place`; suppressed ones stay.

    `severity_of` says how severe findings with an id are, None: they are not shown.
    """
    kept: list[Finding] = []
    by_category: dict[Category, list[Finding]] = {}
    for finding in findings:
        rule = RULES[finding.id]
        if finding.suppression is None and rule.category in _SUMMARY and finding.id not in UNCATEGORIZED:
            by_category.setdefault(rule.category, []).append(finding)
        else:
            kept.append(finding)
    rolled = [
        _summary(assembly, place, category, by_category[category], severity)
        for category, rule in _SUMMARY.items()
        if category in by_category and (severity := severity_of(rule.id)) is not None
    ]
    return (*rolled, *kept)


def _summary(assembly: str, place: Location, category: Category, findings: Sequence[Finding], severity: Severity) -> Finding:
    rule = _SUMMARY[category]
    expand = Fix(FixKind.REPLACE, EXPAND, assembly, "")
    asked = f"{len(findings)} finding{'' if len(findings) == 1 else 's'} in {assembly}: {', '.join(sorted({each.id for each in findings}))}"
    why = Explanation(assembly, "", asked, None, (expand,))
    return Finding(rule.id, severity, rule.message(assembly), place, "", findings[0].reported_by, (), rule.help_link, explanation=why)
