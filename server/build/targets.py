"""Runs targets of one project: order by DependsOnTargets, BeforeTargets and AfterTargets, conditions, errors, batches.

A stack of entries, as in MSBuild: an entry first pushes what must run after it, then (above it) what must run before, and executes when
it is on top again. A failing target takes down what still waits above its parent, and marks the parent for its OnError targets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from compiler.diagnostics import Location
from server.build.batching import Bucket, prepare_buckets
from server.build.events import BuildReason, SkipReason, TargetFinished, TargetSkipped, TargetStarted
from server.build.logged_values import logged_items
from server.build.lookup import Lookup, Scope
from server.build.task_arguments import task_items
from server.build.task_execution import StepResult, TargetHost, run_child
from server.build.tasks.task import TargetIsActive
from server.build.up_to_date import Analysis, analyse, explanation, report
from server.msbuild.conditions import Allowed
from server.msbuild.errors import InvalidProjectFile, invalid
from server.msbuild.escaping import unescape
from server.msbuild.evaluate import condition_holds, diagnostic_of
from server.msbuild.expand import Expander, expand_escaped, expand_text
from server.msbuild.items import Item
from server.msbuild.model import ProjectInstance, Target
from server.msbuild.shredder import find_metadata_outside_transforms, split_list


class Outcome(Enum):
    """How a target ended."""

    SUCCESS = "success"
    FAILURE = "failure"
    SKIPPED = "skipped"


class State(Enum):
    """Where an entry of the stack is."""

    DEPENDENCIES = 1
    EXECUTION = 2
    ERROR_EXECUTION = 3
    COMPLETED = 4


class Reason(Enum):
    """Why a target was put on the stack; `value` is the word of MSB4006."""

    ASKED = "None"
    DEPENDS_ON = "DependsOn"
    BEFORE = "BeforeTargets"
    AFTER = "AfterTargets"


@dataclass(slots=True)
class TargetResult:
    """Outcome and returned items. `stops` is set when what depends on the target must not run."""

    outcome: Outcome
    items: list[Item]
    stops: bool
    fails_build: bool = True
    after_targets_failed: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """A target by name, and where it was named."""

    name: str
    location: Location


@dataclass(slots=True, eq=False)
class Entry:
    """A target on the stack."""

    wanted: Wanted
    parent: Entry | None
    reason: Reason
    lookup: Lookup
    stops_stack: bool
    is_error_target: bool = False
    state: State = State.DEPENDENCIES
    target: Target | None = None
    result: TargetResult | None = None
    call_scopes: list[Scope] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The target's name as it was asked for."""
        return self.wanted.name

    def leave_call_scopes(self) -> None:
        """What targets called by CallTarget changed becomes visible."""
        while self.call_scopes:
            self.lookup.leave(self.call_scopes.pop())


@dataclass(slots=True, eq=False)
class ProjectState:
    """A project and what was built of it. Invariant: `active` are the targets on some stack that have started.

    `number` and `evaluation` are its numbers in logs.
    """

    instance: ProjectInstance
    results: dict[str, TargetResult] = field(default_factory=dict)
    active: dict[str, int] = field(default_factory=dict)
    number: int = -1
    evaluation: int = -1


_BUILD_REASONS = {
    Reason.ASKED: BuildReason.NONE,
    Reason.DEPENDS_ON: BuildReason.DEPENDS_ON,
    Reason.BEFORE: BuildReason.BEFORE_TARGETS,
    Reason.AFTER: BuildReason.AFTER_TARGETS,
}


def _name_of(entry: Entry | None) -> str:
    return "" if entry is None else entry.target.name if entry.target is not None else entry.name


