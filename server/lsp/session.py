"""One editor session: what is open, what changed, and when the workspace is analysed again.

From notifications of the editor and of the file system to `textDocument/publishDiagnostics`. Analyses run one at a time on a
thread of their own; a change during one makes the next, so that findings keep coming while the user types. Everything but
the analysis itself runs on the event loop.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lsprotocol import types

from analyzers.why import Step
from compiler.diagnostics import Diagnostic, Severity
from server.ide.diagnostics import ShownDiagnostics
from server.lsp.convert import to_lsp_diagnostic, to_uri
from server.lsp.progress import ShownWork
from server.lsp.protocol import QuietServer
from server.pause_collection import PauseCollection
from server.workspace.files import Files, FileView
from server.workspace.queries import Outdated, WorkspaceQueries
from server.workspace.report import ProjectReport, WorkspaceReport
from server.workspace.watch import Watcher

logger = logging.getLogger(__name__)

# A pause in typing after which findings are computed, and how long changes on disk are gathered.
TYPING_PAUSE_SECONDS = 0.12

# What is known without findings is shown when they take longer than this.
EARLY_SECONDS = 0.2

# So many analyses in a row may be ended because the text has changed meanwhile.
MOST_INTERRUPTED = 4

# A pause after which assemblies that projects refer to are read, which takes longer than an edit may.
IDLE_SECONDS = 1.5

# An analysis that takes longer than this is shown.
QUIETLY_SECONDS = 0.5


class EditorSession:
    """State of a session. Invariant: `_published` holds exactly what the editor shows."""

    def __init__(self, server: QuietServer, queries: WorkspaceQueries) -> None:
        self.server = server
        self.files = Files()
        self.folders: list[Path] = []
        self.report = WorkspaceReport(())
        self._queries = queries
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="analysis")
        self._watcher = Watcher(self._changed_on_disk)
        self._uris: dict[Path, str] = {}
        self._said_at_publish: dict[Path, tuple[Diagnostic, ...]] = {}
        self._published: dict[Path, tuple[Diagnostic, ...]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._stale = False
        self._disk_changed = True
        self._status: dict[str, str] = {}
        self._view = self.files.view()
        self._early: list[asyncio.TimerHandle] = []
        self._idle: asyncio.Task[None] | None = None
        self._n_interrupted = 0
        self._pauses = PauseCollection()
        self._shown = ShownDiagnostics()
        self._is_stopped = False
        self._is_given_up = False
        self._work: ShownWork | None = None
        # What ends work that others began for this session.
        self.at_stop: set[Callable[[], None]] = set()

    def start(self, folders: Iterable[Path]) -> None:
        """Begins to watch and analyse `folders`; called once, on the event loop, when the editor is ready."""
        self._loop = asyncio.get_running_loop()
        self.folders = list(folders)
        self._watcher.start(self.folders)
        self.schedule(0)

    def stop(self) -> None:
        """Ends watching, analysing and what else was begun; the session says nothing more."""
        self._is_stopped = True
        for end in tuple(self.at_stop):
            end()
        self._watcher.stop()
        if self._timer is not None:
            self._timer.cancel()
        for task in (self._task, self._idle):
            if task is not None:
                task.cancel()
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._queries.close()

    def add_folder(self, folder: Path) -> None:
        """A workspace folder came."""
        if folder not in self.folders:
            self.folders.append(folder)
            self._watcher.add(folder)
            self.schedule(0)

    def remove_folder(self, folder: Path) -> None:
        """A workspace folder went; its diagnostics go with the next analysis."""
        if folder in self.folders:
            self.folders.remove(folder)
            self._watcher.remove(folder)
            self.schedule(0)

    def open_document(self, path: Path, uri: str, text: str, version: int) -> None:
        """The editor owns `path` now, and names it `uri`."""
        self._uris[path] = uri
        self.files.open_document(path, text, version)
        self.schedule(TYPING_PAUSE_SECONDS)

    def change_document(self, path: Path, text: str, version: int) -> None:
        """An open document has another text."""
        self.files.change_document(path, text, version)
        self.schedule(TYPING_PAUSE_SECONDS)

    def close_document(self, path: Path) -> None:
        """The disk owns `path` again."""
        self._uris.pop(path, None)
        self.files.close_document(path)
        self.schedule(TYPING_PAUSE_SECONDS)

    def schedule(self, seconds: float) -> None:
        """Analyses when nothing else has changed for `seconds`."""
        self._stale = True
        if self._loop is None:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(seconds, self._begin)

    def disk_changed(self) -> None:
        """Files on disk changed, came or went."""
        self._disk_changed = True
        self.schedule(0)

    def show_publish(self, project: Path, diagnostics: tuple[Diagnostic, ...]) -> None:
        """A publish of `project` said `diagnostics`: those that no analysis gives are shown until its next publish."""
        self._said_at_publish[project] = diagnostics
        self.schedule(0)

    async def up_to_date(self) -> WorkspaceReport:
        """The report of everything that was told before this call."""
        if self._stale:
            self._begin()
        while self._task is not None:
            await asyncio.shield(self._task)
        return self.report

    def shown(self, path: Path) -> tuple[Diagnostic, ...]:
        """What the editor shows in a file."""
        return self._published.get(path, ())

    def uri(self, path: Path) -> str:
        """The URI of a file, as the editor writes it."""
        return self._uris.get(path) or to_uri(path)

    def version(self, path: Path) -> int | None:
        """The version of an open document; None for a file that is not open."""
        return self._view.version(path)

    def text_of(self, file: str) -> str:
        """The text of a file at the last analysis. Raises OSError."""
        return self._view.read_text(Path(file))

    def line_of(self, file: Path, line: int) -> str:
        """A line of a file at the last analysis, counted from 1; empty when there is none."""
        lines = self._view.read_text(file).splitlines() if self._view.is_file(file) else []
        return lines[line - 1] if 0 < line <= len(lines) else ""

    async def chain(self, assembly: str, member: str) -> tuple[Step, ...]:
        """Why a member is in a program, computed on the thread of the analyses."""
        assert self._loop is not None
        return await self._loop.run_in_executor(self._thread, self._queries.chain, assembly, member)

    def say_status(self, state: str, text: str, detail: str) -> None:
        """Tells the editor what the server does, unless it knows; `state` is busy, ready or failed."""
        status = {"state": state, "text": text, "detail": detail}
        if status != self._status:
            self._status = status
            self.server.protocol.notify("aotd/status", status)

    def step(self, text: str) -> None:
        """A step of an analysis began; called on its thread."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._say_step, text)

    def count(self, done: int, total: int) -> None:
        """Analyses are too short for the parts of a step to be shown."""

    def early(self, report: ProjectReport) -> None:
        """A project is compiled and its findings are not there yet; called on the analysis's thread. Shown unless they come soon."""
        assert self._loop is not None
        view = self._view
        self._loop.call_soon_threadsafe(self._show_soon, report, view)

    def proceed(self) -> None:
        """Ends an analysis whose texts are not the newest, but not one after the other for ever."""
        if self._is_stopped or self._is_given_up:
            raise Outdated
        if self._stale and self._n_interrupted < MOST_INTERRUPTED:
            self._n_interrupted += 1
            raise Outdated

    def _say_step(self, text: str) -> None:
        self.say_status("busy", text, "")
        if self._work is not None:
            self._work.step(text)

    def _give_up(self) -> None:
        """The user has had enough of this analysis; the next change begins another."""
        self._is_given_up = True

    def _show_soon(self, report: ProjectReport, view: FileView) -> None:
        assert self._loop is not None
        self._early.append(self._loop.call_later(EARLY_SECONDS, self._show_early, report, view))

    def _show_early(self, report: ProjectReport, view: FileView) -> None:
        known = {project.path: project for project in self.report.projects}
        known[report.path] = report
        self._publish(WorkspaceReport(tuple(known[path] for path in sorted(known))), view, "analyzing")

    def _changed_on_disk(self, paths: frozenset[Path]) -> None:
        if self._loop is not None:
            logger.debug("event=changed_on_disk paths=%d", len(paths))
            self._loop.call_soon_threadsafe(self.disk_changed)

    def _begin(self) -> None:
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._analyze())

    async def _analyze(self) -> None:
        """Analyses until nothing is stale. The one guard of the editor's analyses: our own errors are said, not fatal."""
        assert self._loop is not None
        busy = self._loop.call_later(QUIETLY_SECONDS, self.say_status, "busy", "analyzing", "")
        shown = self._work = ShownWork(self.server, "aotd: analyzing", QUIETLY_SECONDS, self._give_up)
        try:
            while self._stale:
                self._stale, self._is_given_up = False, False
                disk_changed, self._disk_changed = self._disk_changed, False
                view = self._view = self.files.view()
                report = await self._loop.run_in_executor(
                    self._thread, self._queries.analyze, view, tuple(self.folders), disk_changed, self
                )
                self._drop_early()
                self.report = report
                if not self._stale:
                    self._n_interrupted = 0
                self._publish(report, view, "analyzing" if self._stale else "")
            if self._idle is None:
                self._idle = self._loop.create_task(self._when_idle())
        except Exception as error:  # noqa: BLE001 # the guard: a bug of ours in one analysis must not end the session
            logger.exception("event=analysis_failed")
            self.say_status("failed", "internal error", f"{type(error).__name__}: {error}")
        finally:
            busy.cancel()
            shown.end()
            self._work = None
            self._drop_early()
            self._task = None

    async def _when_idle(self) -> None:
        """Frees memory and reads referenced assemblies in a pause; what these show is in the analysis that follows."""
        assert self._loop is not None
        try:
            is_read = False
            while not is_read:
                await asyncio.sleep(IDLE_SECONDS)
                if self._stale or self._task is not None:
                    continue
                self._pauses.collect()
                changed = await self._loop.run_in_executor(self._thread, self._queries.read_dependencies, self._stay_idle)
                is_read = not self._stale
                if changed:
                    self.schedule(0)
        finally:
            self._idle = None

    def _stay_idle(self) -> None:
        """Ends work for which there is time in pauses alone; called on the analysis's thread."""
        if self._stale or self._is_stopped:
            raise Outdated

    def _drop_early(self) -> None:
        """What was to be shown early is not needed any more."""
        for handle in self._early:
            handle.cancel()
        self._early.clear()

    def _publish(self, report: WorkspaceReport, view: FileView, doing: str) -> None:
        """Sends what changed since the last time; the status says what is found, or what is still being done."""
        now = self._shown.by_file(report, self._said_at_publish)
        changed = [path for path in {*now, *self._published} if self._published.get(path, ()) != now.get(path, ())]
        for path in sorted(changed):
            self._send(path, now.get(path, ()), view)
        self._published = dict(now)
        if doing:
            return self.say_status("busy", doing, "")
        n_errors = sum(d.severity is Severity.ERROR for several in now.values() for d in several)
        n_others = sum(len(several) for several in now.values()) - n_errors
        findings = f"{n_others} finding{'' if n_others == 1 else 's'}"
        errors = f"{n_errors} error{'' if n_errors == 1 else 's'}, " if n_errors else ""
        self.say_status("ready", errors + findings, ", ".join(project.name for project in report.projects))

    def _send(self, path: Path, diagnostics: tuple[Diagnostic, ...], view: FileView) -> None:
        lines: dict[Path, list[str]] = {}

        def line_of(file: Path, line: int) -> str:
            if file not in lines:
                lines[file] = view.read_text(file).splitlines() if view.is_file(file) else []
            return lines[file][line - 1] if 0 < line <= len(lines[file]) else ""

        self.server.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(
                uri=self.uri(path),
                version=view.version(path),
                diagnostics=[to_lsp_diagnostic(diagnostic, line_of) for diagnostic in diagnostics],
            )
        )
