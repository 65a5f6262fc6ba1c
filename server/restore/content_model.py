"""Paths of a package's files -> groups of files by framework, runtime and language: NuGet's conventions for folders in packages.

A pattern like `runtimes/{rid}/lib/{tfm}/{assembly}` binds its tokens to parts of a path. Group patterns find groups, path patterns then say
which files of a group are items. A token with a question mark only has to match.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from server.restore.framework_compatibility import is_compatible, nearest
from server.restore.frameworks import ANY, NO_VERSION, UNSUPPORTED, NuGetFramework, parse_folder, parse_full_name
from server.restore.runtime_graph import RuntimeGraph

EMPTY_FOLDER = "_._"
TFM, RID, LANGUAGE = "tfm", "rid", "codeLanguage"
Value = NuGetFramework | str
Values = Mapping[str, Value]

DOTNET = NuGetFramework(".NETPlatform")
NET_WITHOUT_VERSION = NuGetFramework(".NETFramework")


def parse_tfm(name: str) -> NuGetFramework:
    """The framework of a folder; a name that is none becomes a framework of its own, compatible with nothing else."""
    framework = parse_folder(name)
    if framework == UNSUPPORTED:
        framework = parse_full_name(name) if "," in name else framework
    return framework if framework != UNSUPPORTED else NuGetFramework(name, NO_VERSION)


def _with_extensions(*extensions: str) -> Callable[[str], str | None]:
    def parse(text: str) -> str | None:
        if text == EMPTY_FOLDER or ("/" not in text and text.lower().endswith(extensions)):
            return text
        return None

    return parse


def _locale(text: str) -> str | None:
    return text if len(text) == 2 or (len(text) >= 4 and text[2] == "-") else None


def _any_text(text: str) -> str:
    return text


_PARSERS: dict[str, Callable[[str], Value | None]] = {
    TFM: parse_tfm,
    RID: _any_text,
    LANGUAGE: lambda text: text if text.isalnum() else None,
    "any": _any_text,
    "locale": _locale,
    "assembly": _with_extensions(".dll", ".winmd", ".exe"),
    "msbuild": _with_extensions(".targets", ".props"),
    "satelliteAssembly": _with_extensions(".resources.dll"),
}


@dataclass(frozen=True, slots=True)
class _Pattern:
    """One pattern: literals and tokens in turn; what folder `any` means as framework; values that hold without a token."""

    parts: tuple[str, ...]
    any_means: NuGetFramework | None
    defaults: Values

    def match(self, path: str) -> dict[str, Value] | None:
        """Values of the tokens, None when `path` does not fit."""
        found: dict[str, Value] = {}
        at = 0
        for index, part in enumerate(self.parts):
            if not part.startswith("{"):
                if path[at : at + len(part)].lower() != part.lower():
                    return None
                at += len(part)
                continue
            delimiter = self.parts[index + 1][0] if index + 1 < len(self.parts) else ""
            end = self._match_token(part, path, at, delimiter, found)
            if end is None:
                return None
            at = end
        return {**found, **self.defaults} if at == len(path) else None

    def _match_token(self, part: str, path: str, start: int, delimiter: str, found: dict[str, Value]) -> int | None:
        only_match = part.endswith("?}")
        name = part[1:-2] if only_match else part[1:-1]
        end = start
        while end < len(path):
            next_end = path.find(delimiter, end + 1) if delimiter else len(path)
            if next_end < 0:
                return None
            text = path[start:next_end]
            value = self.any_means if name == TFM and text == "any" and self.any_means is not None else _PARSERS[name](text)
            if value is not None:
                if not only_match:
                    found[name] = value
                return next_end
            end = next_end
        return None


def _pattern(text: str, any_means: NuGetFramework | None, defaults: Values) -> _Pattern:
    return _Pattern(tuple(part for part in re.split(r"(\{[^}]*\})", text) if part), any_means, defaults)


@dataclass(frozen=True, slots=True)
class PatternSet:
    """Patterns that make groups, and those that find the items in a group."""

    groups: tuple[_Pattern, ...]
    paths: tuple[_Pattern, ...]


def _pattern_set(*rows: tuple[str, str, NuGetFramework | None, Values]) -> PatternSet:
    return PatternSet(
        tuple(_pattern(group, any_means, defaults) for group, _, any_means, defaults in rows),
        tuple(_pattern(path, any_means, defaults) for _, path, any_means, defaults in rows),
    )


_NET: Values = {TFM: NET_WITHOUT_VERSION}
_FOR_ANY: Values = {TFM: ANY}
_NONE: Values = {}

RUNTIME_ASSEMBLIES = _pattern_set(
    ("runtimes/{rid}/lib/{tfm}/{any?}", "runtimes/{rid}/lib/{tfm}/{assembly}", DOTNET, _NONE),
    ("lib/{tfm}/{any?}", "lib/{tfm}/{assembly}", DOTNET, _NONE),
    ("lib/{assembly?}", "lib/{assembly}", DOTNET, _NET),
)
COMPILE_REF = _pattern_set(("ref/{tfm}/{any?}", "ref/{tfm}/{assembly}", DOTNET, _NONE))
COMPILE_LIB = _pattern_set(
    ("lib/{tfm}/{any?}", "lib/{tfm}/{assembly}", DOTNET, _NONE),
    ("lib/{assembly?}", "lib/{assembly}", DOTNET, _NET),
)
NATIVE_LIBRARIES = _pattern_set(
    ("runtimes/{rid}/nativeassets/{tfm}/{any?}", "runtimes/{rid}/nativeassets/{tfm}/{any}", DOTNET, _NONE),
    ("runtimes/{rid}/native/{any?}", "runtimes/{rid}/native/{any}", None, _FOR_ANY),
)
RESOURCE_ASSEMBLIES = _pattern_set(
    ("runtimes/{rid}/lib/{tfm}/{locale?}/{any?}", "runtimes/{rid}/lib/{tfm}/{locale}/{satelliteAssembly}", DOTNET, _NONE),
    ("lib/{tfm}/{locale?}/{any?}", "lib/{tfm}/{locale}/{satelliteAssembly}", DOTNET, _NONE),
)
BUILD_FILES = _pattern_set(
    ("build/{tfm}/{msbuild?}", "build/{tfm}/{msbuild}", DOTNET, _NONE),
    ("build/{msbuild?}", "build/{msbuild}", None, _FOR_ANY),
)
BUILD_TRANSITIVE_FILES = _pattern_set(
    ("buildTransitive/{tfm}/{msbuild?}", "buildTransitive/{tfm}/{msbuild}", DOTNET, _NONE),
    ("buildTransitive/{msbuild?}", "buildTransitive/{msbuild}", None, _FOR_ANY),
)
BUILD_MULTI_TARGETING_FILES = _pattern_set(
    ("buildMultiTargeting/{msbuild?}", "buildMultiTargeting/{msbuild}", None, _FOR_ANY),
    ("buildCrossTargeting/{msbuild?}", "buildCrossTargeting/{msbuild}", None, _FOR_ANY),
)
CONTENT_FILES = _pattern_set(("contentFiles/{codeLanguage}/{tfm}/{any?}", "contentFiles/{codeLanguage}/{tfm}/{any?}", None, _NONE))
TOOLS_ASSEMBLIES = _pattern_set(("tools/{tfm}/{rid}/{any?}", "tools/{tfm}/{rid}/{any?}", ANY, _NONE))
EMBED_ASSEMBLIES = _pattern_set(("embed/{tfm}/{any?}", "embed/{tfm}/{assembly}", DOTNET, _NONE))


@dataclass(frozen=True, slots=True)
class ContentItem:
    """A file of a group. `related`: endings of files beside an assembly, joined by semicolons."""

    path: str
    locale: str = ""
    related: str = ""


@dataclass(slots=True)
class ContentGroup:
    """Files that belong to one framework, runtime or language."""

    values: Values
    paths: list[str] = field(default_factory=list)
    items: list[ContentItem] = field(default_factory=list)

    @property
    def framework(self) -> NuGetFramework:
        """The framework, ANY where the pattern has none."""
        found = self.values.get(TFM, ANY)
        return found if isinstance(found, NuGetFramework) else ANY

    def text(self, name: str) -> str:
        """A value that is text, "" when absent."""
        found = self.values.get(name, "")
        return found if isinstance(found, str) else ""


class ContentCollection:
    """The files of one package, below its root folder."""

    def __init__(self, paths: Iterable[str]) -> None:
        self.paths: list[str] = []
        self.has_contract = False
        for path in paths:
            if "/" not in path[1:]:
                continue
            self.paths.append(path)
            if path.startswith("lib/contract"):
                # What old packages put there is a reference assembly for any framework.
                self.has_contract = True
                self.paths.append("ref/any" + path.removeprefix("lib/contract"))

    def groups(self, patterns: PatternSet) -> list[ContentGroup]:
        """The groups in the order in which their first file comes."""
        found: dict[tuple[tuple[str, Value], ...], ContentGroup] = {}
        for path in self.paths:
            for pattern in patterns.groups:
                values = pattern.match(path)
                if values is not None:
                    key = tuple(sorted(values.items(), key=lambda pair: pair[0]))
                    found.setdefault(key, ContentGroup(values)).paths.append(path)
        for group in found.values():
            group.items = _items(patterns, group.paths)
        return list(found.values())

    def best_group(self, criteria: Sequence[Criterion], *alternatives: PatternSet) -> ContentGroup | None:
        """The best group by the first criterion that any fits, of the first set of patterns that has one."""
        for patterns in alternatives:
            groups = self.groups(patterns)
            for criterion in criteria:
                best: ContentGroup | None = None
                for group in groups:
                    if criterion.accepts(group) and (best is None or criterion.prefers(group, best)):
                        best = group
                if best is not None:
                    return best
        return None


def _items(patterns: PatternSet, paths: Sequence[str]) -> list[ContentItem]:
    items = []
    for path in paths:
        values = next((values for pattern in patterns.paths if (values := pattern.match(path)) is not None), None)
        if values is not None:
            locale = values.get("locale", "")
            related = _related_endings(path, paths) if "assembly" in values else ""
            items.append(ContentItem(path, locale if isinstance(locale, str) else "", related))
    return items


def _related_endings(assembly: str, paths: Sequence[str]) -> str:
    stem = assembly[: assembly.rfind(".") + 1]
    endings = [
        path[len(stem) - 1 :]
        for path in paths
        if path.startswith(stem) and path.lower() != assembly.lower() and not path.lower().endswith((".dll", ".exe", ".winmd"))
    ]
    return ";".join(sorted(endings))


@dataclass(frozen=True, slots=True)
class Criterion:
    """What a group must fit: a framework, and a runtime, or none at all when `rid` is ""."""

    framework: NuGetFramework
    rid: str
    runtimes: RuntimeGraph

    def accepts(self, group: ContentGroup) -> bool:
        """Whether the group can be used."""
        if TFM not in group.values or not _accepts_framework(self.framework, group.framework):
            return False
        if not self.rid:
            return RID not in group.values
        return RID in group.values and self.runtimes.is_compatible(self.rid, group.text(RID))

    def prefers(self, group: ContentGroup, other: ContentGroup) -> bool:
        """Whether `group` is nearer than `other`: by framework first, then by runtime."""
        order = self._compare_frameworks(group.framework, other.framework)
        if order == 0 and self.rid:
            mine, its = group.text(RID), other.text(RID)
            order = self.runtimes.is_compatible(mine, its) - self.runtimes.is_compatible(its, mine)
        return order > 0

    def _compare_frameworks(self, mine: NuGetFramework, its: NuGetFramework) -> int:
        covers, covered = _accepts_framework(mine, its), _accepts_framework(its, mine)
        if covers != covered:
            return covers - covered
        if mine == its:
            return 0
        best = nearest(self.framework, (its, mine))
        return (best == mine) - (best == its)


def _accepts_framework(wanted: NuGetFramework, available: NuGetFramework) -> bool:
    if available == ANY:
        return True
    return wanted != ANY and is_compatible(wanted, available)


def criteria_for(framework: NuGetFramework, rid: str, runtimes: RuntimeGraph) -> tuple[Criterion, ...]:
    """What is wanted, best first: for the runtime when there is one, then independent of it."""
    independent = Criterion(framework, "", runtimes)
    return (Criterion(framework, rid, runtimes), independent) if rid else (independent,)
