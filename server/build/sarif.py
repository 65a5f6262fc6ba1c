"""Findings and diagnostics of a build -> a SARIF 2.1.0 log (OASIS standard), as text.

Files are named relative to a folder that the log gives the name SRCROOT. Columns count UTF-16 code units. Suppressed findings are
in the log and say what suppresses them; results that are alike have fingerprints that survive edits elsewhere.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from analyzers.finding import Finding, Suppression
from analyzers.fingerprint import identities
from analyzers.rule import RULES
from analyzers.why import Chains, Step
from compiler.diagnostics import Diagnostic, Fix, Location, Related, Severity
from server.build.documentation import documentation_link
from server.build.edits import TextOf, edits_of

Json = dict[str, object]

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
BASE = "SRCROOT"
FINGERPRINT = "aotdFinding/v1"
LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note", Severity.HIDDEN: "none"}

_PLACEHOLDER = re.compile(r"\{\d+\}")
_SUPPRESSION_KINDS = {Suppression.ATTRIBUTE: "inSource", Suppression.PRAGMA: "inSource", Suppression.BASELINE: "external"}


@dataclass(frozen=True, slots=True)
class SarifLog:
    """What a log holds. `version` is that of the program, `folder` what file names are relative to; after errors `succeeded` is False.

    `reasons` say why the members of findings are in the program; with `text_of` results have their fixes as edits of the texts.
    """

    version: str
    folder: Path
    diagnostics: Sequence[Diagnostic]
    findings: Sequence[Finding]
    succeeded: bool
    reasons: Chains | None = None
    text_of: TextOf | None = None


@dataclass(slots=True)
class _Writer:
    """The tables that results refer to by index, in the order of first use."""

    folder: Path
    text_of: TextOf | None = None
    rules: dict[str, int] = field(default_factory=dict)
    artifacts: dict[str, int] = field(default_factory=dict)


def sarif_text(log: SarifLog) -> str:
    """The log as JSON; equal input gives equal text."""
    writer = _Writer(log.folder, log.text_of)
    prints = [identity.fingerprint for identity in identities(log.findings)]
    results = [_diagnostic_result(writer, diagnostic) for diagnostic in log.diagnostics]
    results += [_finding_result(writer, log.reasons, each, fingerprint) for each, fingerprint in zip(log.findings, prints, strict=True)]
    driver: Json = {
        "name": "aotd",
        **({"semanticVersion": log.version} if log.version else {}),
        "informationUri": "https://learn.microsoft.com/dotnet/core/deploying/native-aot/",
        "rules": [_rule(id_) for id_ in writer.rules],
    }
    run: Json = {
        "tool": {"driver": driver},
        "invocations": [{"executionSuccessful": log.succeeded}],
        "originalUriBaseIds": {BASE: {"uri": log.folder.as_uri().rstrip("/") + "/"}},
        "artifacts": [{"location": _artifact_location(writer, file)} for file in writer.artifacts],
        "results": results,
        "columnKind": "utf16CodeUnits",
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


def _finding_result(writer: _Writer, reasons: Chains | None, finding: Finding, fingerprint: str) -> Json:
    """One finding."""
    result = _result(writer, finding.id, finding.severity, finding.message, finding.location, finding.member)
    if finding.related:
        result["relatedLocations"] = _related(writer, finding.related)
    result["partialFingerprints"] = {FINGERPRINT: fingerprint}
    if finding.suppression is not None:
        reason = {"suppressedBy": finding.suppression.value}
        result["suppressions"] = [{"kind": _SUPPRESSION_KINDS[finding.suppression], "properties": reason}]
    properties: Json = {"reportedBy": [reporter.value for reporter in finding.reported_by]}
    why = finding.explanation
    if why is not None:
        properties |= {"explanation": why.asked} if why.asked else {}
        properties["remedies"] = [{"kind": fix.kind.value, "title": fix.title, "text": fix.text} for fix in why.fixes]
        steps = reasons.chain(why.assembly, why.member) if reasons is not None else ()
        if steps:
            result["codeFlows"] = [_code_flow(writer, steps, finding)]
        fixes = [each for fix in why.fixes if (each := _fix(writer, fix)) is not None]
        if fixes:
            result["fixes"] = fixes
    result["properties"] = properties
    return result


def _fix(writer: _Writer, fix: Fix) -> Json | None:
    """A way out as replacements in files; None for one that is words alone."""
    if writer.text_of is None:
        return None
    try:
        edits = edits_of([fix], writer.text_of)
    except OSError:
        # A source that was there when it was compiled.
        return None
    by_file: dict[str, list[Json]] = {}
    for edit in edits:
        place = edit.place
        region = {"startLine": place.line, "startColumn": place.column, "endLine": place.end_line, "endColumn": place.end_column}
        by_file.setdefault(place.file, []).append({"deletedRegion": region, "insertedContent": {"text": edit.text}})
    changes = [{"artifactLocation": _artifact_location(writer, file), "replacements": several} for file, several in by_file.items()]
    return {"description": {"text": fix.title}, "artifactChanges": changes} if changes else None


def _code_flow(writer: _Writer, steps: Sequence[Step], finding: Finding) -> Json:
    """The chain from a root to the finding, as the places that one goes through."""
    places = [_flow_place(writer, step.place, f"{step.member} {step.text}", step.member) for step in steps[:1]]
    places += [_flow_place(writer, step.place, f"{step.text} {step.member}", step.member) for step in steps[1:]]
    places.append(_flow_place(writer, finding.location, finding.message, finding.member))
    return {"message": {"text": "from a root of the program to the finding"}, "threadFlows": [{"locations": places}]}


def _flow_place(writer: _Writer, place: Location | None, message: str, member: str) -> Json:
    location: Json = {"message": {"text": message}}
    if place is not None:
        location["physicalLocation"] = _physical(writer, place)
    if member:
        location["logicalLocations"] = [{"fullyQualifiedName": member, "kind": "member"}]
    return {"location": location}


def _diagnostic_result(writer: _Writer, diagnostic: Diagnostic) -> Json:
    """One diagnostic of the compiler or of the build."""
    result = _result(writer, diagnostic.code, diagnostic.severity, diagnostic.message, diagnostic.location, "")
    if diagnostic.related:
        result["relatedLocations"] = _related(writer, diagnostic.related)
    return result


def _result(writer: _Writer, code: str, severity: Severity, message: str, place: Location | None, member: str) -> Json:
    location: Json = {}
    if place is not None and place.file and place.file != "CSC":
        location["physicalLocation"] = _physical(writer, place)
    if member:
        location["logicalLocations"] = [{"fullyQualifiedName": member, "kind": "member"}]
    return {
        "ruleId": code,
        "ruleIndex": writer.rules.setdefault(code, len(writer.rules)),
        "level": LEVELS[severity],
        "message": {"text": message},
        **({"locations": [location]} if location else {}),
    }


def _related(writer: _Writer, related: Iterable[Related]) -> list[Json]:
    return [
        {"id": number, "physicalLocation": _physical(writer, each.location), "message": {"text": each.message}}
        for number, each in enumerate(related, start=1)
    ]


def _physical(writer: _Writer, place: Location) -> Json:
    physical: Json = {"artifactLocation": _artifact_location(writer, place.file)}
    region = {"startLine": place.line, "startColumn": place.column, "endLine": place.end_line, "endColumn": place.end_column}
    if place.line:
        physical["region"] = {name: number for name, number in region.items() if number}
    return physical


def _artifact_location(writer: _Writer, file: str) -> Json:
    """How a file is named: relative to the folder when it is below it."""
    index = writer.artifacts.setdefault(file, len(writer.artifacts))
    if not os.path.isabs(file):
        # The names that .NET gives to embedded files are no paths.
        return {"uri": quote(file), "index": index}
    path = Path(os.path.normpath(file))
    if path.is_relative_to(writer.folder):
        return {"uri": quote(path.relative_to(writer.folder).as_posix()), "uriBaseId": BASE, "index": index}
    return {"uri": path.as_uri(), "index": index}


def _rule(code: str) -> Json:
    """What the log says about a code."""
    rule: Json = {"id": code}
    known = RULES.get(code)
    if known is not None:
        # The message without its names is the shortest text that says what the rule is about.
        text = _PLACEHOLDER.sub("…", known.template.replace("{1}{2}", "")).strip()
        rule |= {"shortDescription": {"text": text}, "defaultConfiguration": {"level": "warning"}}
        rule["properties"] = {"category": known.category.value}
    link = documentation_link(code)
    return rule | ({"helpUri": link} if link else {})
