"""Evaluated C# project -> its IL assembly and symbols in the intermediate folder, up to date.

`csharp_request` is what is compiled, sources read; the editor asks for the same request with its own texts in place of the files'.
`build_csharp` compiles it when something that went into it changed (by content), and leaves the files alone when nothing did.
Building the projects that a project refers to is `server/build/graph.py`.
"""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from compiler.csharp.client import CSharpReference, CSharpRequest, CSharpResult, CSharpSource
from compiler.csharp.frameworks import Framework
from compiler.csharp.options import DebugKind, csc_switches
from compiler.csharp.places import SourcePlaces
from compiler.diagnostics import Diagnostic, Location, Severity
from server.build.atomic_files import replace_file
from server.build.build_stamp import Stamp, output_hashes, read_stamp, write_stamp
from server.build.csharp_options import csharp_options
from server.build.generated_sources import generated_sources
from server.build.project_values import EvaluatedProject

ReadSource = Callable[[Path], str]

# Raised when the request for the same project is to be compiled anew by a newer aotd.
STAMP_LAYOUT = 1


class CSharpCompiler(Protocol):
    """What compiles a request: the warm worker."""

    def compile(self, request: CSharpRequest) -> CSharpResult:
        """The compiled assembly, or the diagnostics that say why there is none."""

    def places(self, project: str, paths: Sequence[str] | None) -> SourcePlaces:
        """Where things stand in the sources that were compiled last. Raises ToolchainError when `project` was not compiled."""


@dataclass(frozen=True, slots=True)
class CSharpAssembly:
    """A built assembly. `symbols` is None when the project asks for none; `was_current` when nothing had to be compiled."""

    path: Path
    symbols: Path | None
    diagnostics: tuple[Diagnostic, ...]
    was_current: bool

    def has_errors(self) -> bool:
        """True when there is no assembly to go on with."""
        return any(diagnostic.severity is Severity.ERROR for diagnostic in self.diagnostics)


def csharp_request(
    project: EvaluatedProject, framework: Framework, references: Sequence[Path], read_source: ReadSource
) -> tuple[CSharpRequest, tuple[Diagnostic, ...]]:
    """What is compiled for `project`, and an error for each source that cannot be read (it is left out then)."""
    missing: list[Diagnostic] = []
    intermediate = intermediate_folder(project)
    sources = [CSharpSource(str(intermediate / name), text) for name, text in generated_sources(project).items()]
    for item in project.items_of("Compile"):
        path = Path(item.full_path())
        try:
            sources.append(CSharpSource(str(path), read_source(path)))
        except OSError as error:
            missing.append(unreadable_source(project, path, error))
    assemblies = [*sorted(framework.reference_dir.glob("*.dll")), *references]
    request = CSharpRequest(
        project=project.property("MSBuildProjectFullPath"),
        directory=project.directory,
        switches=csc_switches(project.property("AssemblyName"), csharp_options(project)),
        sources=tuple(sources),
        references=tuple(CSharpReference(str(path)) for path in assemblies),
        analyzer_configs=tuple(configuration_files(project, read_source)),
    )
    return request, tuple(missing)


def build_csharp(project: EvaluatedProject, framework: Framework, references: Sequence[Path], compiler: CSharpCompiler) -> CSharpAssembly:
    """The assembly of `project` in its intermediate folder. Raises OSError when that cannot be written."""
    request, missing = csharp_request(project, framework, references, read_source_file)
    folder = intermediate_folder(project)
    assembly = folder / f"{project.property('AssemblyName')}.dll"
    wants_symbols = csharp_options(project).debug is DebugKind.PORTABLE
    symbols = assembly.with_suffix(".pdb") if wants_symbols else None
    if missing:
        return CSharpAssembly(assembly, symbols, missing, was_current=False)
    stamp_file = folder / f"{project.property('AssemblyName')}.aotd.json"
    key = request_key(request, framework)
    stamp = read_stamp(stamp_file)
    if stamp is not None and stamp.key == key and stamp.files == output_hashes(assembly, symbols):
        return CSharpAssembly(assembly, symbols, stamp.warnings, was_current=True)
    result = compiler.compile(request)
    if result.pe is None or any(diagnostic.severity is Severity.ERROR for diagnostic in result.diagnostics):
        return CSharpAssembly(assembly, symbols, result.diagnostics, was_current=False)
    write_outputs(project, result, assembly, symbols)
    warnings = tuple(diagnostic for diagnostic in result.diagnostics if diagnostic.severity is Severity.WARNING)
    write_stamp(stamp_file, Stamp(key, output_hashes(assembly, symbols), warnings))
    return CSharpAssembly(assembly, symbols, warnings, was_current=False)


def write_outputs(project: EvaluatedProject, result: CSharpResult, assembly: Path, symbols: Path | None) -> None:
    """Writes the generated sources, for debuggers and readers, and the assembly with its symbols."""
    assembly.parent.mkdir(parents=True, exist_ok=True)
    for name, text in generated_sources(project).items():
        replace_file(assembly.parent / name, text.encode())
    if symbols is not None and result.pdb is not None:
        replace_file(symbols, result.pdb)
    assert result.pe is not None
    replace_file(assembly, result.pe)


def intermediate_folder(project: EvaluatedProject) -> Path:
    """The absolute path of IntermediateOutputPath."""
    return Path(project.directory) / project.property("IntermediateOutputPath").replace("\\", "/")


def configuration_files(project: EvaluatedProject, read_source: ReadSource) -> list[CSharpSource]:
    """The .editorconfig and .globalconfig files that are there."""
    paths = [Path(item.full_path()) for item in project.items_of("EditorConfigFiles")]
    return [CSharpSource(str(path), read_source(path)) for path in paths if path.is_file()]


def unreadable_source(project: EvaluatedProject, path: Path, error: OSError) -> Diagnostic:
    """csc's own errors for a source that is not there or cannot be opened."""
    file = project.property("MSBuildProjectFullPath")
    if isinstance(error, FileNotFoundError):
        return Diagnostic("CS2001", Severity.ERROR, f"Source file '{path}' could not be found.", Location("CSC"), project=file)
    message = f"Source file '{path}' could not be opened -- {error.strerror or error}"
    return Diagnostic("CS1504", Severity.ERROR, message, Location("CSC"), project=file)


def read_source_file(path: Path) -> str:
    """The text of a source as csc decodes it: by its byte order mark, else UTF-8, else Latin-1. The mark itself is kept."""
    content = path.read_bytes()
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "\ufeff" + content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def request_key(request: CSharpRequest, framework: Framework) -> str:
    """A hash of all that the compilation reads: switches, sources and references by content, the framework by its version."""
    digest = hashlib.blake2b(digest_size=20)
    digest.update(repr((STAMP_LAYOUT, request.directory, request.switches, framework.name, framework.version)).encode())
    for source in (*request.sources, *request.analyzer_configs):
        digest.update(f"\0{source.path}\0{len(source.text)}\0".encode())
        digest.update(source.text.encode("utf-8", "surrogatepass"))
    for reference in request.references:
        digest.update(f"\0{reference}\0".encode())
        path = Path(reference.path)
        if path.parent != framework.reference_dir and path.is_file():
            digest.update(hashlib.blake2b(path.read_bytes()).digest())
    return digest.hexdigest()
