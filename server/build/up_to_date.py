"""Inputs and Outputs of a target -> must it run, wholly or for some items only.

As in MSBuild: outputs that are transforms of input lists are compared item by item; everything else is compared as one set with the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from compiler.diagnostics import Diagnostic, Severity
from server.build.batching import Bucket
from server.build.content_records import ContentChange, ContentRecords
from server.build.events import BuildLog, Importance, LoggedItem, ParameterKind, SkipReason, TargetSkipped, TaskParameter
from server.msbuild import paths
from server.msbuild.errors import invalid
from server.msbuild.escaping import unescape
from server.msbuild.expand import expand_escaped, expand_item_list, single_item_list
from server.msbuild.files import FileSystem
from server.msbuild.items import Item
from server.msbuild.model import ProjectInstance, Target
from server.msbuild.shredder import split_list

_NO_INPUTS = "Though the target has declared its inputs, the input specification only references empty properties and/or empty item lists."
_NO_OUTPUTS = (
    "Though the target has declared its outputs, the output specification only references empty properties and/or empty item lists."
)


class Analysis(Enum):
    """What is to be done."""

    FULL = "full build"
    PARTIAL = "partial"
    UP_TO_DATE = "up-to-date"
    NO_INPUTS = "no-inputs"
    NO_OUTPUTS = "no-outputs"


class OutOfDate(Enum):
    """What is wrong with an output."""

    MISSING_INPUT = "Input file does not exist."
    MISSING_OUTPUT = "Output file does not exist."
    NEWER_INPUT = "Input file is newer than output file."


@dataclass(frozen=True, slots=True)
class Finding:
    """An output that must be made anew, the input that says so, and the item type when one input was compared with one output."""

    what: OutOfDate
    input: str
    output: str
    item_type: str = ""

    def text(self) -> str:
        """The finding as MSBuild's logs say it."""
        if self.item_type:
            return f"[{self.item_type}: Input={self.input}, Output={self.output}] {self.what.value}"
        match self.what:
            case OutOfDate.NEWER_INPUT:
                return f'Input file "{self.input}" is newer than output file "{self.output}".'
            case OutOfDate.MISSING_OUTPUT:
                return f'Output file "{self.output}" does not exist.'
            case OutOfDate.MISSING_INPUT:
                return f'Input file "{self.input}" does not exist.'


