"""C# sources, references and options -> PE and portable PDB bytes with diagnostics, by the warm worker.

`CSharpWorker` keeps one worker process, starts it at the first request, and replaces it after it died or hung: the
request then fails with a diagnostic, and the next one works. Only what changed since the last request for the same
project is sent. It may be used from any thread; requests for one project wait for each other.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from compiler.csharp.coreclr import coreclr_command, tool_environment
from compiler.csharp.error_log import CompilationLog, read_log
from compiler.csharp.errors import ToolchainError
from compiler.csharp.frameworks import Toolchain
from compiler.csharp.places import SourcePlaces, read_places
from compiler.csharp.process import Request, RequestCancelled, WorkerProcess
from compiler.csharp.wire import Answer, Json
from compiler.csharp.worker_build import ensure_worker
from compiler.diagnostics import Diagnostic, Location, Related, Severity

# Hexadecimal bytes. A compilation allocates much that dies soon: a nursery of 64 MB saves a sixth of its time.
_GEN0_SIZE = "0x4000000"
_SEVERITIES = {"Error": Severity.ERROR, "Warning": Severity.WARNING, "Info": Severity.INFO, "Hidden": Severity.HIDDEN}


@dataclass(frozen=True, slots=True)
class CSharpSource:
    """A source file: its path, as it appears in diagnostics and symbols, and its text (a leading U+FEFF is kept)."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class CSharpReference:
    """An assembly to compile against. `project` names an open project whose compilation stands in for the file."""

    path: str
    aliases: tuple[str, ...] = ()
    embed_interop_types: bool = False
    project: str = ""


@dataclass(frozen=True, slots=True)
class CSharpRequest:
    """One compilation. `project` identifies what is kept warm between requests; `directory` is its folder.

    `switches` are those of csc, without sources and references (`compiler/csharp/options.py` makes them).
    Generated sources are ordinary `sources`. `analyzer_configs` are .editorconfig and .globalconfig files.
    With `emit_despite_errors` the bodies that have errors throw, and the rest is still emitted. With `as_csc` the compiler does what
    csc does: it stops after the stage that has errors, and runs analyzers.
    """

    project: str
    directory: str
    switches: tuple[str, ...]
    sources: tuple[CSharpSource, ...]
    references: tuple[CSharpReference, ...]
    analyzer_configs: tuple[CSharpSource, ...] = ()
    emit_despite_errors: bool = False
    as_csc: bool = False


@dataclass(frozen=True, slots=True)
class CSharpResult:
    """`pe` is None when nothing could be emitted; each of the others is there only when the switches ask for it.

    `replaced` has the places of the code that throws or is left out because of errors, when the request allowed that. `log` is what an
    error log holds, when the switches ask for one; `analyzer_times` the lines of csc's report about analyzers. `generated` has
    paths and contents of what source generators added, when the switches ask for it (`/generatedfilesout`).
    """

    pe: bytes | None
    pdb: bytes | None
    diagnostics: tuple[Diagnostic, ...]
    replaced: tuple[Location, ...] = ()
    documentation: bytes | None = None
    reference_pe: bytes | None = None
    log: CompilationLog | None = None
    analyzer_times: tuple[str, ...] = ()
    generated: tuple[tuple[str, bytes], ...] = ()


@dataclass(slots=True)
class _Sent:
    """What the worker process `process` knows of a project; nothing that another process knew."""

    gate: threading.Lock = field(default_factory=threading.Lock)
    process: WorkerProcess | None = None
    running: Request | None = None
    paths: tuple[str, ...] = ()
    texts: dict[str, str] = field(default_factory=dict)
    references: tuple[CSharpReference, ...] | None = None
    analyzer_configs: tuple[CSharpSource, ...] | None = None


