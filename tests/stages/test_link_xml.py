"""ILLink's XML files: elements with their places, and documents that are refused."""

from __future__ import annotations

import pytest

from compiler.flow.link_xml import InvalidLinkXml, read_link_xml, read_linker

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
    ("condition", "expected"),
    [
        ('feature="F"', [False, False, False]),
        ('feature="F" featurevalue="yes"', [False, False, False]),
        ('feature="F" featurevalue=" True "', [False, True, False]),
        ('feature="F" featurevalue="true" featuredefault="false"', [False, False, False]),
        ('feature="" featurevalue="x"', [True, True, True]),
    ],
)
def test_malformed_conditions_do_not_hold(condition: str, expected: list[bool]) -> None:
    element = read_link_xml(f"<linker {condition} />")
    assert [element.applies(switches) for switches in ({}, {"F": True}, {"F": False})] == expected


def test_content_of_elements() -> None:
    root = read_link_xml('<linker xmlns:x="urn:x"><a /><b></b><c> \n</c><d><!-- why --></d><e>text</e><x:f><g /></x:f></linker>')
    assert [(each.local_name, each.has_content, each.is_self_closing) for each in root.children] == [
        ("a", False, True),
        ("b", False, False),
        ("c", False, False),
        ("d", True, False),
        ("e", True, False),
        ("f", True, False),
    ]
    assert read_linker(b'<linker xmlns="urn:x" />') is None and read_linker(b"<other />") is None


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"", (1, 1)),
        (b"<linker>\n", (2, 1)),
        (b"<linker>\n  <type></other>", (2, 11)),
        (b"\xff\xfe\x00", (1, 2)),
        (b'<!DOCTYPE linker [<!ENTITY a "b">]><linker>&a;</linker>', (1, 30)),
        (b'<linker>\n <type fullname="a" fullname="b" />', (2, 21)),
        (b"<?xml version='1.0' encoding='nothing-known'?><linker />", (1, 31)),
        (b"<a>" * 100_000, (1, 193)),
    ],
)
def test_refused(content: bytes, place: tuple[int, int]) -> None:
    with pytest.raises(InvalidLinkXml) as refused:
        read_link_xml(content)
    assert (refused.value.line, refused.value.column) == place


def test_text_of_an_editor_has_no_encoding() -> None:
    assert read_link_xml('<?xml version="1.0" encoding="utf-16"?><linker a="\u00e4" />').get("a") == "\u00e4"
