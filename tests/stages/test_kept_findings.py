"""Findings kept on disk: as computed ones, and computed again when what they rest on is another, or the file is damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzers.finding import Finding
from analyzers.finding_rows import from_row, to_row
from analyzers.options import AnalysisOptions
from analyzers.run import AnalysisRequest
from compiler.csharp.client import CSharpWorker
from compiler.csharp.toolchain import Toolchain
from compiler.diagnostic_rows import MalformedRow
from compiler.flow.reader_kind import ReaderKind
from server.build.kept_findings import KeptFindings
from tests.csharp.conftest import Programs, cache_dir, programs, references, toolchain, worker
from tests.stages.test_findings import find_in

SOURCE = """
class Program
{
    static void Main(string[] args) => System.Console.WriteLine(System.Type.GetType(args[0])!.GetMethods().Length);
}
"""

__all__ = ["cache_dir", "programs", "references", "toolchain", "worker"]


class Asked:
    """Finds assemblies of the class library, and counts who asks."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.names: list[str] = []
        self.damage = b""

    def find(self, name: str) -> tuple[str, bytes] | None:
        self.names.append(name)
        found = find_in(self._folder, name)
        return (found[0], found[1] + self.damage) if found is not None and name == "System.Console" else found


@pytest.fixture(scope="module")
def request_(worker: CSharpWorker, programs: Programs) -> AnalysisRequest:
    result = worker.compile(programs.request("kept", SOURCE))
    assert result.pe is not None and result.pdb is not None
    return AnalysisRequest("program", result.pe, result.pdb, AnalysisOptions(), ReaderKind.PUBLISH)


def found_by(folder: Path, request: AnalysisRequest, asked: Asked) -> tuple[Finding, ...]:
    """The findings by a process that has only the folder."""
    return KeptFindings(folder).findings(request, asked.find, lambda: None)


def test_what_is_kept_is_what_was_found(tmp_path: Path, request_: AnalysisRequest, toolchain: Toolchain) -> None:
    asked = Asked(toolchain.reference_dir)
    first = found_by(tmp_path, request_, asked)
    assert sorted(each.id for each in first) == ["IL2057"]
    n_asked = len(asked.names)
    assert found_by(tmp_path, request_, asked) == first
    # Each assembly that was read is looked at once, to see that it is the same.
    assert len(asked.names) == n_asked + len(set(asked.names))


def test_another_reference_is_read_again(tmp_path: Path, request_: AnalysisRequest, toolchain: Toolchain) -> None:
    asked = Asked(toolchain.reference_dir)
    first = found_by(tmp_path, request_, asked)
    [file] = tmp_path.iterdir()
    kept = file.read_bytes()
    asked.damage = b"another version"
    assert found_by(tmp_path, request_, asked) == first
    assert file.read_bytes() != kept


@pytest.mark.parametrize("damage", [b"", b"no archive", b"\x1f\x8b\x08\x00cut"])
def test_damaged_files_count_as_none(damage: bytes, tmp_path: Path, request_: AnalysisRequest, toolchain: Toolchain) -> None:
    asked = Asked(toolchain.reference_dir)
    first = found_by(tmp_path, request_, asked)
    [file] = tmp_path.iterdir()
    whole = file.read_bytes()
    file.write_bytes(damage or whole[: len(whole) // 2])
    assert found_by(tmp_path, request_, asked) == first
    assert file.read_bytes() == whole


def test_rows_are_refused_when_they_are_no_findings(tmp_path: Path, request_: AnalysisRequest, toolchain: Toolchain) -> None:
    for finding in found_by(tmp_path, request_, Asked(toolchain.reference_dir)):
        row = list(to_row(finding))
        assert from_row(row) == finding
        for index in range(len(row)):
            with pytest.raises(MalformedRow):
                from_row([*row[:index], {"not": "what was written"}, *row[index + 1 :]])
        with pytest.raises(MalformedRow):
            from_row(row[:-1])
