"""References of a project -> files, with what they depend on; where several versions of one assembly are asked for, the one that wins.

The rules are MSBuild's: a reference of the project wins over a dependency, a higher version over a lower one.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field

from server.build.assembly_identity import AssemblyIdentity, AssemblyReader, parse_identity
from server.msbuild import paths
from server.msbuild.conditions import to_boolean
from server.msbuild.items import Item


@dataclass(frozen=True, slots=True)
class ResolutionRequest:
    """What is to be resolved, and where to look. Folders are absolute; `search_paths` may hold MSBuild's names in braces."""

    references: tuple[Item, ...]
    files: tuple[Item, ...]
    search_paths: tuple[str, ...]
    framework_folders: tuple[str, ...]
    candidates: tuple[str, ...]
    extensions: tuple[str, ...]
    directory: str
    finds_dependencies: bool


@dataclass(eq=False, slots=True)
class Reference:
    """One assembly that is asked for. `path` is "" when it was not found; `sources` are the items of the project that it comes from.

    `victor` is the reference that was chosen in its place; `victims` are those that it was chosen for.
    """

    identity: AssemblyIdentity
    path: str
    item: Item | None
    found_at: str = ""
    runtime: str = ""
    sources: list[Item] = field(default_factory=list)
    dependees: list[Reference] = field(default_factory=list)
    victor: Reference | None = None
    victims: list[Reference] = field(default_factory=list)
    is_framework: bool = False

    @property
    def is_primary(self) -> bool:
        """Does the project itself refer to it?"""
        return self.item is not None


def resolve(request: ResolutionRequest, reader: AssemblyReader) -> list[Reference]:
    """All references: those of the project in order, then their dependencies as they are found; victims among them."""
    work = _Resolution(request, reader)
    for item in request.files:
        work.add_file(item)
    for item in request.references:
        work.add_reference(item)
    if request.finds_dependencies:
        work.close()
    work.settle_conflicts()
    return work.found


