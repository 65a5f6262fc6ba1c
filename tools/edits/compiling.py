"""Texts of a made-up project -> what the analyzers are asked about it, compiled by the tool chain that a project here would have."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from analyzers.options import AnalysisOptions
from analyzers.run import AnalysisRequest, AnalysisSession
from compiler.csharp.client import CSharpReference, CSharpRequest, CSharpSource, CSharpWorker
from compiler.csharp.embedded import fetch_embedded
from compiler.csharp.frameworks import Toolchain
from compiler.csharp.options import CSharpOptions, OutputKind, csc_switches
from compiler.csharp.places import PlaceFinder
from compiler.csharp.toolchain import cache_directory, find_toolchain, require_npm
from compiler.diagnostics import Severity
from compiler.flow.reader_kind import ReaderKind

_SWITCHES = csc_switches("program", CSharpOptions(output_kind=OutputKind.EXE, lang_version="12", no_warn=("CS0618", "CS1998", "CS0219")))


def edits_toolchain(folder: Path) -> Toolchain:
    """The tool chain for a project in `folder`, fetched when there is none. Raises ToolchainError."""
    found = find_toolchain(os.environ, folder)
    return found or fetch_embedded(cache_directory(os.environ), require_npm(os.environ), lambda _done, _total: None)


@dataclass(frozen=True, slots=True)
class Compiler:
    """A warm C# compiler with the class library."""

    toolchain: Toolchain
    worker: CSharpWorker

    def compile(self, project: str, texts: Mapping[str, str]) -> AnalysisRequest | None:
        """What is to be analysed of these texts, for the build's reader; None when they do not compile."""
        sources = tuple(CSharpSource(path, text) for path, text in texts.items())
        references = tuple(CSharpReference(str(path)) for path in sorted(self.toolchain.reference_dir.glob("*.dll")))
        result = self.worker.compile(CSharpRequest(project, "/src", _SWITCHES, sources, references))
        if result.pe is None or result.pdb is None or any(each.severity is Severity.ERROR for each in result.diagnostics):
            return None
        places = PlaceFinder(lambda paths: self.worker.ask_places(project, paths))
        return AnalysisRequest("program", result.pe, result.pdb, AnalysisOptions(), ReaderKind.BUILD, dict(texts), places)

    def session(self) -> AnalysisSession:
        """A session over the class library."""
        return AnalysisSession(self.find_assembly)

    def find_assembly(self, name: str) -> tuple[str, bytes] | None:
        """An assembly of the class library by name."""
        path = self.toolchain.reference_dir / f"{name}.dll"
        return (str(path), path.read_bytes()) if path.is_file() else None