class CSharpWorker:
    """The warm compiler. Invariant: `_process` is alive, or the next request replaces it."""

    def __init__(self, toolchain: Toolchain, cache_dir: Path, environment: Mapping[str, str], *, timeout_seconds: float = 120.0) -> None:
        self._toolchain = toolchain
        self._cache_dir = cache_dir
        self._environment = dict(environment)
        self._timeout_seconds = timeout_seconds
        self._gate = threading.Lock()
        self._process: WorkerProcess | None = None
        self._sent: dict[str, _Sent] = {}

    @property
    def process_id(self) -> int | None:
        """Process id of the running worker; None when none runs."""
        process = self._process
        return process.process_id if process is not None and process.is_alive else None

    def compile(self, request: CSharpRequest) -> CSharpResult:
        """The compiled assembly. When the worker fails, its failure (AOTD01xx) is the one diagnostic.

        Raises RequestCancelled after `cancel` for the same project.
        """
        with self._gate:
            sent = self._sent.setdefault(request.project, _Sent())
        with sent.gate:
            try:
                process = self._running()
                body, blobs = _compile_body(request, sent if sent.process is process else _Sent())
                sent.process = None
                sent.running = process.send("compile", body, blobs)
                try:
                    answer = process.wait(sent.running, self._timeout_seconds)
                finally:
                    sent.running = None
            except ToolchainError as error:
                return CSharpResult(None, None, (error.to_diagnostic(),))
            except RequestCancelled:
                # A worker that gives a compilation up has taken its sources in before.
                _remember(request, sent, process)
                raise
            _remember(request, sent, process)
        return _compile_result(answer)

    def cancel(self, project: str) -> None:
        """Gives the running compilation of a project up: its `compile` raises RequestCancelled, if it is not done before."""
        with self._gate:
            sent, process = self._sent.get(project), self._process
        running = sent.running if sent is not None else None
        if running is not None and process is not None:
            process.cancel(running)

    def request(self, verb: str, body: Mapping[str, Json], blobs: Sequence[bytes] = ()) -> Answer:
        """The worker's answer to any of its verbs. Raises ToolchainError."""
        return self._running().request(verb, body, blobs, self._timeout_seconds)

    def places(self, project: str, paths: Sequence[str] | None) -> SourcePlaces:
        """Where declarations and operations stand in the sources of the last compile request of `project`; all files without `paths`.

        Raises ToolchainError, also when the project was not compiled by the running worker.
        """
        return self.ask_places(project, paths)()

    def ask_places(self, project: str, paths: Sequence[str] | None) -> Callable[[], SourcePlaces]:
        """Asks for `places` and does not wait: what is returned does. Both raise ToolchainError."""
        process = self._running()
        asked = process.send("places", {"project": project, "paths": None if paths is None else list(paths)}, ())

        def wait() -> SourcePlaces:
            body = process.wait(asked, self._timeout_seconds).body
            parts = [body.get(name, []) for name in ("paths", "declarations", "operations", "bodies")]
            lists = [part for part in parts if isinstance(part, list)]
            assert len(lists) == len(parts), "the worker answers with four lists"
            return read_places(*lists)

        return wait

    def close_project(self, project: str) -> None:
        """Frees what is kept for a project."""
        with self._gate:
            sent = self._sent.pop(project, None)
        if sent is not None and sent.process is not None and sent.process.is_alive:
            sent.process.request("close", {"project": project}, (), self._timeout_seconds)

    def close(self) -> None:
        """Ends the worker; a later request starts a new one."""
        with self._gate:
            process, self._process = self._process, None
            self._sent.clear()
        if process is not None:
            process.close()

    def _running(self) -> WorkerProcess:
        """The process that takes the next request. Raises ToolchainError when it cannot be started."""
        with self._gate:
            if self._process is None or not self._process.is_alive:
                application = ensure_worker(self._toolchain, self._cache_dir, self._environment)
                folders = [str(self._toolchain.roslyn_dir), str(self._toolchain.msbuild_dir)]
                command = coreclr_command(self._toolchain, application, folders)
                environment = {"DOTNET_GCgen0size": _GEN0_SIZE, **tool_environment(self._toolchain, self._environment)}
                self._process = WorkerProcess(command, environment)
            return self._process


