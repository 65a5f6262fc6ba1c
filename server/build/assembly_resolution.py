"""References of a project -> files, with what they depend on; where several versions of one assembly are asked for, the one that wins.

The rules are MSBuild's: a reference of the project wins over a dependency, a higher version over a lower one. With `unifies` dependents of
an assembly with a strong name get the highest version that anything asks for, which is resolved once more then.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from server.build.assembly_identity import AssemblyIdentity, AssemblyReader, WantedAssembly, parse_wanted
from server.msbuild import paths
from server.msbuild.conditions import to_boolean
from server.msbuild.items import Item

Version = tuple[int, int, int, int]
# By name, culture and token, in lower case.
Versions = dict[tuple[str, str, str], Version]


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
    finds_external_dependencies: bool = False
    unifies: bool = False


@dataclass(eq=False, slots=True)
class Reference:
    """One assembly that is asked for. `path` is "" when it was not found; `sources` are the items of the project that it comes from.

    `shown` is its name in messages; a file that `is_taken` as it is need be no assembly. `victor` is the reference that was chosen in its
    place, `is_arbitrary` without a reason.
    """

    identity: AssemblyIdentity
    shown: str
    path: str
    item: Item | None
    found_at: str = ""
    runtime: str = ""
    sources: list[Item] = field(default_factory=list)
    dependees: list[Reference] = field(default_factory=list)
    victor: Reference | None = None
    is_arbitrary: bool = False
    is_framework: bool = False
    is_named: bool = True
    is_taken: bool = False

    @property
    def is_outside(self) -> bool:
        """Has somebody else resolved it, with all that goes with it?"""
        return self.item is not None and to_boolean(self.item.value("ExternallyResolved")) is True

    @property
    def is_primary(self) -> bool:
        """Does the project itself refer to it?"""
        return self.item is not None


def resolve(request: ResolutionRequest, reader: AssemblyReader) -> tuple[list[Reference], Versions]:
    """All references, those of the project first, then dependencies as they are found, victims among them; and what was unified."""
    found = _resolved(request, reader, {})
    highest = highest_versions(found) if request.unifies and request.finds_dependencies else {}
    return (_resolved(request, reader, highest) if highest else found), highest


def _resolved(request: ResolutionRequest, reader: AssemblyReader, unified: Versions) -> list[Reference]:
    work = _Resolution(request, reader, unified)
    for item in request.files:
        work.add_file(item)
    for item in request.references:
        work.add_reference(item)
    if request.finds_dependencies:
        work.close()
    found = list(work.by_name.values())
    _settle_conflicts(found)
    return found


def _strong_name(identity: AssemblyIdentity) -> tuple[str, str, str]:
    return identity.key, identity.culture.lower(), identity.token


def highest_versions(found: list[Reference]) -> Versions:
    """The highest version of each strong name that is asked for in several."""
    groups: dict[tuple[str, str, str], list[Version]] = {}
    for reference in found:
        if reference.identity.token and reference.identity.version is not None:
            groups.setdefault(_strong_name(reference.identity), []).append(reference.identity.version)
    return {name: max(versions) for name, versions in groups.items() if len(versions) > 1}


def is_highest(reference: Reference, highest: Versions) -> bool:
    """Is it the one that others would be unified to?"""
    return highest.get(_strong_name(reference.identity)) == reference.identity.version and reference.identity.version is not None


class _Resolution:
    def __init__(self, request: ResolutionRequest, reader: AssemblyReader, unified: Versions) -> None:
        self.request = request
        self.reader = reader
        self.unified = unified
        self.by_name: dict[str, Reference] = {}
        self.frameworks = [paths.ensure_trailing_slash(folder) for folder in request.framework_folders]

    def add_file(self, item: Item) -> None:
        path = item.full_path()
        facts = self.reader.read(path)
        name = facts.identity if facts is not None else AssemblyIdentity(paths.file_name_without_extension(path))
        found_at = item.identity if facts is not None else ""
        self._add(Reference(name, name.full_name, path if os.path.isfile(path) else "", item, found_at, is_taken=True))

    def add_reference(self, item: Item) -> None:
        wanted, is_exact = parse_wanted(item.value("FusionName") or item.identity), to_boolean(item.value("SpecificVersion"))
        if wanted is not None and is_exact is False:
            wanted = WantedAssembly(AssemblyIdentity(wanted.identity.name))
        place = next(self._places(item, wanted, is_exact=is_exact is True), None)
        facts = self.reader.read(place[0]) if place is not None else None
        shown = wanted.shown if wanted is not None else item.identity
        named = wanted.identity if wanted is not None else AssemblyIdentity(item.identity)
        identity = facts.identity if facts is not None else named
        path, found_at = place or ("", "")
        made = Reference(identity, facts.identity.full_name if facts is not None else shown, path, item, found_at)
        # What is neither a name nor a file that is there is told, and no part of the references.
        made.is_named = wanted is not None or place is not None
        self._add(made)

    def _add(self, reference: Reference) -> None:
        """A later reference of the same name takes the place of an earlier one."""
        facts = self.reader.read(reference.path) if reference.path else None
        reference.runtime = facts.runtime if facts is not None else ""
        reference.sources = reference.sources or ([reference.item] if reference.item is not None else [])
        reference.is_framework = bool(reference.path) and any(reference.path.startswith(folder) for folder in self.frameworks)
        self.by_name[_name_key(reference.identity) if reference.is_named else f"\0{reference.shown}"] = reference

    def close(self) -> None:
        """Adds dependencies until there are no new ones."""
        waiting = list(self.by_name.values())
        while waiting:
            new: list[Reference] = []
            for reference in waiting:
                is_looked_into = not reference.is_outside or self.request.finds_external_dependencies
                if reference.path and is_looked_into and not reference.is_framework:
                    facts = self.reader.read(reference.path)
                    new += [made for one in (facts.references if facts is not None else ()) if (made := self._depend(one, reference))]
            # All that ask for it are known by now: it may be beside any of them.
            for made in new:
                self._locate(made)
            waiting = new

    def _depend(self, identity: AssemblyIdentity, dependee: Reference) -> Reference | None:
        """Notes a dependency; the reference when it is new."""
        version = self.unified.get(_strong_name(identity))
        if version is not None and identity.version is not None and identity.version < version:
            identity = replace(identity, version=version)
        known = self.by_name.get(_name_key(identity))
        is_new = known is None
        if known is None:
            known = self.by_name[_name_key(identity)] = Reference(identity, identity.full_name, "", None)
        if known is not dependee and dependee not in known.dependees:
            known.dependees.append(dependee)
            known.sources += [source for source in dependee.sources if source not in known.sources]
        return known if is_new else None

    def _locate(self, reference: Reference) -> None:
        """Finds the file of a dependency."""
        wanted = WantedAssembly(reference.identity, says_culture=True, says_token=True)
        folders = dict.fromkeys(os.path.dirname(dependee.path) for dependee in reference.dependees)
        beside = ((path, one) for one in folders for path in self._in_folder(one, wanted, is_exact=True, is_primary=False))
        place = next(beside, None) or next(self._places(None, wanted, is_exact=True), None)
        if place is not None:
            reference.path, reference.found_at = place
        self._add(reference)

    def _places(self, item: Item | None, wanted: WantedAssembly | None, *, is_exact: bool) -> Iterator[tuple[str, str]]:
        """Paths that fit, each with the search path that it was found by."""
        for search in self.request.search_paths:
            for path in self._by_search_path(search, item, wanted, is_exact=is_exact):
                yield path, search

    def _by_search_path(self, search: str, item: Item | None, wanted: WantedAssembly | None, *, is_exact: bool) -> Iterator[str]:
        is_primary = item is not None
        match search.lower():
            case "{rawfilename}":
                # What is named as a file is taken as it is.
                if item is not None and os.path.isfile(item.full_path()):
                    yield item.full_path()
                return
            case "{hintpathfromitem}":
                hint = item.value("HintPath").replace("\\", "/") if item is not None else ""
                path = paths.full_path(hint, self.request.directory)
                if hint and self._fits(path, wanted, is_exact=is_exact, is_primary=is_primary, under_any_name=True):
                    yield path
                return
            case "{candidateassemblyfiles}":
                fitting = (path for path in self.request.candidates if self._fits(path, wanted, is_exact=is_exact, is_primary=is_primary))
                yield from fitting
                return
            case "{targetframeworkdirectory}":
                folders: Sequence[str] = self.request.framework_folders
            case _:
                folders = () if search.startswith("{") else (paths.full_path(search.replace("\\", "/"), self.request.directory),)
        if wanted is not None:
            for folder in folders:
                yield from self._in_folder(folder, wanted, is_exact=is_exact, is_primary=is_primary)

    def _in_folder(self, folder: str, wanted: WantedAssembly, *, is_exact: bool, is_primary: bool) -> Iterator[str]:
        name = wanted.identity.name
        for extension in self.request.extensions:
            path = os.path.join(folder, name + extension)
            if self._fits(path, wanted, is_exact=is_exact, is_primary=is_primary):
                yield path
        if name.lower().endswith(self.request.extensions):
            bare = WantedAssembly(AssemblyIdentity(paths.file_name_without_extension(name)))
            if self._fits(os.path.join(folder, name), bare, is_exact=is_exact, is_primary=is_primary):
                yield os.path.join(folder, name)

    def _fits(
        self, path: str, wanted: WantedAssembly | None, *, is_exact: bool, is_primary: bool, under_any_name: bool = False
    ) -> bool:
        stem = paths.file_name_without_extension(path).lower()
        if not under_any_name and (wanted is None or wanted.identity.key != stem):
            return False
        if not os.path.isfile(path):
            return False
        if is_primary and not is_exact and (wanted is None or wanted.is_simple):
            return True
        facts = self.reader.read(path)
        if facts is None or wanted is None:
            return False
        return wanted.equals(facts.identity) if is_exact else wanted.agrees_with(facts.identity)


def _name_key(identity: AssemblyIdentity) -> str:
    """What is equal for names that are: what is not said is as what is neutral."""
    return f"{identity.key}, {identity.version}, {identity.culture.lower()}, {identity.token}"


def _settle_conflicts(found: list[Reference]) -> None:
    """Of several references of one name one stays."""
    groups: dict[str, list[Reference]] = {}
    for reference in found:
        if reference.is_named:
            groups.setdefault(reference.identity.key, []).append(reference)
    for group in groups.values():
        ordered = sorted(group, key=lambda one: one.identity.version or (0, 0, 0, 0))
        victor = ordered[0]
        for challenger in ordered[1:]:
            loser, is_arbitrary = _loser(victor, challenger)
            winner = challenger if loser is victor else victor
            loser.victor, loser.is_arbitrary = winner, is_arbitrary
            victor = winner


def _loser(left: Reference, right: Reference) -> tuple[Reference, bool]:
    """The victim, and whether there is no reason why it is that one. `left` has the lower version, or they are equal."""
    if left.is_primary != right.is_primary:
        return (right if left.is_primary else left), False
    if left.is_primary:
        return left, True
    return left, not _are_equivalent(left.identity, right.identity)


def _are_equivalent(left: AssemblyIdentity, right: AssemblyIdentity) -> bool:
    """Whether either may stand for the other: names without a token do, others in the same version."""
    if not left.token:
        return True
    return left.version == right.version
