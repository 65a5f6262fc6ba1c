"""Method bodies (ECMA-335 II.25.4) -> hashes of what they say: code, exception clauses and locals, with tokens by what they name.

A body of the version before is compared with the new one byte by byte and token by token, all bodies at once; what differs is read anew.
So an edit costs a scan of the code, and the tokens of a body are searched for once in its life.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compiler.metadata.bad_image import BadImage
from compiler.metadata.hashing import BlobHashes, Hashes, Numbers, SpanHashes, mix
from compiler.metadata.image import Image
from compiler.metadata.row_identity import USER_STRING, RowIdentity
from compiler.metadata.signature_hashes import token_ids
from compiler.metadata.tokens import TableId

_FAT, _MORE_SECTIONS = 3, 0x08
_FAT_HEADER = 12
_TWO_BYTES = 0xFE
SWITCH = -1
TOKEN = -2
Bytes = NDArray[np.uint8]


@dataclass(slots=True)
class Bodies:
    """The bodies of one version, in the order of their methods. `methods` are MethodDef rows.

    `code` has what each body holds from its header to the end of its exception clauses, one after the other; `starts` where each begins
    in it, with the end at last. `tokens` are the places in `code` where a token stands, `token_owner` the body it is in, `named` what
    it names, `locals_` what the body's locals are.
    """

    methods: Numbers
    starts: Numbers
    code: Bytes
    tokens: Numbers
    token_owner: Numbers
    named: Hashes
    digests: Hashes


def read_bodies(identity: RowIdentity, operand_sizes: Sequence[int], before: tuple[RowIdentity, Bodies] | None) -> Bodies:
    """The bodies of an image. Raises BadImage and IndexError.

    `operand_sizes` gives the bytes behind each opcode (index 256 and up for those with two bytes): `SWITCH` and `TOKEN` stand for those.
    """
    image = identity.image
    data = np.frombuffer(image.data, dtype=np.uint8)
    rvas = identity.numbers(TableId.METHOD_DEF, "RVA")
    # A body that the runtime or native code has is none to read.
    is_il = (rvas != 0) & (identity.numbers(TableId.METHOD_DEF, "ImplFlags") & 3 == 0)
    methods = np.flatnonzero(is_il) + 1
    begins = _file_offsets(image, rvas[is_il])
    sizes = _sizes(image, data, begins)
    starts = np.concatenate((np.zeros(1, np.int64), np.cumsum(sizes)))
    code = data[_spread(begins, sizes, starts)]
    nothing = np.zeros(0, np.int64)
    bodies = Bodies(methods, starts, code, nothing, nothing, np.zeros(0, np.uint64), np.zeros(len(methods), np.uint64))
    _find_tokens(identity, bodies, sizes, operand_sizes, before)
    return bodies


def _file_offsets(image: Image, rvas: Numbers) -> Numbers:
    result = np.full(len(rvas), -1, dtype=np.int64)
    for section in image.sections:
        inside = (rvas >= section.rva) & (rvas < section.rva + section.raw_bytes)
        result[inside] = rvas[inside] - section.rva + section.offset
    if len(result) and int(result.min()) < 0:
        raise BadImage(image.file, "a method's address is in no section")
    return result


def _spread(begins: Numbers, sizes: Numbers, starts: Numbers) -> Numbers:
    """The positions of all bytes of the spans, one span after the other."""
    return np.arange(int(starts[-1])) + np.repeat(begins - starts[:-1], sizes)


def _sizes(image: Image, data: Bytes, begins: Numbers) -> Numbers:
    """The bytes of each body, header, code and exception clauses. A body that leaves the file ends with it; who reads it says so."""
    padded = np.concatenate((data, np.zeros(16, np.uint8)))
    first = padded[begins].astype(np.int64)
    is_fat = first & 3 == _FAT
    code_size = sum(padded[begins + 4 + i].astype(np.int64) << (8 * i) for i in range(4))
    sizes = np.where(is_fat, _FAT_HEADER + code_size, 1 + (first >> 2))
    for index in np.flatnonzero(is_fat & (first & _MORE_SECTIONS != 0)).tolist():
        begin = int(begins[index])
        sizes[index] = _sections_end(image.data, begin + int(sizes[index])) - begin
    return np.minimum(sizes, len(data) - begins)


def _sections_end(data: bytes, pos: int) -> int:
    """Where the exception tables behind the code that ends at `pos` end (ECMA-335 II.25.4.5)."""
    more = True
    while more and pos < len(data):
        pos = (pos + 3) & ~3
        header = data[pos : pos + 4]
        if len(header) < 4:
            return pos
        more = bool(header[0] & 0x80)
        pos += max(int.from_bytes(header[1:4], "little") if header[0] & 0x40 else header[1], 4)
    return pos


def _find_tokens(
    identity: RowIdentity, bodies: Bodies, sizes: Numbers, operand_sizes: Sequence[int], before: tuple[RowIdentity, Bodies] | None
) -> None:
    """Fills in tokens and digests: those of bodies that are as before from there, others by reading the code."""
    n_bodies = len(bodies.methods)
    same = np.full(n_bodies, -1, dtype=np.int64)
    owners: list[Numbers] = []
    places: list[Numbers] = []
    named: list[Hashes] = []
    strings = BlobHashes(identity.image.user_strings_heap)
    if before is not None:
        old_identity, old = before
        same, moved, new_tokens, new_named = _compare(identity, bodies, sizes, strings, old_identity, old)
        owners.append(moved)
        places.append(new_tokens)
        named.append(new_named)
        kept = same >= 0
        bodies.digests[kept] = old.digests[same[kept]]
    fresh = np.flatnonzero(same < 0)
    found: list[int] = []
    found_owner: list[int] = []
    for index in fresh.tolist():
        start, end = int(bodies.starts[index]), int(bodies.starts[index + 1])
        inside = _tokens_of(bodies.code[start:end].tobytes(), operand_sizes)
        found.extend(start + each for each in inside)
        found_owner.extend([index] * len(inside))
    fresh_places, fresh_owner = np.array(found, np.int64), np.array(found_owner, np.int64)
    fresh_named = _named(identity, strings, bodies.code, fresh_places)
    bodies.digests[fresh] = _digests(bodies, fresh, fresh_places, fresh_owner, fresh_named)
    bodies.tokens = np.concatenate([*places, fresh_places])
    bodies.token_owner = np.concatenate([*owners, fresh_owner])
    bodies.named = np.concatenate([*named, fresh_named])


def _compare(
    identity: RowIdentity, bodies: Bodies, sizes: Numbers, strings: BlobHashes, old_identity: RowIdentity, old: Bodies
) -> tuple[Numbers, Numbers, Numbers, Hashes]:
    """The old body that each is equal to (-1: none); owners, places and names of the tokens of those."""
    ids, old_ids = identity.ids[TableId.METHOD_DEF][bodies.methods], old_identity.ids[TableId.METHOD_DEF][old.methods]
    order = np.argsort(old_ids)
    found = order[np.minimum(np.searchsorted(old_ids[order], ids), max(len(order) - 1, 0))] if len(order) else np.zeros(len(ids), np.int64)
    same = np.full(len(ids), -1, dtype=np.int64)
    if not len(order):
        nothing = np.zeros(0, np.int64)
        return same, nothing, nothing, np.zeros(0, np.uint64)
    alike = (old_ids[found] == ids) & (np.diff(old.starts)[found] == sizes)
    new_of_old = np.full(len(old.methods), -1, dtype=np.int64)
    new_of_old[found[alike]] = np.flatnonzero(alike)
    # Bytes that are no token's must be equal; the tokens of the old body tell which those are.
    shift = bodies.starts[new_of_old] - old.starts[:-1]
    stays = new_of_old[old.token_owner] >= 0
    owner = old.token_owner[stays]
    places = old.tokens[stays] + shift[owner]
    lengths = np.where(new_of_old >= 0, np.diff(old.starts), 0)
    spans = np.concatenate((np.zeros(1, np.int64), np.cumsum(lengths)))
    old_code = old.code[_spread(old.starts[:-1], lengths, spans)]
    new_code = bodies.code[_spread(np.where(new_of_old >= 0, bodies.starts[new_of_old], 0), lengths, spans)]
    differs = old_code != new_code
    in_spans = old.tokens[stays] + (spans[:-1] - old.starts[:-1])[owner]
    for byte in range(4):
        differs[in_spans + byte] = False
    bad = np.zeros(len(old.methods), dtype=bool)
    wrong = np.flatnonzero(differs)
    bad[np.searchsorted(spans, wrong, side="right") - 1] = True
    # A body that differs otherwise may have other bytes where the old one had tokens: its tokens are not looked at.
    good = ~bad[owner]
    owner, places, before = owner[good], places[good], old.named[stays][good]
    names = _named(identity, strings, bodies.code, places)
    bad[owner[names != before]] = True
    keeps = (new_of_old >= 0) & ~bad
    same[new_of_old[keeps]] = np.flatnonzero(keeps)
    chosen = keeps[owner]
    return same, new_of_old[owner[chosen]], places[chosen], names[chosen]


def _named(identity: RowIdentity, strings: BlobHashes, code: Bytes, places: Numbers) -> Hashes:
    tokens = np.zeros(len(places), dtype=np.int64)
    for byte in range(4):
        tokens |= code[places + byte].astype(np.int64) << (8 * byte)
    is_string = tokens >> 24 == USER_STRING
    result = np.zeros(len(tokens), dtype=np.uint64)
    result[is_string] = strings.at(tokens[is_string] & 0xFFFFFF)
    result[~is_string] = token_ids(tokens[~is_string], identity.ids)
    return result


def _digests(bodies: Bodies, chosen: Numbers, places: Numbers, owner: Numbers, named: Hashes) -> Hashes:
    """The digest of each chosen body: its bytes without the tokens, and what the tokens name, each at its place."""
    if not len(chosen):
        return np.zeros(0, dtype=np.uint64)
    begins, sizes = bodies.starts[chosen], np.diff(bodies.starts)[chosen]
    starts = np.concatenate((np.zeros(1, np.int64), np.cumsum(sizes)))
    plain = bodies.code.copy()
    for byte in range(4):
        plain[places + byte] = 0
    spans = SpanHashes(plain[_spread(begins, sizes, starts)].tobytes())
    result = spans.spans(starts[:-1], starts[1:])
    totals = np.zeros(len(bodies.methods), dtype=np.uint64)
    np.add.at(totals, owner, mix(named, (places - bodies.starts[owner]).astype(np.uint64)))
    return mix(result, totals[chosen])


def _tokens_of(body: bytes, table: Sequence[int]) -> list[int]:
    """Where tokens stand in a body with its header: that of the locals, those of instructions and of typed exception clauses."""
    if not body:
        return []
    found: list[int] = []
    pos, end = 1, len(body)
    if body[0] & 3 == _FAT:
        if len(body) < _FAT_HEADER:
            return []
        found.append(8)
        pos, end = _FAT_HEADER, min(_FAT_HEADER + int.from_bytes(body[4:8], "little"), len(body))
        if body[0] & _MORE_SECTIONS:
            found.extend(_clause_tokens(body, end))
    while pos < end:
        opcode = body[pos]
        pos += 1
        if opcode == _TWO_BYTES and pos < end:
            opcode = 256 + body[pos]
            pos += 1
        size = table[opcode]
        if size == TOKEN:
            if pos + 4 <= end:
                found.append(pos)
            pos += 4
        elif size == SWITCH:
            pos += 4 + 4 * int.from_bytes(body[pos : pos + 4], "little")
        else:
            pos += size
    return found


def _clause_tokens(body: bytes, pos: int) -> list[int]:
    found: list[int] = []
    more = True
    while more:
        pos = (pos + 3) & ~3
        if pos + 4 > len(body):
            break
        more = bool(body[pos] & 0x80)
        is_fat = bool(body[pos] & 0x40)
        total = int.from_bytes(body[pos + 1 : pos + 4], "little") if is_fat else body[pos + 1]
        entry = 24 if is_fat else 12
        for at in range(pos + 4, min(pos + total, len(body)) - entry + 1, entry):
            kind = int.from_bytes(body[at : at + (4 if is_fat else 2)], "little")
            if kind == 0:
                found.append(at + entry - 4)
        pos += max(total, 4)
    return found
