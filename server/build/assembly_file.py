"""A file's metadata -> the name of the assembly and of those that it refers to."""

from __future__ import annotations

import hashlib
from pathlib import Path

from compiler.metadata.bad_image import BadImage
from compiler.metadata.image import Image, open_image
from compiler.metadata.tokens import TableId
from server.build.assembly_identity import AssemblyFacts, AssemblyIdentity

_HAS_FULL_KEY = 0x0001


def read_facts(path: str) -> AssemblyFacts | None:
    """What the file says; None when it is no assembly or cannot be read."""
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
