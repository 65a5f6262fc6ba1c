"""ILLink's XML files: elements with their places, and documents that are refused."""

from __future__ import annotations

import pytest

from compiler.flow.link_xml import InvalidLinkXml, read_link_xml

DOCUMENT = b"""<?xml version="1.0"?>
<linker>
  <assembly fullname="A" feature="F" featurevalue="true">
    <type
      fullname="N.T" />
  </assembly>
  <assembly fullname="B" feature="F" featurevalue="false" featuredefault="true" />
</linker>
"""


def test_places_are_those_of_element_names() -> None:
    first, second = read_link_xml(DOCUMENT).named("assembly")
    inner = next(first.named("type"))
    assert [(each.line, each.column) for each in (first, inner, second)] == [(3, 4), (4, 6), (7, 4)]
    assert inner.get("fullname") == "N.T" and inner.get("preserve") == ""


@pytest.mark.parametrize(
    ("switches", "expected"),
    [({}, [False, True]), ({"F": True}, [True, False]), ({"F": False}, [False, True]), ({"G": True}, [False, True])],
)
def test_conditions_on_feature_switches(switches: dict[str, bool], expected: list[bool]) -> None:
    assert [each.applies(switches) for each in read_link_xml(DOCUMENT).named("assembly")] == expected


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<linker>",
        b"<linker></other>",
        b"\xff\xfe\x00",
        b'<!DOCTYPE linker [<!ENTITY a "b">]><linker>&a;</linker>',
        b"<a>" * 100_000,
    ],
)
def test_refused(content: bytes) -> None:
    with pytest.raises(InvalidLinkXml):
        read_link_xml(content)
