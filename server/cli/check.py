"""`aotd check`: command line -> the diagnostics of a build, one canonical line each or as JSON, error logs, and a build's exit code."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from analyzers.baseline import Accepted, accept, baseline_of, read_baseline, write_baseline
from analyzers.why import Chains, FirstChains
from compiler.diagnostics import Diagnostic, InputError, Location, Severity
from compiler.render import canonical_line
from server.build.atomic_files import replace_file
from server.build.csharp_build import read_source_file
from server.build.findings import GraphFindings, PartFindings, findings_as_diagnostics
from server.build.findings_json import diagnostic_row, finding_row
from server.build.graph import BuildFailed, BuildProgress
from server.build.sarif import SarifLog, sarif_text
from server.cli import console
from server.cli.caller import caller
from server.cli.check_options import BAD_VALUE, NOTHING, CheckOptions, Format, error_log_file, parse_check_options, take_value
from server.cli.checked import Checked, Recorded, check
from server.cli.explanations import explanation_lines
from server.cli.switches import Verbosity
from server.cli.version import program_version

USAGE = """Usage: aotd check [PROJECT | SOLUTION | X.dll] [SWITCHES]

Compiles a project and prints its errors, its warnings and its trim, single-file and AOT findings.
The exit code is 1 when one of them is an error (TreatWarningsAsErrors and WarningsAsErrors count), else 0.
With a baseline it is 1 when there is a finding that the baseline does not accept, else 0.
PROJECT is a project file or a folder that contains one; without it the current folder. Of a solution all projects are checked, each
once; projects of F# and Visual Basic need an installed .NET SDK. X.dll is an assembly of any language, whose findings are those of
publishing; its symbols, and the assemblies that it needs, lie beside it.

  --reporter WHO    build: what .NET's analyzers find in the source; publish: what its native compiler finds in the program;
                    all (the default): both, each finding once. Publishing counts in projects with PublishAot.
  --format FORMAT   text (the default) or json
  --explain [ID]    below each finding (or those with ID alone) why its member is in the program, what asks for it, and the ways out
  --errorlog FILE   also write a SARIF log; FILE,version=2.1 says its version. The property ErrorLog does so for each project.
  --baseline FILE   accept the findings in FILE and show those beyond them, and say which are fixed
  --write-baseline  write the findings of now to the baseline's file
  -c CONFIGURATION  Debug (the default; Release for --reporter publish) or Release
  -f FRAMEWORK      target framework, for projects that have several
  -r RID            runtime identifier
  -p:NAME=VALUE     an MSBuild property; may be repeated
  -v:LEVEL          q[uiet], m[inimal] (the default), n[ormal], d[etailed] or diag[nostic]
