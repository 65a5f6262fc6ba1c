"""Two frameworks -> whether a project of the one takes assets of the other; a project's framework and what a package has -> the nearest.

`nearest` follows NuGet's FrameworkReducer: exact match, drop what is not compatible, drop what another candidate carries, then tie-breaks.
Fallback frameworks (AssetTargetFallback) are tried in order when nothing specific fits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache

from server.restore.framework_tables import (
    CARRIES,
    EQUIVALENT_PROFILES,
    PACKAGE_BASED_PRECEDENCE,
    PRECEDENCE,
    PROFILE_STANDARDS,
    STANDARDS,
    SUBSETS,
)
from server.restore.frameworks import (
    AGNOSTIC,
    ANY,
    NO_VERSION,
    UNSUPPORTED,
    NuGetFramework,
    equivalent_groups,
    portable_frameworks,
    portable_profile_number,
    table_framework,
)

Frameworks = Sequence[NuGetFramework]


def _carried() -> tuple[tuple[NuGetFramework, tuple[NuGetFramework, ...]], ...]:
    rows = [(table_framework(owner), (table_framework(low), table_framework(high))) for owner, low, high in CARRIES]
    for owner, standard, platform in STANDARDS:
        rows.append((table_framework(owner), (table_framework(".NETStandard 1.0"), table_framework(f".NETStandard {standard}"))))
        if platform:
            rows.append((table_framework(owner), (table_framework(".NETPlatform 0.0"), table_framework(f".NETPlatform {platform}"))))
    return tuple(rows)


_CARRIED = _carried()


def _equivalent(framework: NuGetFramework) -> list[NuGetFramework]:
    found = [other for group in equivalent_groups() if framework in group for other in group]
    for base in [*found, framework]:
        for first, second in EQUIVALENT_PROFILES.get(base.identifier, ()):
            if base.profile.lower() == first.lower():
                found.append(NuGetFramework(base.identifier, base.version, second))
            elif base.profile.lower() == second.lower():
                found.append(NuGetFramework(base.identifier, base.version, first))
    return [other for other in found if other != framework]


def _expand_once(framework: NuGetFramework) -> Iterator[NuGetFramework]:
    yield from _equivalent(framework)
    for group in equivalent_groups():
        for member in group:
            if member.same_name(framework) and member.profile.lower() == framework.profile.lower() and member.version <= framework.version:
                yield from (other for other in group if other != member)
    subset = SUBSETS.get(framework.identifier)
    if subset is not None and not framework.profile:
        yield NuGetFramework(subset, framework.version)
    for owner, carried in _CARRIED:
        if owner.same_name(framework) and owner.version <= framework.version and not framework.profile:
            yield from carried


def _closure(start: NuGetFramework, step: Callable[[NuGetFramework], Iterable[NuGetFramework]]) -> list[NuGetFramework]:
    found, waiting, seen = [start], [start], {start}
    while waiting:
        for other in step(waiting.pop()):
            if other not in seen:
                seen.add(other)
                found.append(other)
                waiting.append(other)
    return found


@lru_cache(maxsize=4096)
def is_compatible(project: NuGetFramework, candidate: NuGetFramework) -> bool:
    """Whether a project for `project` can use assets made for `candidate`."""
    if project == candidate or ANY in (project, candidate):
        return True
    if project == UNSUPPORTED or candidate == UNSUPPORTED:
        return False
    if candidate == AGNOSTIC:
        return True
    if candidate.is_portable:
        own = portable_frameworks(project.profile, optional=False) if project.is_portable else (project,)
        others = portable_frameworks(candidate.profile, optional=True)
        return len(own) <= len(others) and all(any(is_compatible(one, other) for other in others) for one in own)
    accepted = _closure(project, _expand_once)
    number = portable_profile_number(project) if project.is_portable else None
    if number in PROFILE_STANDARDS:
        accepted += [table_framework(".NETStandard 1.0"), table_framework(f".NETStandard {PROFILE_STANDARDS[number]}")]
    return any(_accepts(one, other) for other in _closure(candidate, _equivalent) for one in accepted)


def _accepts(project: NuGetFramework, candidate: NuGetFramework) -> bool:
    if project.is_net5_era and project.version[0] >= 6 and project.platform and not project.same_name(candidate):
        # .NET 6 and up on a platform takes of the old mobile frameworks only that platform's.
        return {"MonoAndroid": "android", "Tizen": "tizen"}.get(candidate.identifier) == project.platform.lower()
    if not project.same_name(candidate) or project.profile.lower() != candidate.profile.lower():
        return False
    if not _version_accepts(project.version, candidate.version):
        return False
    if project.is_net5_era and candidate.platform:
        return project.platform.lower() == candidate.platform.lower() and _version_accepts(
            project.platform_version, candidate.platform_version
        )
    return True


def _version_accepts(project: tuple[int, ...], candidate: tuple[int, ...]) -> bool:
    return candidate == NO_VERSION or candidate <= project


def nearest(framework: NuGetFramework, candidates: Iterable[NuGetFramework], fallbacks: Frameworks = ()) -> NuGetFramework | None:
    """The best of `candidates` for a project of `framework`; its fallbacks are asked when nothing, or only ANY, fits."""
    listed = list(candidates)
    found = _nearest(framework, listed)
    if found is None or found == ANY:
        for fallback in fallbacks:
            found = _nearest(fallback, listed)
            if found is not None:
                break
    return found


def _nearest(framework: NuGetFramework, candidates: list[NuGetFramework]) -> NuGetFramework | None:
    if any(one != UNSUPPORTED for one in candidates):
        candidates = [one for one in candidates if one != UNSUPPORTED]
    for one in candidates:
        if one == framework:
            return one
    kept = _without_carried([one for one in candidates if is_compatible(framework, one)])
    kept = _same_name_first(framework, kept)
    if len(kept) > 1:
        kept = _reduce_portable(framework, kept)
    if len(kept) > 1 and not framework.is_package_based:
        kept = _where(kept, lambda one: not one.is_package_based)
    if len(kept) > 1 and not any(one.is_portable for one in kept):
        if framework.profile:
            kept = _where(kept, lambda one: one.same_name(framework) and one.profile.lower() == framework.profile.lower())
        kept = _where(kept, lambda one: not one.profile)
    if len(kept) > 1 and framework.platform:
        kept = _reduce_platforms(framework, kept)
    return min(kept, key=_precedence) if kept else None


def _where(frameworks: list[NuGetFramework], wanted: Callable[[NuGetFramework], bool]) -> list[NuGetFramework]:
    """Those that are wanted; all when none is."""
    return [one for one in frameworks if wanted(one)] or frameworks


def _without_carried(frameworks: list[NuGetFramework]) -> list[NuGetFramework]:
    """Drops what another candidate is compatible with (`net40` beside `net45`); sorted by name."""
    if any(one != ANY for one in frameworks):
        frameworks = [one for one in frameworks if one != ANY]
    distinct = list(dict.fromkeys(frameworks))
    kept = [one for one in distinct if not any(_replaces(other, one) for other in distinct if other != one)]
    return sorted(kept, key=lambda one: (one.identifier.lower(), str(one)))


def _replaces(other: NuGetFramework, one: NuGetFramework) -> bool:
    if not is_compatible(other, one):
        return False
    if not is_compatible(one, other):
        return True
    return one.same_name(other) and one.version == NO_VERSION and other.version != NO_VERSION


def _same_name_first(framework: NuGetFramework, frameworks: list[NuGetFramework]) -> list[NuGetFramework]:
    old_mobile = ("MonoAndroid", "Tizen") if framework.platform and framework.version[0] >= 6 else ()
    if not any(one.same_name(framework) for one in frameworks):
        return frameworks
    return [one for one in frameworks if one.same_name(framework) or one.identifier in old_mobile]


def _reduce_platforms(framework: NuGetFramework, frameworks: list[NuGetFramework]) -> list[NuGetFramework]:
    own = [one for one in frameworks if one.same_name(framework)]
    if framework.version[0] < 6 or any(one.version[0] >= 6 for one in own):
        highest = max((one.version for one in own), default=NO_VERSION)
        return [one for one in own if one.version == highest] or frameworks
    return _where(frameworks, lambda one: one.identifier in ("MonoAndroid", "Tizen"))


def _reduce_portable(framework: NuGetFramework, frameworks: list[NuGetFramework]) -> list[NuGetFramework]:
    if not all(one.is_portable for one in frameworks):
        return _where(frameworks, lambda one: not one.is_portable)
    parts = {one: portable_frameworks(one.profile, optional=True) for one in frameworks}
    every = list(dict.fromkeys(part for listed in parts.values() for part in listed))
    own = portable_frameworks(framework.profile, optional=True) if framework.is_portable else (framework,)
    votes = {one: 0 for one in frameworks}
    for part in own:
        best = _nearest(part, every)
        for one, listed in parts.items():
            votes[one] += best in listed
    most = max(votes.values())
    kept = [one for one in frameworks if votes[one] == most]
    return [min(kept, key=_portable_rank)]


def _portable_rank(framework: NuGetFramework) -> tuple[int, list[tuple[int, ...]], str]:
    """Fewer frameworks first, then higher versions, then by name."""
    parts = portable_frameworks(framework.profile, optional=False)
    versions = sorted((tuple(-number for number in part.version) for part in parts), key=str)
    return len(parts), versions, framework.short_name


def _precedence(framework: NuGetFramework) -> tuple[bool, int, str, tuple[int, ...], str]:
    package_based = framework.is_package_based and framework.identifier != ".NETCore"
    order = PACKAGE_BASED_PRECEDENCE if package_based else PRECEDENCE
    place = order.index(framework.identifier) if framework.identifier in order else len(order)
    descending = "".join(chr(0x10FFFF - ord(character)) for character in framework.identifier.lower())
    return package_based, place, descending, tuple(-number for number in framework.version), framework.profile.lower()