@dataclass(slots=True)
class Verdict:
    """The analysis; for PARTIAL the items that changed and those that did not, by type in lower case.

    `findings` say why; `inputs` and `outputs` are the paths that were compared, escaped, each once. `all_inputs` and `all_outputs` are full
    paths of everything that the target names. `content` is set when it was not the times that decided.
    """

    analysis: Analysis
    changed: dict[str, list[Item]] = field(default_factory=dict)
    unchanged: dict[str, list[Item]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    inputs: dict[str, None] = field(default_factory=dict)
    outputs: dict[str, None] = field(default_factory=dict)
    all_inputs: tuple[str, ...] = ()
    all_outputs: tuple[str, ...] = ()
    content: ContentChange | None = None
    is_same_content: bool = False


@dataclass(slots=True)
class _Specification:
    """One attribute taken apart. `lists`: item type -> {expression: (values, items)}; `transforms` the same; `discrete`: plain names."""

    lists: dict[str, dict[str, list[tuple[str | None, Item | None]]]] = field(default_factory=dict)
    transforms: dict[str, dict[str, list[tuple[str | None, Item | None]]]] = field(default_factory=dict)
    discrete: dict[str, str] = field(default_factory=dict)

    def values(self, *, transforms: bool) -> list[str]:
        """All values of the lists (or of the transforms)."""
        source = self.transforms if transforms else self.lists
        return [value for partition in source.values() for entries in partition.values() for value, _ in entries if value]


def analyse(instance: ProjectInstance, target: Target, bucket: Bucket, records: ContentRecords | None = None) -> Verdict:
    """Must the batch `bucket` of `target` run? By times, and by content where `records` know of an earlier run.

    Raises InvalidProjectFile (MSB4058).
    """
    verdict = _by_times(instance, target, bucket)
    if records is None or not verdict.all_inputs or not records.knows(instance.path, target.name, verdict.all_outputs):
        return verdict
    change = records.change(instance.path, target.name, verdict.all_inputs, verdict.all_outputs)
    if change is None and verdict.analysis in (Analysis.FULL, Analysis.PARTIAL):
        return replace(verdict, analysis=Analysis.UP_TO_DATE, changed={}, unchanged={}, is_same_content=True)
    if change is not None and (verdict.analysis is Analysis.UP_TO_DATE or change.path not in verdict.all_outputs):
        return replace(verdict, analysis=Analysis.FULL, changed={}, unchanged={}, content=change)
    return replace(verdict, content=change)


def _by_times(instance: ProjectInstance, target: Target, bucket: Bucket) -> Verdict:
    element = target.element
    inputs_text, outputs_text = element.value("Inputs"), element.value("Outputs")
    if inputs_text and not outputs_text:
        raise invalid(
            "MSB4058",
            element.at("Inputs"),
            f'The "{target.name}" target is missing its output specification. If a target declares inputs, it must also declare outputs.',
        )
    if not outputs_text:
        return Verdict(Analysis.FULL)
    inputs = _read(bucket, inputs_text, target, "Inputs", keep_transforms=True)
    outputs = _read(bucket, outputs_text, target, "Outputs", keep_transforms=False)
    output_values = outputs.values(transforms=False) + list(outputs.discrete.values())
    times = _Times(instance)
    if not output_values:
        return Verdict(Analysis.NO_OUTPUTS if inputs_text else Analysis.FULL)
    everything = inputs.values(transforms=False) + inputs.values(transforms=True) + list(inputs.discrete.values())
    verdict = _compare(times, inputs, outputs, output_values, has_inputs=bool(inputs_text))
    verdict.all_inputs = tuple(dict.fromkeys(times.full_path(path) for path in everything))
    verdict.all_outputs = tuple(dict.fromkeys(times.full_path(path) for path in output_values))
    return verdict


def _compare(times: _Times, inputs: _Specification, outputs: _Specification, output_values: Sequence[str], *, has_inputs: bool) -> Verdict:
    only_in_outputs = [item_type for item_type in outputs.lists if item_type not in inputs.lists]
    if outputs.discrete or only_in_outputs:
        everything = inputs.values(transforms=False) + inputs.values(transforms=True) + list(inputs.discrete.values())
        return _compare_sets(times, everything, output_values, has_inputs=has_inputs)
    extra = inputs.values(transforms=True) + list(inputs.discrete.values())
    for item_type, partition in inputs.lists.items():
        if item_type not in outputs.lists:
            extra += [value for entries in partition.values() for value, _ in entries if value]
    apart = _compare_sets(times, extra, output_values, has_inputs=True) if extra else Verdict(Analysis.UP_TO_DATE)
    if apart.analysis is Analysis.FULL:
        return apart
    verdict = _compare_items(times, inputs, outputs)
    verdict.inputs = apart.inputs | verdict.inputs
    verdict.outputs = apart.outputs | verdict.outputs
    return verdict


def _read(bucket: Bucket, text: str, target: Target, attribute: str, *, keep_transforms: bool) -> _Specification:
    found = _Specification()
    location = target.element.at(attribute)
    for part in split_list(expand_escaped(bucket.expander.with_items(None), text, location)):
        reference = single_item_list(part, location)
        if reference is None:
            found.discrete.setdefault(part.lower(), part)
            continue
        entries = [(entry.value, entry.item) for entry in expand_item_list(bucket.expander, reference, location)]
        if entries:
            transformed = keep_transforms and reference.steps is not None
            table = found.transforms if transformed else found.lists
            table.setdefault(reference.item_type.lower(), {})[part.lower()] = entries
    return found


class _Times:
    """Modification times of paths, each asked once."""

    def __init__(self, instance: ProjectInstance) -> None:
        self.directory = instance.directory
        self.files: FileSystem = instance.surroundings.files
        self.known: dict[str, float | None] = {}

    def full_path(self, escaped: str) -> str:
        """The file that a text of Inputs or Outputs names."""
        return paths.full_path(unescape(escaped).replace("\\", "/"), self.directory)

    def of(self, escaped: str) -> float | None:
        """Seconds since 1970, None when there is no such file."""
        path = self.full_path(escaped)
        if path not in self.known:
            times = self.files.times(path)
            self.known[path] = times[0] if times is not None else None
        return self.known[path]

    def compare(self, input_path: str, output_path: str, item_type: str = "") -> Finding | None:
        """Is the output missing or older, or the input missing?"""
        output_time = self.of(output_path)
        input_time = self.of(input_path)
        if input_time is None:
            return _finding(OutOfDate.MISSING_INPUT, input_path, output_path, item_type)
        if output_time is None:
            return _finding(OutOfDate.MISSING_OUTPUT, input_path, output_path, item_type)
        return _finding(OutOfDate.NEWER_INPUT, input_path, output_path, item_type) if input_time > output_time else None


def _finding(what: OutOfDate, input_path: str, output_path: str, item_type: str = "") -> Finding:
    return Finding(what, _shown(input_path), _shown(output_path), item_type)


def _shown(escaped: str) -> str:
    return unescape(escaped).replace("\\", "/")


def _compare_sets(times: _Times, inputs: Sequence[str], outputs: Sequence[str], *, has_inputs: bool) -> Verdict:
    """All inputs against the oldest output, as MSBuild looks for the first reason."""
    if not inputs:
        return Verdict(Analysis.NO_INPUTS if has_inputs else Analysis.FULL)
    missing = next((output for output in outputs if times.of(output) is None), None)
    if missing is not None:
        return Verdict(Analysis.FULL, findings=[_finding(OutOfDate.MISSING_OUTPUT, inputs[0], missing)])
    oldest = min(outputs, key=lambda output: times.of(output) or 0.0)
    for given in inputs:
        found = times.compare(given, oldest)
        if found is not None:
            return Verdict(Analysis.FULL, findings=[found])
    return Verdict(Analysis.UP_TO_DATE, inputs=dict.fromkeys(inputs), outputs=dict.fromkeys(outputs))


def _compare_items(times: _Times, inputs: _Specification, outputs: _Specification) -> Verdict:
    """Every input item against the output made of it."""
    verdict = Verdict(Analysis.UP_TO_DATE)
    all_changed = 0
    for item_type, partition in outputs.lists.items():
        entries = next(iter(inputs.lists[item_type].values()))
        items: list[Item | None] = [item for _, item in entries]
        total = len(items)
        n_changed = 0
        changed: list[Item] = []
        for output_entries in partition.values():
            if len(output_entries) == len(items):
                for index, (value, _) in enumerate(output_entries):
                    item = items[index]
                    if item is None or value is None:
                        continue
                    verdict.inputs[item.include] = None
                    verdict.outputs[value] = None
                    found = times.compare(item.include, value, item.item_type or item_type)
                    if found is not None:
                        verdict.findings.append(found)
                        changed.append(item)
                        items[index] = None
                        n_changed += 1
                        verdict.analysis = Analysis.PARTIAL
            else:
                given = [item.include for item in items if item is not None]
                produced = [value for value, _ in output_entries if value]
                compared = _compare_sets(times, given, produced, has_inputs=True)
                verdict.inputs |= compared.inputs
                verdict.outputs |= compared.outputs
                if compared.analysis is Analysis.FULL:
                    verdict.findings += compared.findings
                    n_changed = total
                    changed = [item for item in items if item is not None] + changed
                    items = [None] * total
                    verdict.analysis = Analysis.PARTIAL
            if n_changed == total:
                all_changed += 1
                break
        verdict.changed[item_type] = changed
        verdict.unchanged[item_type] = [item for item in items if item is not None]
    if verdict.analysis is Analysis.PARTIAL and all_changed == len(outputs.lists):
        return Verdict(Analysis.FULL, findings=verdict.findings)
    return verdict


def report(verdict: Verdict, target: Target, log: BuildLog, *, question: bool) -> None:
    """Says in the log what was found out, as MSBuild does; a target that must run is an error when that is the question."""
    match verdict.analysis:
        case Analysis.NO_INPUTS:
            log.comment(Importance.NORMAL, f'Skipping target "{target.name}" because it has no inputs.')
            log.comment(Importance.LOW, _NO_INPUTS)
        case Analysis.NO_OUTPUTS:
            log.comment(Importance.NORMAL, f'Skipping target "{target.name}" because it has no outputs.')
            log.comment(Importance.LOW, _NO_OUTPUTS)
        case Analysis.UP_TO_DATE:
            log.send(TargetSkipped(target.name, SkipReason.OUTPUTS_UP_TO_DATE, originally_succeeded=True, importance=Importance.NORMAL))
            if log.wants_detail:
                _report_compared(log, ParameterKind.SKIPPED_TARGET_INPUTS, verdict.inputs)
                _report_compared(log, ParameterKind.SKIPPED_TARGET_OUTPUTS, verdict.outputs)
        case Analysis.PARTIAL:
            reason = "some output files are out of date with respect to their input files"
            text = f'Building target "{target.name}" partially, because {reason}.'
            if question:
                log.send(Diagnostic("", Severity.ERROR, text))
            else:
                log.comment(Importance.NORMAL, text)
        case Analysis.FULL:
            if verdict.findings and question:
                log.send(Diagnostic("", Severity.ERROR, f'Building target "{target.name}" completely.'))
            elif verdict.findings:
                log.comment(Importance.LOW, f'Building target "{target.name}" completely.')
            elif target.element.value("Outputs") and not target.element.value("Inputs"):
                log.comment(Importance.LOW, f'Building target "{target.name}" completely.')
                log.comment(Importance.LOW, "No input files were specified.")
    for finding in verdict.findings:
        log.comment(Importance.LOW, finding.text())


def explanation(verdict: Verdict, target: Target) -> str:
    """Why a target runs or does not, in one line."""
    match verdict.analysis:
        case Analysis.NO_INPUTS:
            return "skipped: it has no inputs"
        case Analysis.NO_OUTPUTS:
            return "skipped: it has no outputs"
        case Analysis.UP_TO_DATE:
            if not verdict.is_same_content:
                return "skipped: its outputs are newer than its inputs"
            touched = verdict.findings[0].input if verdict.findings else "an input"
            return f'skipped: "{touched}" is newer, but all inputs and outputs have the content of the last run'
        case _:
            return f"{'runs for some items' if verdict.analysis is Analysis.PARTIAL else 'runs'}: {_cause(verdict, target)}"


def _cause(verdict: Verdict, target: Target) -> str:
    found = verdict.findings[0] if verdict.findings else None
    if found is not None and found.what is not OutOfDate.NEWER_INPUT:
        kind, path = ("input", found.input) if found.what is OutOfDate.MISSING_INPUT else ("output", found.output)
        return f'{kind} "{path}" does not exist{_more(verdict)}'
    change = verdict.content
    if change is not None:
        kind = "output" if change.path in verdict.all_outputs else "input"
        return f'{kind} "{change.path}" {change.what}{_more(verdict)}'
    if found is not None:
        return f'input "{found.input}" is newer than output "{found.output}"{_more(verdict)}'
    return "it has outputs and no inputs" if target.element.value("Outputs") else "it names no inputs and outputs, so it always runs"


def _more(verdict: Verdict) -> str:
    count = len(verdict.findings) - 1
    return f" (and {count} more)" if count > 0 else ""


def _report_compared(log: BuildLog, kind: ParameterKind, compared: Iterable[str]) -> None:
    log.send(TaskParameter(kind, "", tuple(LoggedItem(unescape(path)) for path in compared)))
