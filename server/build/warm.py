"""What is worth keeping between builds of one process: one object of each kind that somebody asked for.

The command line makes a `WarmTools` for itself and ends it; the daemon and the editor's server keep theirs as long as they run. This module
knows no kind, so that a verb which needs no compiler does not load one.
"""

from __future__ import annotations

import threading
from typing import Protocol, TypeVar


class Keepable(Protocol):
    """A kind of object to keep: made without arguments, for any thread."""

    def close(self) -> None:
        """Gives up what the object holds; it may be asked again and begins anew then."""


Kept = TypeVar("Kept", bound=Keepable)


class WarmTools:
    """The kept objects of one process, for any thread. Invariant: `_kept` is touched under `_lock` only.

    `is_resident` says that the process goes on after the present command, so that what is learned for it serves others.
    """

    def __init__(self, *, is_resident: bool = False) -> None:
        self.is_resident = is_resident
        self._lock = threading.Lock()
        self._kept: dict[type[Keepable], Keepable] = {}

    def kept(self, kind: type[Kept]) -> Kept:
        """The one object of `kind` of this process, made when it is first asked for."""
        with self._lock:
            found = self._kept.get(kind)
            if found is None:
                found = self._kept[kind] = kind()
            assert isinstance(found, kind)
            return found

    def close(self) -> None:
        """Closes all that is kept."""
        with self._lock:
            kept = list(self._kept.values())
        for one in kept:
            one.close()