def _compile_body(request: CSharpRequest, sent: _Sent) -> tuple[dict[str, Json], list[bytes]]:
    """Body and blobs of a compile request: what `sent` does not have already. Doubled paths count once, as for csc."""
    sources = {source.path: source.text for source in request.sources}
    paths = tuple(sources)
    blobs: list[bytes] = []
    texts: list[Json] = []
    for index, (path, text) in enumerate(sources.items()):
        if sent.texts.get(path) != text:
            texts.append([index, len(blobs)])
            blobs.append(text.encode("utf-8", "replace"))
    configs: list[Json] | None = None
    if request.analyzer_configs != sent.analyzer_configs:
        configs = []
        for config in request.analyzer_configs:
            configs.append([config.path, len(blobs)])
            blobs.append(config.text.encode("utf-8", "replace"))
    body: dict[str, Json] = {
        "project": request.project,
        "directory": request.directory,
        "switches": list(request.switches),
        "paths": None if paths == sent.paths and sent.references is not None else list(paths),
        "texts": texts,
        "configs": configs,
        "references": None if request.references == sent.references else [_reference(item) for item in request.references],
        "despite_errors": request.emit_despite_errors,
        "as_csc": request.as_csc,
    }
    return body, blobs


def _reference(reference: CSharpReference) -> Json:
    return {
        "path": reference.path,
        "aliases": list(reference.aliases),
        "embed": reference.embed_interop_types,
        "project": reference.project,
    }


def _remember(request: CSharpRequest, sent: _Sent, process: WorkerProcess) -> None:
    """Notes that the worker has everything of `request` now."""
    sent.process = process
    sent.texts = {source.path: source.text for source in request.sources}
    sent.paths = tuple(sent.texts)
    sent.references = request.references
    sent.analyzer_configs = request.analyzer_configs


def _compile_result(answer: Answer) -> CSharpResult:
    return CSharpResult(
        pe=_blob(answer, "image"),
        pdb=_blob(answer, "symbols"),
        diagnostics=tuple(_diagnostic(row) for row in _rows(answer, "diagnostics")),
        replaced=tuple(_location(row) for row in _rows(answer, "replaced")),
        documentation=_blob(answer, "documentation"),
        reference_pe=_blob(answer, "reference_image"),
        log=read_log(answer.body, _logged),
        analyzer_times=tuple(map(str, _rows(answer, "times"))),
        generated=tuple((str(path), answer.blobs[_number(index)]) for path, index in _rows(answer, "generated")),
    )


def _rows(answer: Answer, name: str) -> list[Sequence[Json]]:
    """A list of lists of the answer's body; empty when it is not there."""
    rows = answer.body.get(name, [])
    assert isinstance(rows, list), f"the worker answers with a list of {name}"
    return rows


def _blob(answer: Answer, name: str) -> bytes | None:
    index = answer.body.get(name)
    return answer.blobs[index] if isinstance(index, int) else None


def _diagnostic(row: Sequence[Json]) -> Diagnostic:
    """A row of worker/Findings.cs as a diagnostic."""
    code, severity, message, *place = row
    return Diagnostic(str(code), _SEVERITIES[str(severity)], str(message), _location(place) if place[0] else None)


def _logged(row: Sequence[Json], related: Sequence[Json]) -> Diagnostic:
    """A row of an error log, with the rows of further places."""
    places = [_diagnostic(each).location for each in related if isinstance(each, list)]
    return replace(_diagnostic(row), related=tuple(Related("", place) for place in places if place is not None))


def _location(row: Sequence[Json]) -> Location:
    path, line, column, end_line, end_column = row
    return Location(str(path), _number(line), _number(column), _number(end_line), _number(end_column))


def _number(value: Json) -> int:
    assert isinstance(value, int), "lines, columns and blobs are numbers"
    return value
