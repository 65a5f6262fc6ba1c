"""What publishes of programs rested on and what came of them -> the same publish again, while nothing of that has changed.

A publish is a function of the values read from its projects, of files and of this program with its tools. All of that is one digest, made
before the publish; the record says which programs and warnings it led to. When the digest is the same and the written files are as they
were left, nothing is analysed, compiled or linked, and the same is said. A record that cannot be read is as good as none.

**Invariant:** the digest covers everything that findings and the native compiler read (`tests/run/test_publish_records.py` compares).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path

from compiler.diagnostic_rows import MalformedRow, diagnostic_of, diagnostic_row
from compiler.diagnostics import Diagnostic
from compiler.request import CompileRequest
from server.build.analysis_inputs import (
    analysis_options,
    feature_switches,
    is_csharp,
    is_program,
    is_published,
    is_single,
    publish_options,
    reference_checks_asked,
    single_warning_of,
    sources,
)
from server.build.atomic_files import replace_file
from server.build.csharp_build import configuration_files, csharp_request, read_source_file
from server.build.file_digests import Digests, FileDigests
from server.build.graph import BuiltProject
from server.build.program_text import program_fingerprint
from server.build.root_files import assemblies_kept_whole, embedded_files, keeps_untrimmable, root_files, trimmable_assemblies
from server.build.value_text import text_of
from server.publish.published import Published
from server.publish.request import CompilerPlace, compile_request

_FORMAT = 1
# Packages that make code and link it.
_NATIVE_TOOLS = ("llvmlite", "ziglang")


@dataclass(frozen=True, slots=True)
class KeptPublish:
    """A publish that was made, and what it reported."""

    published: Published
    diagnostics: tuple[Diagnostic, ...]


@dataclass(slots=True)
class _Content:
    """What a record's file holds."""

    files: FileDigests
    question: str = ""
    outputs: Digests | None = None
    kept: KeptPublish | None = None


class PublishRecord:
    """The record of the program of the last of `projects`, which are built, references first.

    Invariant: `_question` is that of the moment when the record was opened; what is noted later rests on it. Raises InputError for a
    project that is not a program.
    """

    def __init__(self, projects: Sequence[BuiltProject], place: CompilerPlace) -> None:
        self.projects = projects
        self.place = place
        program = projects[-1].project
        self.request = compile_request(projects[-1], program.property("RuntimeIdentifier"), place)
        name = blake2b(
            f"{program.property('MSBuildProjectFullPath')}\0{self.request.output}".encode("utf-8", "surrogatepass"), digest_size=16
        )
        self._file = place.cache_dir / "publishes" / f"{name.hexdigest()}.json"
        self._content = _read(self._file)
        self._question = _question(projects, self.request, place, self._content.files)

    def unchanged(self) -> KeptPublish | None:
        """The last publish, when another would be the same and what it wrote is still there."""
        content = self._content
        if content.question != self._question or content.kept is None:
            return None
        return content.kept if self._outputs(content.kept.published) == content.outputs else None

    def note(self, published: Published, diagnostics: Sequence[Diagnostic]) -> None:
        """The publish was made, with these warnings. A record that cannot be written is as good as none."""
        known = replace(published, n_generated=0, n_reused=published.n_methods)
        content = {
            "format": _FORMAT,
            "question": self._question,
            "outputs": self._outputs(published),
            "published": _published_row(known),
            "diagnostics": [diagnostic_row(each) for each in diagnostics],
            "files": self._content.files.rows(),
        }
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            replace_file(self._file, json.dumps(content, separators=(",", ":")).encode())
        except OSError:
            return

    def _outputs(self, published: Published) -> Digests:
        return self._content.files.of_all(str(path) for path in published.files)


def _published_row(published: Published) -> list[object]:
    symbols = str(published.symbols) if published.symbols is not None else None
    counts = [published.size_bytes, published.n_methods, published.n_generated, published.n_reused]
    return [published.name, str(published.program), symbols, *counts, list(published.unsupported)]


