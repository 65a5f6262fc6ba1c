"""Character references of XML: their values, and those that are too large, however long they are."""

from __future__ import annotations

import pytest

from server.msbuild.xml import XmlSyntaxError, read_project_xml


@pytest.mark.parametrize("reference", ["65", "x41", "0" * 50 + "65"])
def test_values(reference: str) -> None:
    assert read_project_xml(f'<Project a="&#{reference};" />', "a.proj").attributes[0].value == "A"


@pytest.mark.parametrize("reference", ["9" * 6002, "x" + "f" * 6000, "2147483648"])
def test_too_large(reference: str) -> None:
    with pytest.raises(XmlSyntaxError, match="Invalid value of a character entity reference. Line 1, position 15."):
        read_project_xml(f'<Project a="&#{reference};" />', "a.proj")