class TargetRun:
    """One request for targets of one project: owns the stack."""

    def __init__(self, state: ProjectState, host: TargetHost, request_id: int) -> None:
        self.state = state
        self.instance = state.instance
        self.host = host
        self.request_id = request_id
        self.stack: list[Entry] = []
        self.stop = False
        self.built: list[TargetResult] = []

    def expander(self, lookup: Lookup) -> Expander:
        """Expands from what `lookup` shows."""
        return Expander(lookup, lookup, None, self.instance.surroundings, self.host.condition_warnings)

    def build(self, names: Sequence[str], *, skip_nonexistent: bool) -> None:
        """Builds the named targets in order; results are in the project's state. Raises InvalidProjectFile."""
        lookup = Lookup(self.instance.properties, self.instance.items, [])
        wanted: list[Wanted] = []
        for name in names:
            target = self.instance.targets.get(name.lower())
            if target is None and skip_nonexistent:
                continue
            wanted.append(Wanted(name, target.location if target is not None else Location(self.instance.path)))
        self.push(wanted, None, lookup, Reason.ASKED, stops_stack=False, as_error_target=False)
        try:
            self.process()
        finally:
            for entry in self.stack:
                self._no_longer_active(entry)
        self._mark_after_target_failures(names)

    def _no_longer_active(self, entry: Entry) -> None:
        if self.state.active.get(entry.name.lower()) == self.request_id:
            del self.state.active[entry.name.lower()]

    def push(
        self, wanted: Sequence[Wanted], parent: Entry | None, lookup: Lookup, reason: Reason, *, stops_stack: bool, as_error_target: bool
    ) -> bool:
        """Puts targets on the stack, the first on top. Were there any?"""
        new: list[Entry] = []
        for target in reversed(wanted):
            key = target.name.lower()
            if reason in (Reason.BEFORE, Reason.AFTER):
                known = self.state.results.get(key)
                if known is not None and known.outcome is not Outcome.SKIPPED:
                    continue
            if not self._may_push(target, parent, reason):
                continue
            new.append(Entry(target, parent, reason, lookup, stops_stack, as_error_target))
            stops_stack = False
        self.stack.extend(new)
        return bool(new)

    def _may_push(self, target: Wanted, parent: Entry | None, reason: Reason) -> bool:
        key = target.name.lower()
        builder = self.state.active.get(key)
        if builder is not None:
            if builder != self.request_id:
                raise TargetIsActive
            if reason is Reason.AFTER:
                return False
            raise invalid(
                "MSB4006",
                target.location,
                f'There is a circular dependency in the target dependency graph involving target "{target.name}".',
            )
        if reason is Reason.AFTER:
            return not any(entry.name.lower() == key for entry in self.stack)
        chain = _chain_to(parent, key)
        if chain is not None:
            assert parent is not None
            raise invalid(
                "MSB4006",
                target.location,
                f'There is a circular dependency in the target dependency graph involving target "{target.name}". Since "{parent.name}" '
                "has "
                f'"{reason.value}" dependence on "{target.name}", the circular is "{"<-".join([target.name, *chain])}".',
            )
        return True

    def process(self) -> None:
        """Works the stack down."""
        while self.stack and not self.stop:
            entry = self.stack[-1]
            match entry.state:
                case State.DEPENDENCIES:
                    self._push_dependencies(entry)
                case State.EXECUTION:
                    if not self._skip_if_done(entry):
                        self.state.active[entry.name.lower()] = self.request_id
                        try:
                            self._execute(entry)
                        finally:
                            self._no_longer_active(entry)
                case State.ERROR_EXECUTION:
                    entry.leave_call_scopes()
                    self.push(self._error_targets(entry), entry, entry.lookup, Reason.ASKED, stops_stack=False, as_error_target=True)
                case State.COMPLETED:
                    self._complete(entry)

    def _skip_if_done(self, entry: Entry) -> bool:
        known = self.state.results.get(entry.name.lower())
        if known is None or known.outcome is Outcome.SKIPPED:
            return False
        if self.host.log.wants_detail:
            succeeded = known.outcome is Outcome.SUCCESS
            self._report_skipped(
                entry, SkipReason.PREVIOUSLY_BUILT_SUCCESSFULLY if succeeded else SkipReason.PREVIOUSLY_BUILT_UNSUCCESSFULLY
            )
        if entry.stops_stack:
            self.stop = True
        self.stack.pop()
        if known.outcome is Outcome.SUCCESS:
            entry.leave_call_scopes()
        else:
            self._fail_parents(entry, known)
        return True

    def _explain(self, target: str, why: str, entry: Entry) -> None:
        """Says why a target runs or does not, and for which one."""
        explain = self.host.log.explain
        if explain is not None:
            word = {Reason.DEPENDS_ON: "needed by", Reason.BEFORE: "before", Reason.AFTER: "after"}.get(entry.reason)
            asked = f" [{word} {_name_of(entry.parent)}]" if word and entry.parent is not None else ""
            explain(self.instance.path, target, why + asked)

    def _report_skipped(self, entry: Entry, why: SkipReason, condition: str = "", evaluated: str = "") -> None:
        target = self.instance.targets.get(entry.name.lower())
        name, file = (target.name, target.location.file) if target is not None else (entry.name, "")
        succeeded = why is SkipReason.PREVIOUSLY_BUILT_SUCCESSFULLY
        parent, reason = _name_of(entry.parent), _BUILD_REASONS[entry.reason]
        log = self.host.log
        with log.inside(replace(log.context, target=-1, task=-1)):
            log.send(TargetSkipped(name, why, self.instance.path, file, parent, condition, evaluated, succeeded, reason))

    def _push_dependencies(self, entry: Entry) -> None:
        if self._skip_if_done(entry):
            return
        self.stack.pop()
        after = [Wanted(hook.target, hook.location) for hook in self.instance.after_targets.get(entry.name.lower(), ())]
        stops = entry.stops_stack
        if self.push(after, entry.parent, entry.lookup, Reason.AFTER, stops_stack=stops, as_error_target=entry.is_error_target):
            entry.stops_stack = False
        self.stack.append(entry)
        dependencies = self._dependencies(entry)
        before = [Wanted(hook.target, hook.location) for hook in self.instance.before_targets.get(entry.name.lower(), ())]
        self.push(before, entry, entry.lookup, Reason.BEFORE, stops_stack=False, as_error_target=False)
        self.push(dependencies, entry, entry.lookup, Reason.DEPENDS_ON, stops_stack=False, as_error_target=False)

    def _dependencies(self, entry: Entry) -> list[Wanted]:
        """What the target depends on; the entry is completed here when its condition is false."""
        target = self.instance.targets.get(entry.name.lower())
        if target is None:
            raise invalid("MSB4057", entry.wanted.location, f'The target "{entry.name}" does not exist in the project.')
        entry.target = target
        element = target.element
        condition = element.value("Condition")
        if find_metadata_outside_transforms(condition):
            raise invalid(
                "MSB4116",
                element.at("Condition"),
                f'The condition "{condition}" on the "{target.name}" target has a reference to item metadata. References to item '
                "metadata are not "
                "allowed in target conditions unless they are part of an item transform.",
            )
        expander = self.expander(entry.lookup)
        if not condition_holds(expander, element, Allowed.PROPERTIES | Allowed.ITEM_LISTS, self.instance.directory):
            entry.result = TargetResult(Outcome.SKIPPED, [], stops=False)
            entry.state = State.COMPLETED
            if self.host.log.explain is not None:
                self._explain(target.name, f"skipped: its condition {condition} is false", entry)
            if self.host.log.wants_detail:
                evaluated = expand_text(expander, condition, element.at("Condition"))
                self._report_skipped(entry, SkipReason.CONDITION_WAS_FALSE, condition, evaluated)
            return []
        location = element.at("DependsOnTargets")
        entry.state = State.EXECUTION
        names = split_list(expand_escaped(expander, element.value("DependsOnTargets"), location))
        return [Wanted(unescape(name), location) for name in names]

    def _execute(self, entry: Entry) -> None:
        target = entry.target
        assert target is not None
        expander = self.expander(entry.lookup)
        texts = self._batchable_texts(target)
        buckets = prepare_buckets(texts, entry.lookup, expander, target.location)
        log = self.host.log
        outer = log.context
        succeeded = True
        stopped = False
        last = StepResult(succeeded=True, stops=False)
        for index, bucket in enumerate(buckets):
            if stopped:
                break
            if index:
                self._end_batch(target, last)
            log.context = replace(outer, target=next(log.numbers.targets), task=-1)
            reason = _BUILD_REASONS[entry.reason]
            log.send(TargetStarted(self.instance.path, target.name, target.location.file, _name_of(entry.parent), reason))
            try:
                last = self._execute_bucket(entry, target, bucket)
            except InvalidProjectFile as error:
                log.send(diagnostic_of(error, self.instance.path))
                last = StepResult(succeeded=False, stops=True)
            succeeded = succeeded and last.succeeded
            stopped = last.stops
        entry.leave_call_scopes()
        for bucket in buckets:
            bucket.leave()
        items: list[Item] = []
        try:
            items = self._returned(entry, target, texts)
        finally:
            self._end_batch(target, last, items)
            log.context = outer
        entry.result = TargetResult(Outcome.SUCCESS if succeeded else Outcome.FAILURE, items, stops=stopped)
        entry.state = State.ERROR_EXECUTION if not succeeded and stopped else State.COMPLETED

    def _end_batch(self, target: Target, result: StepResult, items: Sequence[Item] = ()) -> None:
        """The last batch tells what the target returned, which is known when all have run."""
        outputs = logged_items(items) if items and self.host.log.wants_detail else None
        self.host.log.send(TargetFinished(self.instance.path, target.name, result.succeeded, target.location.file, outputs))

    def _batchable_texts(self, target: Target) -> list[str]:
        return [text for text in (target.element.value(name) for name in ("Inputs", "Outputs", "Returns")) if text]

    def _execute_bucket(self, entry: Entry, target: Target, bucket: Bucket) -> StepResult:
        records = self.host.content_records
        verdict = analyse(self.instance, target, bucket, records)
        report(verdict, target, self.host.log, question=self.host.question)
        self._explain(target.name, explanation(verdict, target), entry)
        lookup = bucket.lookup
        if verdict.analysis in (Analysis.NO_INPUTS, Analysis.NO_OUTPUTS):
            return StepResult(succeeded=True, stops=False)
        if self.host.question and verdict.all_inputs and verdict.analysis is not Analysis.UP_TO_DATE:
            return StepResult(succeeded=False, stops=True)
        infer, execute = lookup.clone(), lookup.clone()
        infer_scope, execute_scope = infer.enter(), execute.enter()
        if verdict.analysis is Analysis.PARTIAL:
            for item_type, items in verdict.unchanged.items():
                infer.show_only(item_type, items)
            for item_type, items in verdict.changed.items():
                execute.show_only(item_type, items)
        infers = verdict.analysis in (Analysis.UP_TO_DATE, Analysis.PARTIAL)
        executes = verdict.analysis in (Analysis.FULL, Analysis.PARTIAL)
        result = StepResult(succeeded=True, stops=False)
        try:
            for child in target.element.elements():
                if child.name == "OnError":
                    continue
                if infers:
                    step = run_child(self.instance, self.host, child, infer, entry, infers=True)
                if executes:
                    step = run_child(self.instance, self.host, child, execute, entry, infers=False)
                    result = StepResult(result.succeeded and step.succeeded, step.stops)
                    if step.stops:
                        break
        finally:
            infer.leave(infer_scope)
            execute.leave(execute_scope)
        if executes and result.succeeded and records is not None and verdict.all_inputs and verdict.all_outputs:
            records.note(self.instance.path, target.name, verdict.all_inputs, verdict.all_outputs)
        return result

    def _returned(self, entry: Entry, target: Target, texts: list[str]) -> list[Item]:
        """The items that the target hands to who built it."""
        element = target.element
        attribute = "Returns" if element.attribute("Returns") is not None or target.file_has_returns else "Outputs"
        text = element.value(attribute)
        if not text:
            return []
        keep = element.value("KeepDuplicateOutputs")
        expander = self.expander(entry.lookup)
        keeps = bool(keep) and condition_holds(expander, element, Allowed.PROPERTIES | Allowed.ITEM_LISTS, self.instance.directory, keep)
        items: list[Item] = []
        for bucket in prepare_buckets(texts, entry.lookup, expander, target.location):
            items += task_items(self.instance, bucket.expander, text, element.at(attribute))
            bucket.lookup.scopes.pop()
        if keeps:
            return items
        unique: dict[tuple[str, tuple[tuple[str, str], ...]], Item] = {}
        for item in items:
            metadata = tuple(sorted((key, value) for key, (_, value) in item.all_metadata().items()))
            unique.setdefault((item.include.lower(), metadata), item)
        return list(unique.values())

    def _error_targets(self, entry: Entry) -> list[Wanted]:
        names: list[Wanted] = []
        if entry.target is not None:
            expander = self.expander(entry.lookup)
            for child in entry.target.element.elements():
                if child.name != "OnError":
                    continue
                if condition_holds(expander, child, Allowed.PROPERTIES | Allowed.ITEM_LISTS, self.instance.directory):
                    location = child.at("ExecuteTargets")
                    parts = split_list(expand_escaped(expander, child.value("ExecuteTargets"), location))
                    names += [Wanted(unescape(part), location) for part in parts]
        if entry.result is None:
            entry.result = TargetResult(Outcome.FAILURE, [], stops=True)
        entry.state = State.COMPLETED
        return names

    def _complete(self, entry: Entry) -> None:
        assert entry.result is not None
        key = entry.name.lower()
        if entry.result.outcome is not Outcome.SKIPPED or key not in self.state.results:
            self.state.results[key] = entry.result
        self.built.append(entry.result)
        self.stack.pop()
        if entry.stops_stack:
            self.stop = True
        self._fail_parents(entry, entry.result)

    def _fail_parents(self, entry: Entry, result: TargetResult) -> None:
        if not result.stops:
            return
        while self.stack and self.stack[-1] is not entry.parent and not self.stack[-1].is_error_target:
            dropped = self.stack.pop()
            dropped.leave_call_scopes()
            if dropped.stops_stack:
                self.stop = True
        parent = entry.parent
        if parent is None:
            return
        if parent.state is not State.COMPLETED:
            parent.state = State.ERROR_EXECUTION
        elif parent.result is not None and parent.result.outcome is Outcome.SKIPPED:
            parent.result.stops = True

    def call_targets(self, names: Sequence[str], entry: Entry) -> list[tuple[str, TargetResult | None]]:
        """What CallTarget does: runs targets now, on the state that `entry` started with."""
        answers: list[tuple[str, TargetResult | None]] = []
        for name in names:
            wanted = Wanted(name, self.host.call_location)
            entry.call_scopes.append(entry.lookup.enter())
            outer, self.stack = self.stack, []
            outer_stop, self.stop = self.stop, False
            try:
                self.push([wanted], entry, entry.lookup, Reason.ASKED, stops_stack=False, as_error_target=False)
                self.process()
            finally:
                self.stack, self.stop = outer, outer_stop
            result = self.state.results.get(name.lower())
            answers.append((name, result))
            if result is not None and result.outcome is Outcome.FAILURE:
                break
        return answers

    def _mark_after_target_failures(self, names: Sequence[str]) -> None:
        for name in names:
            result = self.state.results.get(name.lower())
            if result is None:
                continue
            pending, seen = [name.lower()], {name.lower()}
            while pending:
                for hook in self.instance.after_targets.get(pending.pop(), ()):
                    key = hook.target.lower()
                    after = self.state.results.get(key)
                    if after is not None and after.outcome is Outcome.FAILURE and after.fails_build:
                        result.after_targets_failed = True
                    if key not in seen:
                        seen.add(key)
                        pending.append(key)


def _chain_to(parent: Entry | None, key: str) -> list[str] | None:
    """Names from `parent` up to the entry called `key`, None when it is not among the parents."""
    names: list[str] = []
    while parent is not None:
        names.append(parent.name)
        if parent.name.lower() == key:
            return names
        parent = parent.parent
    return None
