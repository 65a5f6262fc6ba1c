"""Questions that cost something to answers that are kept: each is worked out once, also when several threads ask at a time."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from concurrent.futures import Future
from threading import Lock
from typing import Generic, TypeVar

from server.restore.errors import RestoreError

Key = TypeVar("Key", bound=Hashable)
Answer = TypeVar("Answer")


class Answers(Generic[Key, Answer]):
    """Answers by question. A RestoreError is an answer too, raised again to whoever asks the same."""

    def __init__(self) -> None:
        self._kept: dict[Key, Future[Answer]] = {}
        self._lock = Lock()

    def get(self, key: Key, work_out: Callable[[], Answer]) -> Answer:
        """The answer to `key`: kept, awaited from the thread that works it out, or worked out here. Raises what `work_out` raises."""
        with self._lock:
            kept = self._kept.get(key)
            mine: Future[Answer] = kept or self._kept.setdefault(key, Future())
        if kept is None:
            try:
                mine.set_result(work_out())
            except (RestoreError, OSError) as error:
                mine.set_exception(error)
            finally:
                if not mine.done():  # an error of ours: nobody may wait for this one for ever
                    mine.cancel()
                    del self._kept[key]
        return mine.result()

    def __contains__(self, key: Key) -> bool:
        return key in self._kept
