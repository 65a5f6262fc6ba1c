"""Parsed project files between processes: what comes back is what was parsed, and damage is a miss."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.msbuild.files import DiskFiles
from server.msbuild.parsed_store import LAYOUT, ParsedStore, StoreMiss
from server.msbuild.project import ProjectEvaluator
from server.msbuild.project_files import ProjectFileCache
from server.msbuild.sdks import own_toolset
from server.msbuild.xml import XmlComment, XmlElement, XmlText, outer_xml, read_project_xml

TEXT = """<Project xmlns="http://schemas.microsoft.com/developer/msbuild/2003">
  <!-- a -->
  <PropertyGroup Condition="'$(A)' == '&lt;'"><B>x<![CDATA[<y>]]></B><C a='1' /></PropertyGroup>
  <ItemGroup><I Include="\u00e9;\U0001f600" M="%(X)"></I></ItemGroup>
  <Target Name="T"><Message Text="&#10;t" /><!-- b --></Target>
</Project>"""


def places(node: XmlElement | XmlText | XmlComment) -> list[object]:
    """Where everything stands."""
    if not isinstance(node, XmlElement):
        return [node.text]
    own = (node.name, node.file, node.line, node.column, node.empty_tag, node.namespace)
    attributes = [(a.name, a.value, a.line, a.column) for a in node.attributes]
    return [own, attributes, [places(child) for child in node.children]]


def test_comes_back_as_parsed(tmp_path: Path) -> None:
    """Names, values, places and texts, at another path too."""
    store = ParsedStore(str(tmp_path))
    assert store.save(TEXT, read_project_xml(TEXT, "/a/p.props"))
    parsed, read = read_project_xml(TEXT, "/b/q.props"), store.load(TEXT, "/b/q.props")
    assert places(read) == places(parsed)
    assert outer_xml(read, "") == outer_xml(parsed, "")


@pytest.mark.parametrize("damage", ["cut", "flip", "layout", "empty", "nonsense"])
def test_damage_is_a_miss(tmp_path: Path, damage: str) -> None:
    """A damaged file, or one of another layout, is not used."""
    store = ParsedStore(str(tmp_path))
    with pytest.raises(StoreMiss):
        store.load(TEXT, "/a")
    store.save(TEXT, read_project_xml(TEXT, "/a"))
    [file] = [path for path in tmp_path.rglob("*.json")]
    good = file.read_bytes()
    bad = {
        "cut": good[:-1],
        "flip": good.replace(b"Message", b"Massage"),
        "layout": good.replace(b"project %d" % LAYOUT, b"project %d" % (LAYOUT + 1)),
        "empty": b"",
        "nonsense": b"\xff\xfe\x00[[[",
    }[damage]
    file.write_bytes(bad)
    with pytest.raises(StoreMiss):
        store.load(TEXT, "/a")


def test_only_files_of_sdks_are_stored(tmp_path: Path) -> None:
    """The second process parses the project, and nothing of the SDK; both say the same."""
    project = tmp_path / "app.csproj"
    project.write_text(
        '<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><TargetFramework>net9.0</TargetFramework></PropertyGroup></Project>'
    )
    toolset = own_toolset()
    answers = []
    for _ in range(2):
        cache = ProjectFileCache(DiskFiles(), ParsedStore(str(tmp_path / "cache")), [toolset.tools_directory])
        instance = ProjectEvaluator({}, str(tmp_path), toolset=toolset, cache=cache).evaluate(project, {})
        answers.append((instance.properties.values, list(instance.targets), len(cache._new)))
        cache.save_new()
    assert answers[0][:2] == answers[1][:2]
    assert answers[0][2] > 5 and answers[1][2] == 0
    assert len(list((tmp_path / "cache").rglob("*.json"))) == answers[0][2]
