"""Circles of objects are looked for while the user pauses, and only among what is new, so that the collector stops no answer."""

from __future__ import annotations

import gc

# How much more there may be than at the last look at everything before the next one: a fraction of it, and so many objects.
_FRACTION, _OBJECTS = 4, 200_000


class PauseCollection:
    """What was looked at is set aside: it is types, syntax and findings, which stay. So much more of it, and all is looked at again."""

    def __init__(self) -> None:
        self._limit = 0

    def collect(self) -> None:
        """Frees the circles among the objects that came since the last pause, at times all."""
        is_full = gc.get_freeze_count() >= self._limit
        if is_full:
            gc.unfreeze()
        gc.collect()
        gc.freeze()
        if is_full:
            count = gc.get_freeze_count()
            self._limit = count + count // _FRACTION + _OBJECTS
