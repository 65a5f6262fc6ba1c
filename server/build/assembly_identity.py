"""Names of assemblies: from text, and of files with the names of what they refer to, by the metadata of the file."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from compiler.metadata.bad_image import BadImage
from compiler.metadata.image import Image, open_image
from compiler.metadata.tokens import TableId

_HAS_FULL_KEY = 0x0001
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


def parse_identity(text: str) -> AssemblyIdentity | None:
    """The identity that `Name, Version=..., ...` says; None when it is no name of an assembly."""
    match = _NAME.match(text)
    if match is None or "/" in match[1] or "\\" in match[1]:
        return None
    parts = dict(part.partition("=")[::2] for part in (match[2] or "").split(",") if "=" in part)
    fields = {name.strip().lower(): value.strip() for name, value in parts.items()}
    version = _version(fields.get("version", ""))
    if fields.get("version") and version is None:
        return None
    culture, token = fields.get("culture", ""), fields.get("publickeytoken", "")
    return AssemblyIdentity(
        match[1], version, "" if culture.lower() == "neutral" else culture, "" if token.lower() == "null" else token.lower()
    )


def _version(text: str) -> tuple[int, int, int, int] | None:
    parts = text.split(".")
    if not all(part.isdigit() for part in parts) or len(parts) > 4:
        return None
    numbers = [int(part) for part in parts] + [0, 0, 0]
    return numbers[0], numbers[1], numbers[2], numbers[3]


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
            known = self._known[path] = (stamp, _read(path))
        return known[1]


def _read(path: str) -> AssemblyFacts | None:
    try:
        image = open_image(path, Path(path).read_bytes())
        if image.rows(TableId.ASSEMBLY) != 1:
            return None
        return AssemblyFacts(_identities(image, TableId.ASSEMBLY)[0], tuple(_identities(image, TableId.ASSEMBLY_REF)), _runtime(image))
    except (BadImage, OSError):
        return None


def _identities(image: Image, table: TableId) -> list[AssemblyIdentity]:
    parts = [image.column(table, name) for name in ("MajorVersion", "MinorVersion", "BuildNumber", "RevisionNumber")]
    keys = image.column(table, "PublicKey" if table is TableId.ASSEMBLY else "PublicKeyOrToken")
    names, cultures, flags = (image.column(table, name) for name in ("Name", "Culture", "Flags"))
    found: list[AssemblyIdentity] = []
    for row in range(image.rows(table)):
        key = image.blob(keys[row])
        is_full = table is TableId.ASSEMBLY or bool(flags[row] & _HAS_FULL_KEY)
        token = hashlib.sha1(key, usedforsecurity=False).digest()[-8:][::-1].hex() if key and is_full else key.hex()
        version = (parts[0][row], parts[1][row], parts[2][row], parts[3][row])
        found.append(AssemblyIdentity(image.string(names[row]), version, image.string(cultures[row]), token))
    return found


def _runtime(image: Image) -> str:
    """The version string of the metadata root (ECMA-335 II.24.2.1)."""
    at = image.data.find(b"BSJB")
    length = int.from_bytes(image.data[at + 12 : at + 16], "little")
    return image.data[at + 16 : at + 16 + length].rstrip(b"\0").decode("ascii", "replace")
