"""One editor session: what is open, what changed, and when the workspace is analysed again.

From notifications of the editor and of the file system to `textDocument/publishDiagnostics`. Analyses run one at a time on a
thread of their own; a change during one makes the next, so that findings keep coming while the user types. Everything but
the analysis itself runs on the event loop.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lsprotocol import types

from compiler.diagnostics import Diagnostic, Severity
from server.ide.diagnostics import diagnostics_by_file
from server.lsp.convert import to_lsp_diagnostic, to_uri
from server.lsp.protocol import QuietServer
from server.workspace.files import Files, FileView
from server.workspace.queries import WorkspaceQueries
from server.workspace.report import WorkspaceReport
from server.workspace.watch import Watcher

logger = logging.getLogger(__name__)

# A pause in typing after which findings are computed, and how long changes on disk are gathered.
TYPING_PAUSE_SECONDS = 0.12


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

    def start(self, folders: Iterable[Path]) -> None:
        """Begins to watch and analyse `folders`; called once, on the event loop, when the editor is ready."""
        self._loop = asyncio.get_running_loop()
        self.folders = list(folders)
        self._watcher.start(self.folders)
        self.schedule(0)

    def stop(self) -> None:
        """Ends watching and analysing; the session says nothing more."""
        self._watcher.stop()
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            self._task.cancel()
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

    def say_status(self, state: str, text: str, detail: str) -> None:
        """Tells the editor what the server does; `state` is busy, ready or failed."""
        self.server.protocol.notify("aotd/status", {"state": state, "text": text, "detail": detail})

    def step(self, text: str) -> None:
        """A step of an analysis began; called on its thread."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self.say_status, "busy", text, "")

    def count(self, done: int, total: int) -> None:
        """Analyses are too short for the parts of a step to be shown."""

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
        try:
            while self._stale:
                self._stale = False
                disk_changed, self._disk_changed = self._disk_changed, False
                view = self.files.view()
                self.report = await self._loop.run_in_executor(
                    self._thread, self._queries.analyze, view, tuple(self.folders), disk_changed, self
                )
                self._publish(self.report, view)
        except Exception as error:  # noqa: BLE001 # the guard: a bug of ours in one analysis must not end the session
            logger.exception("event=analysis_failed")
            self.say_status("failed", "internal error", f"{type(error).__name__}: {error}")
        finally:
            self._task = None

    def _publish(self, report: WorkspaceReport, view: FileView) -> None:
        """Sends what changed since the last time."""
        now = diagnostics_by_file(report, self._said_at_publish)
        for path in sorted({*now, *self._published}):
            diagnostics = now.get(path, ())
            if self._published.get(path, ()) != diagnostics:
                self._send(path, diagnostics, view)
        self._published = dict(now)
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
                uri=self._uris.get(path) or to_uri(path),
                version=view.version(path),
                diagnostics=[to_lsp_diagnostic(diagnostic, line_of) for diagnostic in diagnostics],
            )
        )
