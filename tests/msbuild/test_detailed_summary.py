"""-ds: which request asked for which, how long each took, and what the nodes did."""

from __future__ import annotations

from dataclasses import replace

from server.build.detailed_summary import DetailedSummary
from server.build.events import BuildEventContext, BuildLog, Message, ProjectFinished, ProjectStarted, Record

_MS = 10_000
_ROOT = BuildEventContext(1, 10, -1, -1, 0, 1, 1)


def _events(summary: DetailedSummary, *events: tuple[int, int, int]) -> None:
    """Starts and ends: a number of a project that ends, or with the number of its parent begins, at a time in ms."""
    for project, parent, ms in events:
        context = replace(_ROOT, project=project)
        event: ProjectStarted | ProjectFinished = ProjectFinished(f"{project}.proj", succeeded=True)
        if parent:
            event = ProjectStarted(f"{project}.proj", "A;B" if project > 10 else "", (), replace(_ROOT, project=parent), 1)
        summary(Record(event, context, ms * _MS))


def _texts(summary: DetailedSummary) -> list[str]:
    texts: list[str] = []

    def listen(record: Record) -> None:
        assert isinstance(record.event, Message)
        assert record.context == BuildEventContext(0, 0, 0, 0, 0, 0)
        texts.append(record.event.text)

    summary.send(BuildLog([listen]))
    return texts


def test_hierarchy_and_nodes() -> None:
    summary = DetailedSummary()
    _events(
        summary, (10, -2, 1000), (11, 10, 1100), (12, 11, 1150), (12, 0, 1350), (11, 0, 1400), (13, 10, 1400), (13, 0, 7600), (10, 0, 7700)
    )
    texts = _texts(summary)
    assert texts[0] == "\nDetailed Build Summary\n======================\n    "
    assert texts[1].splitlines()[2] == "Id                  : Exclusive Time   Total Time   Path (Targets)"
    assert texts[2:6] == [
        "0                   : 0.200s           6.700s       10.proj () ",
        "| 1                 : 0.100s           0.300s       11.proj (A, B) ",
        "| . 2               : 0.200s           0.200s       12.proj (A, B) ",
        ". 3                 : 6.200s           6.200s       13.proj (A, B) ",
    ]
    assert texts[6].splitlines()[2] == "Timestamp:            1        Duration   Cumulative"
    assert texts[7:-1] == [
        "10000000:   0        0.100s     0.100s ..",
        "11000000:   1        0.050s     0.150s .",
        "11500000:   2        0.200s     0.350s ....",
        "13500000:   1        0.050s     0.400s .",
        "14000000:   3        6.200s     6.600s + (scale 1:100)",
        "76000000:   0        0.100s     6.700s ..",
    ]
    assert texts[-1].splitlines()[1] == "Utilization:          100.0    Average Utilization: 100.0"


def test_records_of_parallel_builds_come_late() -> None:
    """Two projects run at once and are told one after the other."""
    summary = DetailedSummary()
    _events(summary, (10, -2, 0), (11, 10, 100), (11, 0, 400), (12, 10, 110), (12, 0, 300), (10, 0, 500))
    lines = _texts(summary)[2:5]
    assert [line.split(":")[1].split()[:2] for line in lines] == [["0.200s", "0.500s"], ["0.300s", "0.300s"], ["0.190s", "0.190s"]]


def test_nothing_built_is_nothing_said() -> None:
    assert not _texts(DetailedSummary())