def _read(file: Path) -> _Content:
    try:
        content = json.loads(file.read_bytes())
        if content["format"] != _FORMAT:
            return _Content(FileDigests())
        name, program, symbols, size, n_methods, n_generated, n_reused, unsupported = content["published"]
        path = Path(symbols) if symbols is not None else None
        published = Published(name, Path(program), path, size, n_methods, n_generated, n_reused, tuple(unsupported))
        kept = KeptPublish(published, tuple(diagnostic_of(row) for row in content["diagnostics"]))
        return _Content(FileDigests(content["files"]), content["question"], content["outputs"], kept)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, MalformedRow):
        return _Content(FileDigests())


def _question(projects: Sequence[BuiltProject], request: CompileRequest, place: CompilerPlace, files: FileDigests) -> str:
    """The digest of all that the publish is a function of. How many processes work on it changes nothing."""
    program = projects[-1].project
    folders = {
        folder for built in projects for folder in (built.framework.framework_dir, built.framework.reference_dir) if folder is not None
    }
    parts: list[object] = [
        (program_fingerprint(), list(_native_tools()), [list(_stamps(folder)) for folder in sorted({*folders, *place.tool_folders})]),
        replace(request, cache_dir=Path(), n_workers=0, npm=None),
        (root_files(program), assemblies_kept_whole(program), keeps_untrimmable(program), trimmable_assemblies(program)),
        (is_published(program), is_program(program), feature_switches(program)),
        [(path.stem, is_single(program, path.stem)) for path in projects[-1].references],
    ]
    for built in projects:
        parts += _project_parts(built, projects[-1])
    parts.append(files.of_all(sorted(_files(projects, folders))))
    digest = blake2b(digest_size=20)
    for part in parts:
        text = text_of(part).encode("utf-8", "surrogatepass")
        digest.update(len(text).to_bytes(8, "little"))
        digest.update(text)
    return digest.hexdigest()


def _project_parts(built: BuiltProject, program: BuiltProject) -> list[object]:
    """The values that the analyzers and the places of findings rest on."""
    project = built.project
    configurations = configuration_files(project, read_source_file)
    compiled = built.request
    if compiled is None:
        compiled, _ = csharp_request(project, built.framework, built.direct, read_source_file)
    name, file, error_log = (project.property(each) for each in ("AssemblyName", "MSBuildProjectFullPath", "ErrorLog"))
    return [
        (name, file, error_log, single_warning_of(program.project, name, Path(file).stem)),
        project.directory,
        (analysis_options(project, configurations), publish_options(program.project, configurations)),
        (feature_switches(project), reference_checks_asked(project), built.references, built.framework),
        (is_csharp(project), embedded_files(project), sources(project)),
        compiled,
    ]


def _files(projects: Sequence[BuiltProject], stamped: Iterable[Path]) -> set[str]:
    """Assemblies and symbols that are read, but for those in folders of which all is known."""
    known = set(stamped)
    assemblies: set[Path] = set()
    found: set[str] = set()
    for built in projects:
        assemblies |= {built.assembly.path, *built.references, *built.direct}
        if built.request is not None:
            assemblies |= {Path(reference.path) for reference in built.request.references}
        if built.assembly.symbols is not None:
            found.add(str(built.assembly.symbols))
    for path in assemblies:
        if path.parent not in known:
            found |= {str(path), str(path.with_suffix(".pdb"))}
    return found


def _stamps(folder: Path) -> Iterator[tuple[str, int, int]]:
    """Name, size and time of every assembly in the folder of a tool chain, which only an installer changes."""
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.name.endswith(".dll"):
                status = entry.stat()
                yield entry.path, status.st_size, status.st_mtime_ns


def _native_tools() -> Iterator[str]:
    """The versions of the packages, by the names of the folders in which an installer says what it installed."""
    for name in _NATIVE_TOOLS:
        found = find_spec(name)
        if found is None or found.origin is None:
            # Whoever needs it says that it is missing.
            yield name
            continue
        package = Path(found.origin).parent
        yield f"{package} {sorted(path.name for path in package.parent.glob(f'{name}-*.dist-info'))}"
