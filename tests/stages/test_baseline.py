"""Files that are no baselines, and the text of one."""

from __future__ import annotations

import pytest

from analyzers.baseline import Accepted, Baseline, read_baseline, write_baseline
from compiler.diagnostics import InputError


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "[" * 100_000,
        '{"version": 1}',
        '{"version": 2, "reporter": "all", "findings": []}',
        '{"version": 1, "reporter": "all", "findings": [3]}',
        '{"version": 1, "reporter": "all", "findings": [{"id": "IL2026"}]}',
    ],
)
def test_what_is_no_baseline_is_refused(content: str) -> None:
    with pytest.raises(InputError) as raised:
        read_baseline("known.json", content)
    assert raised.value.code == "AOTD1101"


def test_a_baseline_reads_what_it_writes() -> None:
    entries = {Accepted("app", "IL2026", "N.C.M()", '"quoted" é'): 2, Accepted("app", "IL3050", "N.A.M()", "text"): 1}
    text = write_baseline(Baseline("all", entries))
    assert read_baseline("known.json", text) == Baseline("all", entries)
    assert [line.strip()[:40] for line in text.splitlines()[4:6]] == [
        '{"project": "app", "id": "IL3050", "memb',
        '{"project": "app", "id": "IL2026", "memb',
    ]