"""

FIXED = "AOTD1102"


class _Apart:
    """Progress of a build whose stdout is for a program: errors and warnings of the build go to stderr, steps nowhere."""

    def step(self, text: str) -> None:
        """Nothing is shown."""

    def diagnostic(self, diagnostic: Diagnostic) -> None:
        """One line on stderr."""
        console.error_line(canonical_line(diagnostic))


def run(args: Sequence[str]) -> int:
    """Exit code 0 without errors, or without findings beyond the baseline; else 1."""
    try:
        options = parse_check_options(args, caller().directory)
    except InputError as error:
        if (take_value(args, "format")[1] or "").lower() != Format.JSON.value:
            raise
        return _failed_for_program(error, Recorded(_Apart()), caller().directory)
    if options.format is Format.JSON:
        return _check_for_program(options)
    with console.Progress(quiet=hides_steps(options.switches.verbosity)) as progress:
        return _check(options, Recorded(progress))


def _check_for_program(options: CheckOptions) -> int:
    """Prints JSON whatever happens: a program that reads it need not look at stderr, where errors are told to people."""
    recorded = Recorded(_Apart())
    try:
        return _check(options, recorded)
    except InputError as error:
        return _failed_for_program(error, recorded, options.folder)


def _failed_for_program(error: InputError, recorded: Recorded, folder: Path) -> int:
    recorded.diagnostic(error.to_diagnostic())
    console.write(findings_json((), None, recorded.diagnostics, folder, FirstChains(()), succeeded=False))
    return 1


def _check(options: CheckOptions, recorded: Recorded) -> int:
    try:
        checked = check(options, recorded)
    except BuildFailed:
        folder = options.folder
        if options.error_log is not None:
            _write_log(options.error_log, SarifLog(program_version(), source_folder([folder]), recorded.diagnostics, (), succeeded=False))
        if options.format is Format.JSON:
            console.write(findings_json((), None, recorded.diagnostics, folder, FirstChains(()), succeeded=False))
        return 1
    return _report(options, recorded, checked)


def _report(options: CheckOptions, recorded: Recorded, checked: Checked) -> int:
    """Prints and writes what was asked for; the exit code."""
    found = checked.found
    fixed: list[Accepted] = []
    logs = error_logs(options, found)
    if options.baseline is not None:
        found, fixed = _with_baseline(options, options.baseline, found)
    shown = tuple(_explained(options, part.shown()) for part in found)
    reasons = checked.reasons() if logs or options.explains or options.format is Format.JSON else None
    if options.format is Format.JSON:
        assert reasons is not None
        accepted = fixed if options.baseline is not None else None
        succeeded = not any(each.severity is Severity.ERROR for part in shown for each in part.findings)
        console.write(findings_json(shown, accepted, recorded.diagnostics, options.folder, reasons, succeeded=succeeded))
    else:
        _print_findings(recorded.shown, shown, reasons if options.explains else None)
        if options.explained and not any(part.findings for part in shown):
            raise InputError(NOTHING, f"there is no finding '{options.explained}'")
        _print_summary(options, recorded.shown, found, fixed)
    for file, of_part in logs:
        _write_log(file, _log(found, recorded.diagnostics, of_part, reasons))
    severities = Counter(finding.severity for part in shown for finding in part.findings)
    if options.baseline is not None and not options.writes_baseline:
        return 1 if severities[Severity.ERROR] + severities[Severity.WARNING] else 0
    return 1 if severities[Severity.ERROR] else 0


def _explained(options: CheckOptions, part: PartFindings) -> PartFindings:
    """The findings that are asked for by their id, or all."""
    wanted = options.explained
    return replace(part, findings=tuple(each for each in part.findings if each.id == wanted)) if wanted else part


def _with_baseline(options: CheckOptions, file: Path, found: GraphFindings) -> tuple[GraphFindings, list[Accepted]]:
    """The findings with the accepted ones marked, and what is fixed. Writes the baseline when that is asked for."""
    names = _distinct_names(found)
    projects = {name: part.findings for name, part in zip(names, found, strict=True)}
    reporter = options.reporters.value
    if options.writes_baseline:
        baseline = baseline_of(reporter, projects)
        replace_file(file, write_baseline(baseline).encode())
    else:
        baseline = read_baseline(str(file), file.read_text(encoding="utf-8", errors="replace"))
    if baseline.reporter != reporter:
        message = f"the baseline was written with --reporter {baseline.reporter}; use that, or write it anew"
        raise InputError(BAD_VALUE, message, Location(str(file)))
    marked, fixed = accept(baseline, projects)
    return tuple(replace(part, findings=marked[name]) for name, part in zip(names, found, strict=True)), fixed


def _distinct_names(found: GraphFindings) -> list[str]:
    """The names of the parts in a baseline; of several of one name in a solution all but the first have their number."""
    seen: Counter[str] = Counter()
    names = []
    for part in found:
        seen[part.name] += 1
        names.append(part.name if seen[part.name] == 1 else f"{part.name} ({seen[part.name]})")
    return names


def _print_findings(progress: BuildProgress, shown: GraphFindings, reasons: Chains | None) -> None:
    """The findings as canonical lines, each with its explanation below it when `reasons` are given."""
    for diagnostic in findings_as_diagnostics(shown):
        progress.diagnostic(diagnostic)
        if reasons is not None:
            console.write("".join(f"    {line}\n" for line in explanation_lines(diagnostic, reasons, caller().directory)))


def _print_summary(options: CheckOptions, progress: BuildProgress, found: GraphFindings, fixed: Sequence[Accepted]) -> None:
    """What the baseline has to say, and the numbers."""
    if options.baseline is not None:
        for entry in fixed:
            text = f"fixed, remove it from the baseline: {entry.id} in {entry.member or entry.project}: {entry.message}"
            progress.diagnostic(Diagnostic(FIXED, Severity.INFO, text, Location(str(options.baseline))))
    if options.switches.verbosity.value >= Verbosity.NORMAL.value or options.baseline is not None:
        console.write(summary(found, len(fixed)) + "\n")


def summary(found: GraphFindings, n_fixed: int) -> str:
    """One line with the numbers of findings: shown by severity, suppressed by what does so."""
    findings = [finding for part in found for finding in part.findings]
    shown = Counter(finding.severity for finding in findings if finding.suppression is None)
    parts = [f"{shown[severity]} {severity.value}{'' if shown[severity] == 1 else 's'}" for severity in (Severity.ERROR, Severity.WARNING)]
    if shown[Severity.INFO]:
        parts.append(f"{shown[Severity.INFO]} message{'' if shown[Severity.INFO] == 1 else 's'}")
    suppressed = Counter(finding.suppression.value for finding in findings if finding.suppression is not None)
    parts += [f"{count} suppressed by {'the ' if what == 'baseline' else ''}{what}" for what, count in sorted(suppressed.items())]
    return "  findings: " + ", ".join(parts + ([f"{n_fixed} fixed"] if n_fixed else []))


def error_logs(options: CheckOptions, found: GraphFindings) -> list[tuple[Path, PartFindings | None]]:
    """The logs to write, each for one project (its property ErrorLog) or for all. Raises InputError for a version that is not written."""
    logs: list[tuple[Path, PartFindings | None]] = [(options.error_log, None)] if options.error_log is not None else []
    for part in found:
        if part.error_log:
            logs.append((error_log_file(part.error_log, part.folder, "the property 'ErrorLog'", Location(part.project)), part))
    return logs


def _log(
    found: GraphFindings, diagnostics: Sequence[Diagnostic], of_part: PartFindings | None, reasons: Chains | None
) -> SarifLog:
    """The log of one project, or of all."""
    parts = [part for part in found if of_part is None or part.project == of_part.project]
    listed = [diagnostic for diagnostic in diagnostics if of_part is None or diagnostic.project == of_part.project]
    findings = [finding for part in parts for finding in part.findings]
    failed = any(each.severity is Severity.ERROR and each.suppression is None for each in findings)
    folder = source_folder([part.folder for part in parts])
    return SarifLog(program_version(), folder, listed, findings, not failed, reasons, cache(_source_text))


def _source_text(file: str) -> str:
    return read_source_file(Path(file))


def _write_log(file: Path, log: SarifLog) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    replace_file(file, sarif_text(log).encode("utf-8", "replace"))


def source_folder(projects: Sequence[Path]) -> Path:
    """What files of a log are named relative to: the repository around `projects`, else the folder that holds them all."""
    common = Path(os.path.commonpath(projects))
    return next((folder for folder in (common, *common.parents) if (folder / ".git").exists()), common)


def findings_json(
    found: GraphFindings,
    fixed: Sequence[Accepted] | None,
    diagnostics: Sequence[Diagnostic],
    folder: Path,
    reasons: Chains,
    *,
    succeeded: bool,
) -> str:
    """`{"findings": [...]}`, files relative to `folder`, their numbers, what the build said, and with a baseline what is `fixed`."""
    findings = [finding for part in found for finding in part.findings]
    rows = [finding_row(finding, folder, reasons) for finding in findings]
    numbers = Counter(finding.severity for finding in findings)
    counts = {f"{severity.value}s": numbers[severity] for severity in (Severity.ERROR, Severity.WARNING, Severity.INFO)}
    said = [diagnostic_row(diagnostic, folder) for diagnostic in diagnostics]
    content: dict[str, object] = {"findings": rows, "summary": counts, "diagnostics": said, "succeeded": succeeded}
    if fixed is not None:
        content["fixed"] = [{"project": each.project, "id": each.id, "member": each.member, "message": each.message} for each in fixed]
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def hides_steps(verbosity: Verbosity) -> bool:
    """True when only diagnostics are to be printed: in a log that is so unless more was asked for."""
    return verbosity is Verbosity.QUIET or (verbosity is Verbosity.MINIMAL and not caller().err.is_terminal)
