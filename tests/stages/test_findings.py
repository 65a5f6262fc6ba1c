"""Stage `findings`: C# source -> the findings of the analyzers as canonical lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzers.run import AnalysisOptions, AnalysisRequest, analyze
from compiler.csharp.client import CSharpWorker
from compiler.csharp.options import CSharpOptions, OutputKind
from compiler.csharp.toolchain import Toolchain
from compiler.render import canonical_line
from tests.cases_runner import Case, case_id, cases, check_case
from tests.csharp.conftest import Programs, cache_dir, programs, references, toolchain, worker

__all__ = ["cache_dir", "programs", "references", "toolchain", "worker"]


@pytest.mark.parametrize("case", cases("findings"), ids=case_id)
def test_findings(case: Case, bless: bool, worker: CSharpWorker, programs: Programs, toolchain: Toolchain) -> None:
    source = case.text("input.cs")
    options = CSharpOptions(output_kind=OutputKind.EXE, lang_version="12")
    result = worker.compile(programs.request(f"findings-{case.folder.name}", IMPLICIT_USINGS + source, options=options))
    assert result.pe is not None and result.pdb is not None, [canonical_line(d) for d in result.diagnostics]
    request = AnalysisRequest("program", result.pe, result.pdb, AnalysisOptions(), sources={"/src/0.cs": IMPLICIT_USINGS + source})
    found = analyze(request, lambda name: find_in(toolchain.reference_dir, name))
    check_case(case, {"expect.txt": "".join(canonical_line(d) + "\n" for d in found)}, bless=bless)


IMPLICIT_USINGS = (
    "global using System; global using System.Collections.Generic; "
    "global using System.IO; global using System.Threading.Tasks; "
)


def find_in(folder: Path, name: str) -> tuple[str, bytes] | None:
    """The assembly `name` of the class library, as the analyzers ask for it."""
    path = folder / f"{name}.dll"
    return (str(path), path.read_bytes()) if path.is_file() else None
