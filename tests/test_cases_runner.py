"""The case runner itself: it must fail where a test would otherwise check nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cases_runner import CASES, STAGES, Case, check_case, unclaimed_stages


def make_case(folder: Path, **files: str) -> Case:
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text)
    return Case("demo", folder)


def test_every_stage_is_claimed() -> None:
    assert unclaimed_stages(CASES, STAGES) == []


def test_an_unclaimed_stage_is_found(tmp_path: Path) -> None:
    (tmp_path / "forgotten").mkdir()
    assert unclaimed_stages(tmp_path, STAGES) == ["forgotten"]


def test_equal_text_passes(tmp_path: Path) -> None:
    case = make_case(tmp_path, input_txt="a", expect_txt="A")
    check_case(case, {"expect.txt": case.text("input.txt").upper()}, bless=False)


@pytest.mark.parametrize(
    ("files", "outputs", "complaint"),
    [
        ({"expect_txt": "A"}, {"expect.txt": "B"}, "-A"),
        ({}, {"expect.txt": "A"}, "expect.txt is missing"),
        ({"expect_txt": "A", "expect_old": ""}, {"expect.txt": "A"}, "stale expectation expect.old"),
        ({"expect_txt": "A", "input_txt": ""}, {"expect.txt": "A"}, "nobody read input.txt"),
        ({"expect_txt": "A", "notes_md": ""}, {"expect.txt": "A"}, "what is notes.md for"),
        ({"expect_txt": "A"}, {}, "gave no output"),
    ],
)
def test_what_fails(tmp_path: Path, files: dict[str, str], outputs: dict[str, str], complaint: str) -> None:
    case = make_case(tmp_path, **files)
    with pytest.raises(AssertionError, match=complaint):
        check_case(case, outputs, bless=False)


def test_bless_writes_and_removes(tmp_path: Path) -> None:
    case = make_case(tmp_path, expect_old="x", expect_txt="x")
    check_case(case, {"expect.txt": "y"}, bless=True)
    assert [path.name for path in tmp_path.iterdir()] == ["expect.txt"] and (tmp_path / "expect.txt").read_text() == "y"
