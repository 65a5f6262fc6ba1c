"""Method bodies (ECMA-335 II.25.4): header, IL bytes and exception clauses of one method."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from compiler.metadata.bad_image import BadImage
from compiler.metadata.image import Image
from compiler.metadata.tokens import Rva, Token


class ClauseKind(IntEnum):
    """ECMA-335 II.25.4.6."""

    CATCH = 0
    FILTER = 1
    FINALLY = 2
    FAULT = 4


@dataclass(frozen=True, slots=True)
class Clause:
    """An exception clause. Ranges are half-open IL offsets; `class_token` counts for CATCH, `filter_start` for FILTER."""

    kind: ClauseKind
    try_start: int
    try_end: int
    handler_start: int
    handler_end: int
    class_token: Token
    filter_start: int


@dataclass(frozen=True, slots=True)
class MethodBody:
    """Code and clauses of a method. Inner clauses stand before outer ones, as ECMA-335 II.25.4.6 demands of the file."""

    max_stack: int
    init_locals: bool
    local_sig: Token
    code: bytes
    clauses: tuple[Clause, ...]


def read_method_body(image: Image, rva: Rva | int) -> MethodBody:
    """The method at `rva` (ECMA-335 II.25.4), which is not 0. Raises BadImage when header or clauses leave their section."""
    data = image.data
    pos = image.file_offset(rva)
    first = data[pos]
    if first & 3 == 2:
        size = first >> 2
        code = data[pos + 1 : pos + 1 + size]
        if len(code) != size:
            raise BadImage(image.file, f"the method at 0x{rva:X} leaves the file")
        return MethodBody(8, False, Token(0), code, ())
    if first & 3 != 3 or pos + 12 > len(data):
        raise BadImage(image.file, f"the method at 0x{rva:X} has no valid header")
    flags = int.from_bytes(data[pos : pos + 2], "little")
    max_stack = int.from_bytes(data[pos + 2 : pos + 4], "little")
    size = int.from_bytes(data[pos + 4 : pos + 8], "little")
    local_sig = Token(int.from_bytes(data[pos + 8 : pos + 12], "little"))
    start = pos + (flags >> 12) * 4
    code = data[start : start + size]
    if len(code) != size:
        raise BadImage(image.file, f"the method at 0x{rva:X} leaves the file")
    clauses = _read_clauses(image, (start + size + 3) & ~3, size) if flags & 0x08 else ()
    return MethodBody(max_stack, bool(flags & 0x10), local_sig, code, clauses)


def _read_clauses(image: Image, pos: int, code_size: int) -> tuple[Clause, ...]:
    data = image.data
    clauses: list[Clause] = []
    more = True
    while more:
        if pos + 4 > len(data):
            raise BadImage(image.file, "an exception table leaves the file")
        kind = data[pos]
        more = bool(kind & 0x80)
        if not kind & 0x01:
            raise BadImage(image.file, "a method's extra section is no exception table")
        fat = bool(kind & 0x40)
        total = int.from_bytes(data[pos + 1 : pos + 4], "little") if fat else data[pos + 1]
        entry = 24 if fat else 12
        if pos + total > len(data):
            raise BadImage(image.file, "an exception table leaves the file")
        for at in range(pos + 4, pos + 4 + (total - 4) // entry * entry, entry):
            clauses.append(_read_clause(image, data[at : at + entry], fat, code_size))
        pos = (pos + total + 3) & ~3
    return tuple(clauses)


def _read_clause(image: Image, raw: bytes, fat: bool, code_size: int) -> Clause:
    widths = (4, 4, 4, 4, 4, 4) if fat else (2, 2, 1, 2, 1, 4)
    values: list[int] = []
    pos = 0
    for width in widths:
        values.append(int.from_bytes(raw[pos : pos + width], "little"))
        pos += width
    flags, try_start, try_bytes, handler_start, handler_bytes, last = values
    if flags not in (0, 1, 2, 4):
        raise BadImage(image.file, f"exception clause of unknown kind {flags}")
    if try_start + try_bytes > code_size or handler_start + handler_bytes > code_size:
        raise BadImage(image.file, "an exception clause leaves its method")
    kind = ClauseKind(flags)
    return Clause(
        kind,
        try_start,
        try_start + try_bytes,
        handler_start,
        handler_start + handler_bytes,
        Token(last if kind is ClauseKind.CATCH else 0),
        last if kind is ClauseKind.FILTER else 0,
    )
