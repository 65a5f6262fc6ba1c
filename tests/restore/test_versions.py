"""Versions and ranges: what is read, how it is written, what is higher, what is best."""

from __future__ import annotations

import pytest

from server.restore.versions import NuGetVersion, VersionRange, parse_range, parse_version


def version(text: str) -> NuGetVersion:
    found = parse_version(text)
    assert found is not None
    return found


def versions(text: str) -> VersionRange:
    found = parse_range(text)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "normal"),
    [("1", "1.0.0"), ("1.0.0.0", "1.0.0"), ("1.2.3.4", "1.2.3.4"), (" 01.2 ", "1.2.0"), ("1.0.0-Beta.1+meta", "1.0.0-Beta.1")],
)
def test_a_version_is_written_in_its_normal_form(text: str, normal: str) -> None:
    assert version(text).normalized == normal


@pytest.mark.parametrize("text", ["", "v1", "1.0.0-", "1.0.0+", "1..0", "1.0-a_b", "2147483648.0", "1.2.3.4.5"])
def test_no_version(text: str) -> None:
    assert parse_version(text) is None


def test_versions_have_an_order() -> None:
    texts = ["0.9", "1.0.0-1", "1.0.0-2", "1.0.0-10", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-BETA", "1.0.0-rc", "1.0", "1.0.0.1", "1.0.1"]
    ordered = [version(text) for text in texts]
    assert sorted(reversed(ordered)) == ordered
    assert version("1.0.0-RC+one") == version("1.0-rc+two")


@pytest.mark.parametrize(
    ("text", "normal", "shown"),
    [
        ("1.0", "[1.0.0, )", "(>= 1.0.0)"),
        ("[1.0]", "[1.0.0, 1.0.0]", "(= 1.0.0)"),
        ("(1.0,)", "(1.0.0, )", "(> 1.0.0)"),
        (" [ 1.0 , 2.0 ) ", "[1.0.0, 2.0.0)", "(>= 1.0.0 && < 2.0.0)"),
        ("(,1.0]", "(, 1.0.0]", "(<= 1.0.0)"),
        ("1.*", "[1.*, )", "(>= 1.0.0)"),
        ("*-*", "[*-*, )", "(>= 0.0.0-0)"),
        ("1.0.0-rc.*", "[1.0.0-rc.*, )", "(>= 1.0.0-rc.0)"),
    ],
)
def test_a_range_is_written(text: str, normal: str, shown: str) -> None:
    assert (str(versions(text)), versions(text).pretty) == (normal, shown)


@pytest.mark.parametrize("text", ["", "[,]", "(1.0)", "[2,1]", "[1.0,1.0)", "1.*.0", "[1.0,2.0", "nonsense"])
def test_no_range(text: str) -> None:
    assert parse_range(text) is None


@pytest.mark.parametrize(
    ("text", "best"),
    [
        ("1.0", "1.0.0"),
        ("1.1", "1.2.0"),
        ("(1.0,)", "1.2.0"),
        ("[1.0,2.0)", "1.0.0"),
        ("(,1.5]", "1.0.0"),
        ("1.*", "1.5.0"),
        ("*", "2.0.0"),
        ("*-*", "3.0.0-beta"),
        ("3.0.0-*", "3.0.0-beta"),
        ("[3.0.0]", None),
    ],
)
def test_the_best_version_of_a_range(text: str, best: str | None) -> None:
    known = [version(one) for one in ("1.0.0", "1.2.0", "1.5.0", "2.0.0", "3.0.0-beta")]
    found = versions(text).best_of(known)
    assert (found.normalized if found is not None else None) == best
