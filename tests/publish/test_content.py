"""Which files a publish copies, and where to."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from compiler.diagnostics import InputError
from server.msbuild.project import ProjectEvaluator
from server.msbuild.sdks import own_toolset
from server.publish.content import content_files, copy_content
from tests.run.projects import write_project

ITEMS = """
    <None Update="settings.json" CopyToOutputDirectory="PreserveNewest" />
    <None Update="notes.txt" CopyToOutputDirectory="Never" />
    <Content Include="static/**/*.css" CopyToPublishDirectory="Always" />
    <None Include="../outside.bin" CopyToOutputDirectory="Always" Link="data/inside.bin" />
    <None Include="../other.bin" CopyToOutputDirectory="Always" />
    <None Update="built-only.txt" CopyToOutputDirectory="Always" CopyToPublishDirectory="Never" />
"""


def chosen(folder: Path, items: str) -> dict[str, str]:
    """Place -> name of the source file."""
    project = write_project(folder, items=items)
    instance = ProjectEvaluator({}, str(folder), toolset=own_toolset()).evaluate(project, {})
    return {str(place): file.name for file, place in content_files(instance)}


def test_what_is_copied(tmp_path: Path) -> None:
    folder = tmp_path / "app"
    (folder / "static" / "deep").mkdir(parents=True)
    for name in ("settings.json", "notes.txt", "plain.txt", "built-only.txt", "static/deep/a.css", "../outside.bin", "../other.bin"):
        (folder / name).write_text(name)
    assert chosen(folder, ITEMS) == {
        "data/inside.bin": "outside.bin",
        "other.bin": "other.bin",
        "settings.json": "settings.json",
        "static/deep/a.css": "a.css",
    }


@pytest.mark.parametrize("link", ["../up.txt", "/etc/up.txt", "a/../../up.txt"])
def test_nothing_leaves_the_publish_folder(tmp_path: Path, link: str) -> None:
    (tmp_path / "a.txt").touch()
    with pytest.raises(InputError) as error:
        chosen(tmp_path, f'<None Update="a.txt" CopyToOutputDirectory="Always" Link="{link}" />')
    assert error.value.code == "AOTD0308" and link in error.value.message


def test_copying_again_leaves_the_times(tmp_path: Path) -> None:
    source, place = tmp_path / "a.txt", PurePosixPath("deep/a.txt")
    source.write_text("a")
    copy_content([(source, place)], tmp_path / "out")
    before = (tmp_path / "out" / place).stat().st_mtime_ns
    copy_content([(source, place)], tmp_path / "out")
    assert (tmp_path / "out" / place).stat().st_mtime_ns == before
