"""Names of assemblies: from text, and of files with the names of what they refer to, by the metadata of the file.

What reads metadata is loaded with the first file: most builds look at no assembly but those of the framework, whose names a list tells.
"""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

from server.whole_numbers import is_number, magnitude

_NAME = re.compile(r"\s*([^,=]+?)\s*(?:,(.*))?\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class AssemblyIdentity:
    """Name, version (None when not said), culture ("" is neutral), token in lower-case hexadecimal ("" for none)."""

    name: str
    version: tuple[int, int, int, int] | None = None
    culture: str = ""
    token: str = ""

    @property
    def full_name(self) -> str:
        """As .NET writes it; the name alone when no version is said."""
        if self.version is None:
            return self.name
        version = ".".join(map(str, self.version))
        return f"{self.name}, Version={version}, Culture={self.culture or 'neutral'}, PublicKeyToken={self.token or 'null'}"

    @property
    def key(self) -> str:
        """What is equal for versions of one assembly."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class AssemblyFacts:
    """What a file says of itself; `runtime` is the version of the metadata that it was made for."""

    identity: AssemblyIdentity
    references: tuple[AssemblyIdentity, ...]
    runtime: str


@dataclass(frozen=True, slots=True)
class WantedAssembly:
    """An assembly as a reference names it: a version of None, or a culture or token that is not said, fits any."""

    identity: AssemblyIdentity
    says_culture: bool = False
    says_token: bool = False

    @property
    def is_simple(self) -> bool:
        """Is only its name said?"""
        return self.identity.version is None and not self.says_culture and not self.says_token

    @property
    def shown(self) -> str:
        """The name with what is said, as .NET writes it."""
        identity = self.identity
        parts = [identity.name]
        parts += [f"Version={'.'.join(map(str, identity.version))}"] if identity.version is not None else []
        parts += [f"Culture={identity.culture or 'neutral'}"] if self.says_culture else []
        parts += [f"PublicKeyToken={identity.token or 'null'}"] if self.says_token else []
        return ", ".join(parts)

    def agrees_with(self, other: AssemblyIdentity) -> bool:
        """Whether all that is said holds for `other`."""
        own = self.identity
        return (
            own.key == other.key
            and own.version in (None, other.version)
            and (not self.says_culture or own.culture.lower() == other.culture.lower())
            and (not self.says_token or own.token == other.token)
        )

    def equals(self, other: AssemblyIdentity) -> bool:
        """Whether it names `other` and nothing else."""
        own = self.identity
        same = (own.key, own.version, own.culture.lower(), own.token) == (other.key, other.version, other.culture.lower(), other.token)
        return same and (self.says_token or not other.token)


def parse_identity(text: str) -> AssemblyIdentity | None:
    """The identity that `Name, Version=..., ...` says; None when it is no name of an assembly."""
    wanted = parse_wanted(text)
    return wanted.identity if wanted is not None else None


def parse_wanted(text: str) -> WantedAssembly | None:
    """The same, with what is said and what is not."""
    match = _NAME.match(text)
    if match is None or "/" in match[1] or "\\" in match[1]:
        return None
    parts = dict(part.partition("=")[::2] for part in (match[2] or "").split(",") if "=" in part)
    fields = {name.strip().lower(): value.strip() for name, value in parts.items()}
    version = _version(fields["version"]) if fields.get("version") else None
    if fields.get("version") and version is None:
        return None
    culture, token = fields.get("culture", ""), fields.get("publickeytoken", "")
    identity = AssemblyIdentity(
        match[1], version, "" if culture.lower() == "neutral" else culture, "" if token.lower() == "null" else token.lower()
    )
    return WantedAssembly(identity, "culture" in fields, "publickeytoken" in fields)


def _version(text: str) -> tuple[int, int, int, int] | None:
    parts = text.split(".")
    if not all(is_number(part) for part in parts) or len(parts) > 4:
        return None
    numbers = [magnitude(part) for part in parts] + [0, 0, 0]
    return numbers[0], numbers[1], numbers[2], numbers[3]


class _AssemblyFile(Protocol):
    """The module that reads metadata."""

    def read_facts(self, path: str) -> AssemblyFacts | None:
        """See server/build/assembly_file.py."""


class AssemblyReader:
    """Reads files once. Invariant: an entry is what the file said at its time and size."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[tuple[int, int], AssemblyFacts | None]] = {}

    def read(self, path: str) -> AssemblyFacts | None:
        """What the file says; None when it is no assembly or cannot be read."""
        try:
            status = Path(path).stat()
        except OSError:
            return None
        stamp = (status.st_mtime_ns, status.st_size)
        known = self._known.get(path)
        if known is None or known[0] != stamp:
            files = cast(_AssemblyFile, importlib.import_module("server.build.assembly_file"))
            known = self._known[path] = (stamp, files.read_facts(path))
        return known[1]
