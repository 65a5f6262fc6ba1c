"""Changes on disk to calls with the changed paths, a burst at a time.

From folders to `on_change(paths)` on a thread of the watcher: paths that matter to a build, outside the folders that builds and
tools write. A burst (a checkout, a format of all files) is one call, made when nothing came for `QUIET_SECONDS`.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver, ObservedWatch

logger = logging.getLogger(__name__)

QUIET_SECONDS = 0.05
IGNORED_FOLDERS = frozenset({"bin", "obj", "node_modules", ".git", ".hg", ".svn", ".vs", ".venv", "__pycache__"})
WATCHED_SUFFIXES = frozenset({".cs", ".csproj", ".props", ".targets", ".proj", ".globalconfig", ".dll", ".xml", ".resx"})
WATCHED_NAMES = frozenset({"global.json", "project.assets.json", ".editorconfig", ".globalconfig"})

OnChange = Callable[[frozenset[Path]], None]


def is_watched(path: Path, folder: Path) -> bool:
    """True when a change of `path`, which is below the watched `folder`, can change what a build of the workspace does."""
    if path.name in WATCHED_NAMES:
        return True
    return path.suffix.lower() in WATCHED_SUFFIXES and not is_ignored(path, folder)


def is_ignored(path: Path, folder: Path) -> bool:
    """True when `path` is in a folder, below `folder`, that builds and tools write."""
    inside = path.relative_to(folder) if path.is_relative_to(folder) else path
    return not IGNORED_FOLDERS.isdisjoint(inside.parts)


class Watcher:
    """Watches folders until it is stopped. Invariant: `_pending` and `_timer` are touched under `_lock` only."""

    def __init__(self, on_change: OnChange) -> None:
        self._on_change = on_change
        self._lock = threading.Lock()
        self._pending: set[Path] = set()
        self._timer: threading.Timer | None = None
        self._observer: BaseObserver = Observer()
        self._observer.daemon = True
        self._watches: dict[Path, ObservedWatch] = {}

    def start(self, folders: Iterable[Path]) -> None:
        """Begins to watch `folders` and all below them."""
        self._observer.start()
        for folder in folders:
            self.add(folder)

    def add(self, folder: Path) -> None:
        """Watches one more folder; one that cannot be watched is logged, and the editor's own notifications remain."""
        if folder in self._watches:
            return
        try:
            self._watches[folder] = self._observer.schedule(_Events(folder, self.note), str(folder), recursive=True)
        except OSError as error:
            logger.warning("event=cannot_watch folder=%s error=%s", folder, error)

    def remove(self, folder: Path) -> None:
        """Ends the watch of `folder`."""
        watch = self._watches.pop(folder, None)
        if watch is not None:
            self._observer.unschedule(watch)

    def stop(self) -> None:
        """Ends all watches; no call of `on_change` begins after this."""
        with self._lock:
            self._pending.clear()
            if self._timer is not None:
                self._timer.cancel()
        if self._observer.is_alive():
            self._observer.stop()

    def note(self, paths: Iterable[Path]) -> None:
        """Adds changed paths to the burst, and puts its delivery off until nothing more comes."""
        with self._lock:
            self._pending.update(paths)
            if self._timer is not None:
                self._timer.cancel()
            self._timer = threading.Timer(QUIET_SECONDS, self._deliver)
            self._timer.daemon = True
            self._timer.start()

    def _deliver(self) -> None:
        with self._lock:
            paths = frozenset(self._pending)
            self._pending.clear()
        if paths:
            self._on_change(paths)


class _Events(FileSystemEventHandler):
    """The events below one watched folder."""

    def __init__(self, folder: Path, note: Callable[[Iterable[Path]], None]) -> None:
        self._folder = folder
        self._note = note

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Notes the files of one event; a directory counts when it came, went or moved, since its files did too."""
        if event.event_type in ("opened", "closed_no_write") or event.is_directory and event.event_type == "modified":
            return
        paths = {Path(os.fsdecode(name)) for name in (event.src_path, event.dest_path) if name}
        if event.is_directory:
            changed = {path for path in paths if not is_ignored(path, self._folder)}
        else:
            changed = {path for path in paths if is_watched(path, self._folder)}
        if changed:
            self._note(changed)
