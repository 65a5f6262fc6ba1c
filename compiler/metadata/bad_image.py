"""The error of every metadata reader: bytes that ECMA-335 does not allow."""

from __future__ import annotations

from compiler.diagnostics import InputError, Location


class BadImage(InputError):
    """A PE file, PDB or signature is malformed. The message names what is wrong; the location names the file."""

    def __init__(self, file: str, what: str) -> None:
        super().__init__("AOTD1001", f"'{file}' is not a valid .NET assembly: {what}", Location(file))
