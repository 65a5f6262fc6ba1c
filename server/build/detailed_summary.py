"""Starts and ends of projects -> MSBuild's detailed build summary: which request asked for which, their times, what nodes did."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from server.build.events import BuildEventContext, BuildLog, Importance, ProjectFinished, ProjectStarted, Record

_TICKS_PER_SECOND = 10_000_000
_RULE = "-" * 131
_ID_WIDTH = 20
_BAR_SECONDS = 0.05
# From so many bar segments on a segment stands for as many as the last number says.
_BARS = ((100, ".", 1), (1000, "+", 100))


@dataclass(slots=True)
class _Request:
    """Targets of a project that were asked for. `busy_ticks` is the time in which it did not wait for requests of its own."""

    number: int
    project: str
    targets: str
    node: int
    started: int
    finished: int = 0
    busy_ticks: int = 0
    asked: list[_Request] = field(default_factory=list)


@dataclass(slots=True)
class _Submission:
    """A request from outside with all that came of it; `by_context` are the requests by the number of their context.

    `work` says for each time what each node does from then on.
    """

    root: _Request
    by_context: dict[int, _Request]
    waiting: dict[int, int] = field(default_factory=dict)
    running: dict[int, list[int]] = field(default_factory=dict)
    work: list[tuple[int, dict[int, int]]] = field(default_factory=list)
    last: int = 0

    def advance(self, ticks: int) -> None:
        """Gives the time since the last change to the requests that ran."""
        for request in self.by_context.values():
            if not request.finished and not self.waiting.get(request.number):
                request.busy_ticks += ticks - self.last
        self.last = ticks

    def note(self, ticks: int) -> None:
        """Notes what the nodes do now."""
        now = {node: numbers[-1] for node, numbers in self.running.items() if numbers}
        if self.work and self.work[-1][0] == ticks:
            self.work.pop()
        self.work.append((ticks, now))


@dataclass(slots=True)
class DetailedSummary:
    """A listener that keeps starts and ends of projects until they are summed up. The numbers of requests go through all submissions."""

    records: list[Record] = field(default_factory=list)
    n_requests: int = 0

    def __call__(self, record: Record) -> None:
        """Keeps a start or an end."""
        if isinstance(record.event, ProjectStarted | ProjectFinished):
            self.records.append(record)

    def send(self, log: BuildLog) -> None:
        """Sums up what has been built since the last time. Records of parallel builds come later than what they tell."""
        records, self.records = sorted(self.records, key=lambda record: record.ticks), []
        submissions: dict[int, _Submission] = {}
        for record in records:
            number = record.context.submission
            if isinstance(record.event, ProjectStarted):
                submissions[number] = self._start(record.event, record, submissions.get(number))
            elif number in submissions and record.context.project in submissions[number].by_context:
                _finish(submissions[number], submissions[number].by_context[record.context.project], record.ticks)
        for number, submission in submissions.items():
            with log.inside(BuildEventContext(0, 0, 0, 0, number, 0)):
                for text in ("\nDetailed Build Summary\n======================\n    ", *_hierarchy(submission), *_utilization(submission)):
                    log.comment(Importance.NORMAL, text)

    def _start(self, event: ProjectStarted, record: Record, submission: _Submission | None) -> _Submission:
        request = _Request(self.n_requests, event.project, event.targets.replace(";", ", "), record.context.node, record.ticks)
        self.n_requests += 1
        if submission is None:
            submission = _Submission(request, {}, last=record.ticks)
        submission.advance(record.ticks)
        parent = submission.by_context.get(event.parent.project)
        submission.by_context[record.context.project] = request
        if parent is not None:
            parent.asked.append(request)
            submission.waiting[parent.number] = submission.waiting.get(parent.number, 0) + 1
            _remove(submission, parent)
        submission.running.setdefault(request.node, []).append(request.number)
        submission.note(record.ticks)
        return submission


def _finish(submission: _Submission, request: _Request, ticks: int) -> None:
    submission.advance(ticks)
    request.finished = ticks
    _remove(submission, request)
    parent = next((one for one in submission.by_context.values() if request in one.asked), None)
    if parent is not None:
        submission.waiting[parent.number] -= 1
        if not submission.waiting[parent.number]:
            submission.running.setdefault(parent.node, []).append(parent.number)
    submission.note(ticks)


def _remove(submission: _Submission, request: _Request) -> None:
    numbers = submission.running.get(request.node, [])
    if request.number in numbers:
        numbers.remove(request.number)


def _hierarchy(submission: _Submission) -> Iterator[str]:
    yield f"""
============================== Build Hierarchy (IDs represent configurations) =====================================================
Id                  : Exclusive Time   Total Time   Path (Targets)
{_RULE}"""
    yield from _entries(submission.root, 0, is_last=True)


def _entries(request: _Request, level: int, *, is_last: bool) -> Iterator[str]:
    before = "" if not level else "| " * (level - 1) + ". " if is_last else "| " * level
    after = " " * max(_ID_WIDTH - 2 * level - 3, 0)
    own, total = request.busy_ticks / _TICKS_PER_SECOND, (request.finished - request.started) / _TICKS_PER_SECOND
    yield f"{before}{request.number:<3}{after}: {own:.3f}s           {total:.3f}s       {request.project} ({request.targets}) "
    for i, child in enumerate(request.asked):
        yield from _entries(child, level + 1, is_last=i == len(request.asked) - 1)


def _utilization(submission: _Submission) -> Iterator[str]:
    """What each node did from change to change, a request by its number where it begins there, and how much of the time it worked."""
    nodes = sorted({request.node for request in submission.by_context.values()})
    yield f"""
============================== Node Utilization (IDs represent configurations) ====================================================
Timestamp:            {"".join(f"{node:<5}   " for node in nodes)} Duration   Cumulative
{_RULE}"""
    active, began = dict.fromkeys(nodes, 0), dict.fromkeys(nodes, 0)
    earlier: dict[int, int] = {}
    sum_seconds = 0.0
    for (ticks, work), (end, _) in zip(submission.work, submission.work[1:], strict=False):
        seconds = (end - ticks) / _TICKS_PER_SECOND
        sum_seconds += seconds
        for node in work:
            began[node] = began[node] or ticks
            active[node] += end - ticks
        cells = "".join(_cell(work.get(node), earlier.get(node)) for node in nodes)
        if work:
            yield f"{ticks}:   {cells} {seconds:.3f}s     {sum_seconds:.3f}s {_bar(seconds)}"
        earlier = work
    end = submission.work[-1][0]
    shares = [100 * active[node] / max(end - began[node], 1) for node in nodes]
    shown = "".join(f"{f'{share:.1f}':<5}   " for share in shares)
    yield f"{_RULE}\nUtilization:          {shown} Average Utilization: {sum(shares) / len(shares):.1f}"


def _cell(work: int | None, earlier: int | None) -> str:
    if work is None:
        return "x       "
    return "|       " if work == earlier else f"{work:<5}   "


def _bar(seconds: float) -> str:
    n_segments = int(seconds / _BAR_SECONDS)
    segment, scale = next(((segment, scale) for most, segment, scale in _BARS if n_segments <= most), ("#", 1000))
    bar = segment * (n_segments // scale)
    return bar if scale == 1 else f"{bar} (scale 1:{scale})"
