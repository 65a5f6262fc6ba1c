"""A file system whose answers are noted by the evaluation that asks, and that answers one evaluation the same all along.

Between evaluations, and to other threads, it is the file system underneath. It lives as long as the items that were made with it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from compiler.diagnostics import InputError
from server.msbuild.files import DirectoryEntry, FileSystem
from server.msbuild.project_files import ProjectFileCache
from server.msbuild.tracing import DIRECTORY, ENTRIES, FILE, TEXT, TIMES, TREE, Question, Recorder


class RecordedFiles:
    """See FileSystem. Invariant: `_recorder` and `_answers` belong to the thread `_thread`, which evaluates."""

    def __init__(self, files: FileSystem, cache: ProjectFileCache) -> None:
        self._files = files
        self._recorder: Recorder | None = None
        self._thread = 0
        self._answers: dict[Question, object] = {}
        self._ask: dict[str, Callable[[str], object]] = {
            FILE: files.is_file,
            DIRECTORY: files.is_directory,
            ENTRIES: files.entries,
            TIMES: files.times,
            TEXT: self._text,
            TREE: lambda path: _tree(cache, path),
        }

    def begin(self, recorder: Recorder) -> None:
        """The evaluation of `recorder` begins on this thread."""
        self._recorder, self._thread = recorder, threading.get_ident()
        self._answers.clear()

    def end(self) -> None:
        """The evaluation is over."""
        self._recorder = None
        self._answers.clear()

    def answer(self, question: Question) -> object:
        """What this evaluation is told; not noted. For TREE the root of the project file, for TEXT None when it cannot be read."""
        if question in self._answers:
            return self._answers[question]
        found = self._answers[question] = self._ask[question[0]](question[1])
        return found

    def _noted(self, kind: str, path: str) -> object:
        if self._recorder is None or self._thread != threading.get_ident():
            return self._ask[kind](path)
        found = self.answer((kind, path))
        self._recorder.asks((kind, path), found)
        return found

    def read_text(self, path: str) -> str:
        """See FileSystem."""
        found = self._noted(TEXT, path)
        return found if isinstance(found, str) else self._files.read_text(path)

    def is_file(self, path: str) -> bool:
        """See FileSystem."""
        return self._noted(FILE, path) is True

    def is_directory(self, path: str) -> bool:
        """See FileSystem."""
        return self._noted(DIRECTORY, path) is True

    def entries(self, path: str) -> list[DirectoryEntry]:
        """See FileSystem."""
        found = self._noted(ENTRIES, path)
        assert isinstance(found, list)
        return found

    def times(self, path: str) -> tuple[float, float, float] | None:
        """See FileSystem."""
        found = self._noted(TIMES, path)
        return found if isinstance(found, tuple) else None

    def _text(self, path: str) -> str | None:
        try:
            return self._files.read_text(path)
        except OSError:
            return None


def _tree(cache: ProjectFileCache, path: str) -> object:
    try:
        return cache.load(path)
    except (OSError, InputError):
        return None
