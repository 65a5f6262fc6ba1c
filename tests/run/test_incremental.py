"""Publishing again: nothing is generated that is there already, and the bytes are those of a clean publish."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from compiler.csharp.toolchain import Toolchain
from tests.conftest import RunAotd, run_process
from tests.run.projects import write_project

SUMMARY = re.compile(
    r"^app -> (?P<path>\S+) \([0-9.]+ MB, (?P<all>[0-9,]+) methods: (?P<made>[0-9,]+) compiled, (?P<kept>[0-9,]+) reused, [0-9.]+ s\)$"
)


@dataclass(frozen=True, slots=True)
class Publish:
    """What a publish said and made."""

    n_methods: int
    n_generated: int
    n_reused: int
    program: bytes
    symbols: bytes


def publish(aotd: RunAotd, project: Path, cache: Path, configuration: str) -> Publish:
    """Publishes with a cache of its own; the tool chain is taken from the user's."""
    result = aotd("publish", project, "-c", configuration, env={"AOTD_NO_DAEMON": "1", "AOTD_CACHE_DIR": str(cache)}, timeout=600)
    assert result.exit_code == 0, result.output
    said = SUMMARY.match(result.stdout.splitlines()[-1].strip())
    assert said is not None, result.output
    program = Path(said["path"])
    assert program == project.parent / "bin" / configuration / "net9.0" / "linux-x64" / "publish" / "app"
    numbers = [int(said[name].replace(",", "")) for name in ("all", "made", "kept")]
    return Publish(numbers[0], numbers[1], numbers[2], program.read_bytes(), program.with_name("app.dbg").read_bytes())


@pytest.fixture
def object_cache(cache_dir: Path, toolchain: Toolchain, tmp_path: Path) -> Path:
    """A cache folder without objects and records of programs; all else is that of the user's cache."""
    folder = tmp_path / "cache"
    folder.mkdir()
    for part in cache_dir.iterdir():
        if part.name not in ("objects", "publishes"):
            (folder / part.name).symlink_to(part)
    return folder


@pytest.mark.run
@pytest.mark.parametrize("configuration", ["Debug", "Release"])
def test_publish_again(aotd: RunAotd, tmp_path: Path, object_cache: Path, configuration: str) -> None:
    project = write_project(tmp_path / "p", source='Console.WriteLine("one");\n')
    first = publish(aotd, project, object_cache, configuration)
    assert first.n_generated == first.n_methods > 100
    again = publish(aotd, project, object_cache, configuration)
    assert (again.n_generated, again.n_reused) == (0, first.n_methods)
    assert again.program == first.program and again.symbols == first.symbols
    shutil.rmtree(object_cache / "objects")
    for made in ("bin", "obj"):
        shutil.rmtree(project.parent / made)
    clean = publish(aotd, project, object_cache, configuration)
    assert clean.program == first.program and clean.symbols == first.symbols


@pytest.mark.run
def test_an_edit_generates_little_and_the_bytes_of_a_clean_publish(aotd: RunAotd, tmp_path: Path, object_cache: Path) -> None:
    project = write_project(tmp_path / "p", source='Console.WriteLine("one");\n')
    publish(aotd, project, object_cache, "Debug")
    (project.parent / "Program.cs").write_text('Console.WriteLine("two");\n')
    edited = publish(aotd, project, object_cache, "Debug")
    assert 0 < edited.n_generated <= 5
    program = project.parent / "bin/Debug/net9.0/linux-x64/publish/app"
    assert run_process([str(program)]).stdout == "two\n"
    for made in ("objects", "publishes"):
        shutil.rmtree(object_cache / made)
    assert publish(aotd, project, object_cache, "Debug").program == edited.program


@pytest.mark.run
def test_a_second_program_finds_the_library_in_the_cache(aotd: RunAotd, tmp_path: Path, object_cache: Path) -> None:
    first = publish(aotd, write_project(tmp_path / "p"), object_cache, "Debug")
    second = publish(aotd, write_project(tmp_path / "q", source='Console.WriteLine("another");\n'), object_cache, "Debug")
    assert second.n_reused >= first.n_methods * 9 // 10
