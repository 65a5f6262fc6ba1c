"""What a dependency graph is made of: kinds of assets that flow, ranges of libraries asked for, dependencies, and resolved identities.

Text of asset lists (`compile; build`) -> Assets, and back in the two spellings that assets files use.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass, field

from server.restore.versions import NuGetVersion, VersionRange


class Assets(enum.IntFlag):
    """Kinds of assets of a package or project that can flow to who references it."""

    NONE = 0
    RUNTIME = 1
    COMPILE = 2
    BUILD = 4
    NATIVE = 8
    CONTENT_FILES = 16
    ANALYZERS = 32
    BUILD_TRANSITIVE = 64
    ALL = 127


# PrivateAssets of a reference that does not say any.
DEFAULT_PRIVATE = Assets.BUILD | Assets.CONTENT_FILES | Assets.ANALYZERS
# What a package takes of its dependency when its manifest does not say.
ALL_BUT_CONTENT = Assets.ALL & ~Assets.CONTENT_FILES

_NAMES = {
    "runtime": Assets.RUNTIME,
    "compile": Assets.COMPILE,
    "build": Assets.BUILD,
    "native": Assets.NATIVE,
    "contentfiles": Assets.CONTENT_FILES,
    "analyzers": Assets.ANALYZERS,
    # Whoever asks for buildTransitive gets build as well.
    "buildtransitive": Assets.BUILD_TRANSITIVE | Assets.BUILD,
    "all": Assets.ALL,
}
_SPELLED = {
    Assets.RUNTIME: "Runtime",
    Assets.COMPILE: "Compile",
    Assets.BUILD: "Build",
    Assets.NATIVE: "Native",
    Assets.CONTENT_FILES: "ContentFiles",
    Assets.ANALYZERS: "Analyzers",
    Assets.BUILD_TRANSITIVE: "BuildTransitive",
}


def parse_assets(names: Iterable[str]) -> Assets:
    """The union of the kinds that `names` say; an unknown name says none."""
    found = Assets.NONE
    for name in names:
        found |= _NAMES.get(name.strip().lower(), Assets.NONE)
    return found


def split_assets(text: str, default: Assets) -> Assets:
    """The kinds of a list separated by commas or semicolons; `default` for an empty list."""
    names = [name for name in text.replace(";", ",").split(",") if name.strip()]
    return parse_assets(names) if names else default


def spell_assets(assets: Assets) -> str:
    """`Runtime, Compile`, `All` or `None`."""
    if assets == Assets.ALL:
        return "All"
    return ", ".join(name for flag, name in _SPELLED.items() if assets & flag) or "None"


def spell_assets_lower(assets: Assets) -> str:
    """`runtime, compile`, `all` or `none`."""
    return spell_assets(assets).lower()


class Target(enum.IntFlag):
    """What may satisfy a dependency."""

    NONE = 0
    PACKAGE = 1
    PROJECT = 2
    EXTERNAL_PROJECT = 4
    ANY = 7


class LibraryKind(enum.Enum):
    """What a resolved library is."""

    PACKAGE = "package"
    PROJECT = "project"
    UNRESOLVED = "unresolved"


@dataclass(frozen=True, slots=True, eq=False)
class LibraryRange:
    """A library asked for by name. Equality: name without case, versions, and whether only a project will do."""

    name: str
    versions: VersionRange | None
    targets: Target = Target.ANY

    @property
    def key(self) -> tuple[str, VersionRange | None, str]:
        """What equality is made of."""
        return self.name.lower(), self.versions, self.constraint

    @property
    def constraint(self) -> str:
        """`project` when only a project will do, else ""."""
        return "" if Target.PACKAGE in self.targets else "project"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LibraryRange) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __str__(self) -> str:
        pretty = f" {self.versions.without_floating().pretty}" if self.versions is not None else ""
        return f"{self.constraint}/{self.name}{pretty}" if self.constraint else self.name + pretty

    @property
    def group_text(self) -> str:
        """`Name >= 1.0.0 < 2.0.0`, as projectFileDependencyGroups writes it."""
        text, versions = self.name, self.versions
        if versions is not None and versions.minimum is not None:
            lower = str(versions.floats) if versions.floats is not None and versions.is_floating else versions.minimum.normalized
            text += f" {'>=' if versions.includes_minimum else '>'} {lower}"
        if versions is not None and versions.maximum is not None:
            text += f" {'<=' if versions.includes_maximum else '<'} {versions.maximum.normalized}"
        return text


@dataclass(frozen=True, slots=True)
class Dependency:
    """One library's dependency on another. `listed` is false for a central version that nobody referenced yet."""

    range: LibraryRange
    include: Assets = Assets.ALL
    private: Assets = DEFAULT_PRIVATE
    no_warn: tuple[str, ...] = ()
    auto_referenced: bool = False
    generate_path: bool = False
    centrally_managed: bool = False
    version_override: VersionRange | None = None
    aliases: str = ""
    listed: bool = True

    @property
    def name(self) -> str:
        """The library asked for."""
        return self.range.name


@dataclass(frozen=True, slots=True, eq=False)
class Library:
    """A resolved library. Order is that of assets files: by name without case, then version."""

    name: str
    version: NuGetVersion | None
    kind: LibraryKind = field(default=LibraryKind.PACKAGE)

    @property
    def key(self) -> tuple[str, NuGetVersion | None, LibraryKind]:
        """What equality is made of."""
        return self.name.lower(), self.version, self.kind

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Library) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    @property
    def order(self) -> tuple[str, bool, NuGetVersion]:
        """Key to sort by."""
        return self.name.lower(), self.version is not None, self.version or NuGetVersion((0, 0, 0, 0))

    @property
    def shown(self) -> str:
        """Name and version in a message; a project has no version."""
        return f"{self.name} {self.version.normalized}" if self.version is not None and self.kind is LibraryKind.PACKAGE else self.name