class _Resolution:
    def __init__(self, request: ResolutionRequest, reader: AssemblyReader) -> None:
        self.request = request
        self.reader = reader
        self.found: list[Reference] = []
        self.by_name: dict[str, Reference] = {}
        self.frameworks = [paths.ensure_trailing_slash(folder) for folder in request.framework_folders]

    def add_file(self, item: Item) -> None:
        path = item.full_path()
        facts = self.reader.read(path)
        name = facts.identity if facts is not None else AssemblyIdentity(paths.file_name_without_extension(path))
        self._add(name, path if os.path.isfile(path) else "", item, item.identity, None)

    def add_reference(self, item: Item) -> None:
        wanted = parse_identity(item.identity)
        path, place = self._search(item, wanted, None)
        facts = self.reader.read(path) if path else None
        shown = wanted or AssemblyIdentity(item.identity)
        self._add(facts.identity if facts is not None else shown, path, item, place, None)

    def close(self) -> None:
        """Adds dependencies until there are no new ones."""
        at = 0
        while at < len(self.found):
            reference = self.found[at]
            at += 1
            is_outside = reference.item is not None and to_boolean(reference.item.value("ExternallyResolved")) is True
            facts = self.reader.read(reference.path) if reference.path and not reference.is_framework and not is_outside else None
            for wanted in facts.references if facts is not None else ():
                self._add_dependency(wanted, reference)

    def _add_dependency(self, wanted: AssemblyIdentity, dependee: Reference) -> None:
        known = self.by_name.get(wanted.full_name.lower())
        if known is None:
            path, place = self._search(None, wanted, os.path.dirname(dependee.path))
            facts = self.reader.read(path) if path else None
            known = self._add(facts.identity if facts is not None and facts.identity == wanted else wanted, path, None, place, dependee)
        if dependee not in known.dependees and known is not dependee:
            known.dependees.append(dependee)
            known.sources += [source for source in dependee.sources if source not in known.sources]

    def _add(self, identity: AssemblyIdentity, path: str, item: Item | None, place: str, dependee: Reference | None) -> Reference:
        key = identity.full_name.lower()
        known = self.by_name.get(key)
        if known is not None and (item is None or known.item is not None):
            if item is not None:
                known.sources.append(item)
            return known
        facts = self.reader.read(path) if path else None
        reference = Reference(
            identity,
            path,
            item,
            place,
            facts.runtime if facts is not None else "",
            [item] if item is not None else list(dependee.sources if dependee is not None else ()),
            is_framework=any(path.startswith(folder) for folder in self.frameworks) if path else False,
        )
        self.by_name[key] = reference
        self.found.append(reference)
        return reference

    def _search(self, item: Item | None, wanted: AssemblyIdentity | None, beside: str | None) -> tuple[str, str]:
        """Path and the search path that it was found by; ("", "") when it is nowhere. Dependencies are looked for beside what asks."""
        if beside is not None and wanted is not None:
            found = self._in_folder(beside, wanted, is_exact=False)
            if found:
                return found, beside
        is_exact = item is not None and wanted is not None and self._wants_exact(item, wanted)
        for search in self.request.search_paths:
            found = self._by_search_path(search, item, wanted, is_exact=is_exact)
            if found:
                return found, search
        return "", ""

    def _wants_exact(self, item: Item, wanted: AssemblyIdentity) -> bool:
        said = to_boolean(item.value("SpecificVersion"))
        return said if said is not None else wanted.version is not None

    def _by_search_path(self, search: str, item: Item | None, wanted: AssemblyIdentity | None, *, is_exact: bool) -> str:
        match search.lower():
            case "{rawfilename}":
                path = item.full_path() if item is not None else ""
                return path if path and os.path.isfile(path) else ""
            case "{hintpathfromitem}":
                hint = item.value("HintPath") if item is not None else ""
                path = paths.full_path(hint.replace("\\", "/"), self.request.directory) if hint else ""
                return path if path and self._fits(path, wanted, is_exact=is_exact) else ""
            case "{candidateassemblyfiles}":
                fitting = (path for path in self.request.candidates if self._is_named(path, wanted))
                return next((path for path in fitting if self._fits(path, wanted, is_exact=is_exact)), "")
            case "{targetframeworkdirectory}":
                folders: Sequence[str] = self.request.framework_folders
            case _:
                folders = () if search.startswith("{") else (paths.full_path(search.replace("\\", "/"), self.request.directory),)
        if wanted is None:
            return ""
        return next((path for folder in folders if (path := self._in_folder(folder, wanted, is_exact=is_exact))), "")

    def _in_folder(self, folder: str, wanted: AssemblyIdentity, *, is_exact: bool) -> str:
        names = [wanted.name + extension for extension in self.request.extensions]
        if wanted.name.lower().endswith(self.request.extensions):
            names.append(wanted.name)
        candidates = (os.path.join(folder, name) for name in names)
        return next((path for path in candidates if self._fits(path, wanted, is_exact=is_exact)), "")

    @staticmethod
    def _is_named(path: str, wanted: AssemblyIdentity | None) -> bool:
        return wanted is not None and paths.file_name_without_extension(path).lower() == wanted.key

    def _fits(self, path: str, wanted: AssemblyIdentity | None, *, is_exact: bool) -> bool:
        if not os.path.isfile(path):
            return False
        facts = self.reader.read(path)
        if wanted is None or facts is None:
            return True
        if is_exact and wanted.version is not None:
            return facts.identity == wanted or (facts.identity.key, facts.identity.version) == (wanted.key, wanted.version)
        return facts.identity.key == wanted.key or wanted.name.lower().endswith(self.request.extensions)

    def settle_conflicts(self) -> None:
        """Of several versions of one name one stays."""
        groups: dict[tuple[str, str], list[Reference]] = {}
        for reference in self.found:
            groups.setdefault((reference.identity.key, reference.identity.culture.lower()), []).append(reference)
        for group in groups.values():
            victor = group[0]
            for challenger in group[1:]:
                loser = _loser(victor, challenger)
                winner = challenger if loser is victor else victor
                loser.victor = winner
                winner.victims += [loser, *loser.victims]
                victor = winner
            for reference in group:
                if reference is not victor:
                    reference.victor = victor
                    reference.victims = []


def _loser(one: Reference, other: Reference) -> Reference:
    if one.is_primary != other.is_primary:
        return other if one.is_primary else one
    if one.is_primary:
        return one
    return one if (one.identity.version or (0, 0, 0, 0)) <= (other.identity.version or (0, 0, 0, 0)) else other
