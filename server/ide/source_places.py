"""Sources of a project -> where their declarations and operations stand, asked of the compiler for the files that changed only.

A place in a file depends on the names that the file uses; when another file changes what a name means, the old place stays until
its own file changes.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from compiler.csharp.bodies import SourceFile
from compiler.csharp.client import CSharpRequest, CSharpWorker
from compiler.csharp.errors import ToolchainError
from compiler.csharp.places import SourcePlace, SourcePlaces

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Places:
    """The places of one file, which had `text`."""

    text: str
    declarations: list[SourcePlace] = field(default_factory=list)
    operations: list[SourcePlace] = field(default_factory=list)
    bodies: list[SourceFile] = field(default_factory=list)


class PlaceMemory:
    """The places of one project's files. Invariant: `_files` has the places of the texts it holds."""

    def __init__(self) -> None:
        self._files: dict[str, _Places] = {}

    def places(self, worker: CSharpWorker, request: CSharpRequest) -> SourcePlaces | None:
        """The places of `request`, which `worker` has just compiled; None when it cannot tell."""
        texts = {source.path: source.text for source in request.sources}
        changed = [path for path, text in texts.items() if path not in self._files or self._files[path].text != text]
        if changed:
            try:
                told = worker.places(request.project, None if len(changed) == len(texts) else changed)
            except ToolchainError as error:
                logger.warning("event=no_places project=%s error=%s", request.project, error)
                return None
            self._files |= {path: _Places(texts[path]) for path in changed}
            for place in told.declarations:
                if place.location.file in self._files:
                    self._files[place.location.file].declarations.append(place)
            for place in told.operations:
                if place.location.file in self._files:
                    self._files[place.location.file].operations.append(place)
            for file in told.files:
                if file.path in self._files:
                    self._files[file.path].bodies.append(file)
        self._files = {path: self._files[path] for path in texts}
        return SourcePlaces(
            tuple(place for file in self._files.values() for place in file.declarations),
            tuple(place for file in self._files.values() for place in file.operations),
            tuple(body for file in self._files.values() for body in file.bodies),
        )
