"""References: files that change, that are broken or gone; aliases; other open projects."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from compiler.csharp.client import CSharpReference, CSharpRequest, CSharpWorker
from compiler.csharp.options import CSharpOptions, OutputKind
from compiler.render import canonical_line
from tests.csharp.conftest import Programs

LIBRARY = CSharpOptions(output_kind=OutputKind.LIBRARY)


def library(worker: CSharpWorker, programs: Programs, text: str) -> bytes:
    """The image of a library."""
    result = worker.compile(programs.request("the library", text, options=replace(LIBRARY, switches=("/out:lib.dll",))))
    assert result.pe is not None, result.diagnostics
    return result.pe


def with_reference(request: CSharpRequest, reference: CSharpReference) -> CSharpRequest:
    """The request with one more reference."""
    return replace(request, references=(*request.references, reference))


def lines(worker: CSharpWorker, request: CSharpRequest) -> list[str]:
    """Diagnostics of a compilation as lines."""
    return [canonical_line(diagnostic) for diagnostic in worker.compile(request).diagnostics]


def test_a_reference_is_read_again_when_its_file_changes(worker: CSharpWorker, programs: Programs, tmp_path: Path) -> None:
    file = tmp_path / "lib.dll"
    request = with_reference(programs.request("changing", "class C { int x = Lib.A; }", options=LIBRARY), CSharpReference(str(file)))
    assert lines(worker, request)[0] == f"aotd: error CS0006: Metadata file '{file}' could not be found"
    file.write_bytes(library(worker, programs, "public class Lib { public const int A = 1; }"))
    assert worker.compile(request).pe is not None
    file.write_bytes(library(worker, programs, "public class Lib { public const int Another = 1; }"))
    assert lines(worker, request) == ["/src/0.cs(1,23): error CS0117: 'Lib' does not contain a definition for 'A'"]
    file.unlink()
    assert lines(worker, request)[0] == f"aotd: error CS0006: Metadata file '{file}' could not be found"


@pytest.mark.parametrize("kept", [0, 1, 100, 500, 1000, 2500])
def test_a_truncated_reference_is_an_error(worker: CSharpWorker, programs: Programs, tmp_path: Path, kept: int) -> None:
    file = tmp_path / f"cut{kept}.dll"
    file.write_bytes(library(worker, programs, "public class Lib { public const int A = 1; }")[:kept])
    request = programs.request("truncated", "class C { int x = Lib.A; }", options=LIBRARY)
    result = worker.compile(with_reference(request, CSharpReference(str(file))))
    assert result.pe is None
    assert result.diagnostics[0].code == "CS0009" and str(file) in result.diagnostics[0].message
    assert worker.compile(programs.request("truncated", "class C { }", options=LIBRARY)).pe is not None


@pytest.mark.parametrize("seed", range(12))
def test_a_damaged_reference_never_ends_the_worker(worker: CSharpWorker, programs: Programs, tmp_path: Path, seed: int) -> None:
    content = bytearray(library(worker, programs, "public class Lib { public const int A = 1; public string M(int[] x) => null; }"))
    for index in range(seed * 37, len(content), 97 + seed):
        content[index] ^= 0x55
    file = tmp_path / f"damaged{seed}.dll"
    file.write_bytes(content)
    before = worker.process_id
    request = programs.request("damaged", "class C { int x = Lib.A; string y = new Lib().M(null); }", options=LIBRARY)
    worker.compile(with_reference(request, CSharpReference(str(file))))
    assert worker.compile(programs.request("damaged", "class C { }", options=LIBRARY)).pe is not None
    assert worker.process_id == before


def test_a_folder_as_reference(worker: CSharpWorker, programs: Programs, tmp_path: Path) -> None:
    request = with_reference(programs.request("folder", "class C { }", options=LIBRARY), CSharpReference(str(tmp_path)))
    assert lines(worker, request) == [f"aotd: error CS0006: Metadata file '{tmp_path}' could not be found"]


def test_aliases(worker: CSharpWorker, programs: Programs, tmp_path: Path) -> None:
    file = tmp_path / "lib.dll"
    file.write_bytes(library(worker, programs, "public class Lib { public const int A = 1; }"))
    request = programs.request("aliases", "extern alias L; class C { int x = L::Lib.A; }", options=LIBRARY)
    assert worker.compile(with_reference(request, CSharpReference(str(file), aliases=("L",)))).pe is not None
    assert worker.compile(with_reference(request, CSharpReference(str(file)))).diagnostics[0].code == "CS0430"


def test_an_open_project_stands_in_for_its_file(worker: CSharpWorker, programs: Programs, tmp_path: Path) -> None:
    options = replace(LIBRARY, switches=("/out:lib.dll",))
    first = programs.request("open library", "public class Lib { public const int A = 1; }", options=options)
    assert worker.compile(first).pe is not None
    reference = CSharpReference(str(tmp_path / "not-built.dll"), project="open library")
    user = with_reference(programs.request("its user", "class C { int x = Lib.A; }", options=LIBRARY), reference)
    assert worker.compile(user).pe is not None
    worker.compile(programs.request("open library", "public class Lib { public const int B = 1; }", options=options))
    assert lines(worker, user) == ["/src/0.cs(1,23): error CS0117: 'Lib' does not contain a definition for 'A'"]
