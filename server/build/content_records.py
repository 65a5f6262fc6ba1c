"""Contents of inputs and outputs of targets when they last ran -> are they still the same, whatever their times say.

MSBuild compares times. By content a target need not run again when its inputs were only touched (or checked out anew), and must run when
an input was put back in time, was replaced by an older file, or is gone. What is known is kept per project in the user's cache folder;
without a record times alone decide.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from server.build.atomic_files import replace_file
from server.build.file_digests import Digests, FileDigests


@dataclass(slots=True)
class _Project:
    """What is known of one project: files by path; targets (with their outputs) to digests of inputs and outputs."""

    path: Path
    files: FileDigests = field(default_factory=FileDigests)
    targets: dict[str, tuple[Digests, Digests]] = field(default_factory=dict)
    is_changed: bool = False


@dataclass(frozen=True, slots=True)
class ContentChange:
    """`path` is an input that is not as it was, or an output that is not as the target left it; `what` says how."""

    path: str
    what: str


class ContentRecords:
    """Records in a folder, for one build. Invariant: `_projects` holds what was read, touched under `_lock`; `save` writes it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._projects: dict[str, _Project] = {}
        self._lock = threading.RLock()

    def knows(self, project: str, target: str, outputs: Iterable[str]) -> bool:
        """Is there a record of a run of the target that made these outputs?"""
        with self._lock:
            return _key(target, outputs) in self._project(project).targets

    def change(self, project: str, target: str, inputs: Iterable[str], outputs: Iterable[str]) -> ContentChange | None:
        """The first difference to the last run of the target, which `knows` knows of; None when there is none."""
        wanted = list(outputs)
        with self._lock:
            kept = self._project(project)
            then_in, then_out = kept.targets[_key(target, wanted)]
            now_in, now_out = kept.files.of_all(inputs), kept.files.of_all(wanted)
        for path, digest in now_in.items():
            if path not in then_in:
                return ContentChange(path, "is new")
            if digest != then_in[path]:
                return ContentChange(path, "has other content" if digest else "does not exist")
        gone = next((path for path in then_in if path not in now_in), None)
        if gone is not None:
            return ContentChange(gone, "is no input any more")
        changed = next((path for path, digest in now_out.items() if digest != then_out.get(path)), None)
        return None if changed is None else ContentChange(changed, "is not as it was written" if now_out[changed] else "does not exist")

    def note(self, project: str, target: str, inputs: Iterable[str], outputs: Iterable[str]) -> None:
        """The target has run: its inputs and outputs are those of now."""
        wanted = list(outputs)
        with self._lock:
            kept = self._project(project)
            kept.targets[_key(target, wanted)] = (kept.files.of_all(inputs), kept.files.of_all(wanted))
            kept.is_changed = True

    def save(self) -> None:
        """Writes what has changed; a folder that cannot be written is as good as none."""
        for project in self._projects.values():
            if not (project.is_changed or project.files.is_changed):
                continue
            content = {
                "files": project.files.rows(),
                "targets": {key: list(record) for key, record in project.targets.items()},
            }
            try:
                replace_file(project.path, json.dumps(content, separators=(",", ":")).encode())
            except OSError:
                return

    def _project(self, project: str) -> _Project:
        found = self._projects.get(project)
        if found is None:
            name = hashlib.blake2b(project.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
            found = self._projects[project] = _read(self._folder / f"{name}.json")
        return found


def _key(target: str, outputs: Iterable[str]) -> str:
    """The name of a target's run: batches of one target differ in their outputs."""
    text = "\n".join([target.lower(), *sorted(outputs)])
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _read(path: Path) -> _Project:
    """What a file holds; one that cannot be read holds nothing."""
    found = _Project(path)
    try:
        content = json.loads(path.read_bytes())
        found.files = FileDigests(content["files"])
        found.targets = {key: (dict(row[0]), dict(row[1])) for key, row in content["targets"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return _Project(path)
    return found
