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
from compiler.metadata.hashing import BlobHashes, Hashes, Numbers, SpanHashes, common_ends, mix, sum_by
from compiler.metadata.image import Image, read_compressed
from compiler.metadata.row_identity import USER_STRING, RowIdentity
from compiler.metadata.signature_hashes import token_ids
from compiler.metadata.tokens import TableId

_FAT, _MORE_SECTIONS = 3, 0x08
_FAT_HEADER = 12
_TWO_BYTES = 0xFE
# Bodies are aligned to four bytes.
_PADDING = 4
_FEW_STRINGS = 64
_TOKEN_BYTES = 4
SWITCH = -1
TOKEN = -2
Bytes = NDArray[np.uint8]


@dataclass(slots=True)
class Bodies:
    """The bodies of one version, in the order of their methods. `methods` are MethodDef rows.

    `begins` and `sizes` say where each lies in the file, from its header to the end of its exception clauses. The tokens of body `n` are
    those from `starts[n]` to `starts[n + 1]`: `offsets` say where in its body a token stands, `tokens` what stands there, and `named` what
    that names.
    """

    methods: Numbers
    data: Bytes
    begins: Numbers
    sizes: Numbers
    user_strings: bytes
    starts: Numbers
    offsets: Numbers
    tokens: Numbers
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
    nothing, no_hashes = np.zeros(0, np.int64), np.zeros(0, np.uint64)
    strings = image.user_strings_heap
    bodies = Bodies(methods, data, begins, sizes, strings, nothing, nothing, nothing, no_hashes, no_hashes)
    _find_tokens(identity, bodies, operand_sizes, before)
    return bodies


def _file_offsets(image: Image, rvas: Numbers) -> Numbers:
    result = np.full(len(rvas), -1, dtype=np.int64)
    for section in image.sections:
        inside = (rvas >= section.rva) & (rvas < section.rva + section.raw_bytes)
        result[inside] = rvas[inside] - section.rva + section.offset
    if len(result) and int(result.min()) < 0:
        raise BadImage(image.file, "a method's address is in no section")
    return result


def _sizes(image: Image, data: Bytes, begins: Numbers) -> Numbers:
    """The bytes of each body, header, code and exception clauses. A body that leaves the file ends with it; who reads it says so."""
    first = data[begins].astype(np.int64)
    is_fat = first & 3 == _FAT
    sizes = 1 + (first >> 2)
    fat = begins[is_fat]
    sizes[is_fat] = _FAT_HEADER + _numbers_at(data, np.minimum(fat + 4, max(len(data) - 4, 0)))
    with_clauses = np.flatnonzero(is_fat & (first & _MORE_SECTIONS != 0))
    sizes[with_clauses] = _sections_ends(image.data, data, (begins + sizes)[with_clauses]) - begins[with_clauses]
    result: Numbers = np.minimum(sizes, len(data) - begins)
    return result


def _sections_ends(content: bytes, data: Bytes, positions: Numbers) -> Numbers:
    """Where the exception tables behind code that ends at `positions` end: a compiler writes one each, more are followed one by one."""
    starts = (positions + 3) & ~3
    inside = np.minimum(starts, max(len(data) - 4, 0))
    kind = data[inside]
    sizes = np.where(kind & 0x40 != 0, _numbers_at(data, inside) >> 8, data[np.minimum(inside + 1, len(data) - 1)])
    ends: Numbers = starts + np.maximum(sizes, 4)
    for index in np.flatnonzero((kind & 0x80 != 0) | (starts + 4 > len(data)) | (positions >= len(data))).tolist():
        ends[index] = _sections_end(content, int(positions[index]))
    return ends


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


def _numbers_at(data: Bytes, places: Numbers) -> Numbers:
    """The numbers of four bytes at `places`, which lie before the last three bytes."""
    if not len(places):
        return np.zeros(0, dtype=np.int64)
    words = np.ndarray((len(data) - 3,), dtype="<u4", buffer=data, strides=(1,))
    return words[places].astype(np.int64)


@dataclass(frozen=True, slots=True)
class _Found:
    """Tokens of some bodies, in the order of the bodies; see `Bodies`."""

    starts: Numbers
    offsets: Numbers
    tokens: Numbers
    named: Hashes


def _find_tokens(identity: RowIdentity, bodies: Bodies, operand_sizes: Sequence[int], before: tuple[RowIdentity, Bodies] | None) -> None:
    """Fills in tokens and digests: those of bodies that are as before from there, others by reading the code."""
    same = np.full(len(bodies.methods), -1, dtype=np.int64)
    kept = _Found(np.zeros(1, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.uint64))
    if before is not None and len(before[1].methods) and not _overlap(bodies) and not _overlap(before[1]):
        same, kept = _compare(identity, bodies, *before)
    fresh = np.flatnonzero(same < 0)
    read = _read_tokens(identity, bodies, fresh, operand_sizes)
    digests = np.zeros(len(bodies.methods), dtype=np.uint64)
    if before is not None:
        digests[same >= 0] = before[1].digests[same[same >= 0]]
    digests[fresh] = _digests(bodies, fresh, read)
    everything = _spliced(same, kept, read)
    bodies.starts, bodies.offsets, bodies.tokens, bodies.named = everything.starts, everything.offsets, everything.tokens, everything.named
    bodies.digests = digests


def _read_tokens(identity: RowIdentity, bodies: Bodies, chosen: Numbers, operand_sizes: Sequence[int]) -> _Found:
    """The tokens of the chosen bodies, by reading the code."""
    places: list[int] = []
    offsets: list[int] = []
    ends = [0]
    data = identity.image.data
    for begin, size in zip(bodies.begins[chosen].tolist(), bodies.sizes[chosen].tolist(), strict=True):
        inside = _tokens_of(data[begin : begin + size], operand_sizes)
        offsets.extend(inside)
        places.extend(begin + each for each in inside)
        ends.append(len(offsets))
    tokens = _numbers_at(bodies.data, np.array(places, np.int64))
    return _Found(np.array(ends, np.int64), np.array(offsets, np.int64), tokens, _named(identity, tokens))


def _spliced(same: Numbers, kept: _Found, read: _Found) -> _Found:
    """The tokens of all bodies: for those that are as before (`same` has their number there) from `kept`, for the others from `read`."""
    if len(same) == len(kept.starts) - 1 and np.array_equal(same, np.arange(len(same))):
        return kept
    is_kept = same >= 0
    counts = np.zeros(len(same), dtype=np.int64)
    counts[is_kept] = np.diff(kept.starts)[same[is_kept]]
    counts[~is_kept] = np.diff(read.starts)
    # Stretches of bodies that stand one behind the other in either.
    index = np.where(is_kept, same, np.cumsum(~is_kept) - 1)
    begins = np.flatnonzero(np.concatenate((np.ones(1, dtype=bool), (np.diff(index) != 1) | (np.diff(is_kept))))) if len(same) else same
    parts: list[tuple[_Found, slice]] = []
    for begin, end in zip(begins.tolist(), [*begins[1:].tolist(), len(same)], strict=True):
        source = kept if is_kept[begin] else read
        parts.append((source, slice(int(source.starts[index[begin]]), int(source.starts[index[end - 1] + 1]))))
    return _Found(
        np.concatenate((np.zeros(1, np.int64), np.cumsum(counts))),
        np.concatenate([source.offsets[part] for source, part in parts] or [read.offsets]),
        np.concatenate([source.tokens[part] for source, part in parts] or [read.tokens]),
        np.concatenate([source.named[part] for source, part in parts] or [read.named]),
    )


def _overlap(bodies: Bodies) -> bool:
    """Whether two bodies share bytes, as no compiler writes them: a difference would be in both."""
    begins, sizes = bodies.begins, bodies.sizes
    if bool((begins[1:] < begins[:-1]).any()):
        order = np.argsort(begins, kind="stable")
        begins, sizes = begins[order], sizes[order]
    return bool((begins[1:] < begins[:-1] + sizes[:-1]).any())


def _compare(identity: RowIdentity, bodies: Bodies, old_identity: RowIdentity, old: Bodies) -> tuple[Numbers, _Found]:
    """The old body that each is equal to (-1: none), and the tokens of the old bodies as they are now."""
    old_of_new = _aligned(identity.ids[TableId.METHOD_DEF][bodies.methods], old_identity.ids[TableId.METHOD_DEF][old.methods])
    alike = np.flatnonzero(old_of_new >= 0)
    alike = alike[old.sizes[old_of_new[alike]] == bodies.sizes[alike]]
    partners = old_of_new[alike]
    new_of_old = np.full(len(old.methods), -1, dtype=np.int64)
    new_of_old[partners] = alike
    bad = new_of_old < 0
    tokens, again = old.tokens, _may_differ(identity, old_identity, old.tokens, strings_differ=bodies.user_strings != old.user_strings)
    wrong = _different_bytes(bodies, old, alike, partners)
    if len(wrong):
        others, rewritten, places = _rewritten(old, wrong)
        bad[others] = True
        owners = _bodies_at(old, places)[0]
        tokens = tokens.copy()
        tokens[rewritten] = _numbers_at(bodies.data, places + bodies.begins[new_of_old[owners]] - old.begins[owners])
        again[rewritten] = True
    chosen = np.flatnonzero(again)
    named = old.named
    if len(chosen):
        owners = np.repeat(np.arange(len(old.methods)), np.diff(old.starts))[chosen]
        chosen, owners = chosen[~bad[owners]], owners[~bad[owners]]
        named = named.copy()
        named[chosen] = _named(identity, tokens[chosen])
        bad[owners[named[chosen] != old.named[chosen]]] = True
    same = np.full(len(bodies.methods), -1, dtype=np.int64)
    good = np.flatnonzero(~bad)
    same[new_of_old[good]] = good
    return same, _Found(old.starts, old.offsets, tokens, named)


def _rewritten(old: Bodies, wrong: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Of positions whose bytes differ: the bodies in which one is no token's, for such bytes must be equal; the tokens that have the
    others, and where these tokens stand."""
    owners, is_inside = _bodies_at(old, wrong)
    wrong = wrong[is_inside]
    is_hit = np.zeros(len(old.methods), dtype=bool)
    is_hit[owners] = True
    hit = np.flatnonzero(is_hit)
    counts = old.starts[hit + 1] - old.starts[hit]
    tokens = np.arange(int(counts.sum())) + np.repeat(old.starts[hit] - (np.cumsum(counts) - counts), counts)
    places = np.repeat(old.begins[hit], counts) + old.offsets[tokens]
    order = np.argsort(places, kind="stable")
    at = np.searchsorted(places[order], wrong, side="right") - 1
    is_token = at >= 0
    is_token[is_token] = wrong[is_token] - places[order[at[is_token]]] < _TOKEN_BYTES
    found = order[at[is_token]]
    return owners[~is_token], tokens[found], places[found]


def _aligned(ids: Hashes, old_ids: Hashes) -> Numbers:
    """The index in `old_ids` of each of `ids`; -1 for what is not there."""
    first, last = common_ends(ids, old_ids)
    result = np.arange(len(ids))
    result[len(ids) - last :] += len(old_ids) - len(ids)
    # Between what is the same at both ends there are few.
    known = {identity: index for index, identity in enumerate(old_ids[first : len(old_ids) - last].tolist(), first)}
    result[first : len(ids) - last] = [known.get(each, -1) for each in ids[first : len(ids) - last].tolist()]
    return result


def _different_bytes(bodies: Bodies, old: Bodies, alike: Numbers, partners: Numbers) -> Numbers:
    """The positions in the old file of bytes that differ, in bodies of one size. Bodies that moved together are compared at once."""
    if not len(alike):
        return np.zeros(0, np.int64)
    shifts = bodies.begins[alike] - old.begins[partners]
    begins, ends = old.begins[partners], old.begins[partners] + old.sizes[partners]
    follows = (shifts[1:] == shifts[:-1]) & (begins[1:] >= ends[:-1]) & (begins[1:] - ends[:-1] < _PADDING)
    firsts = np.flatnonzero(np.concatenate((np.ones(1, dtype=bool), ~follows)))
    lasts = np.concatenate((firsts[1:] - 1, np.array([len(alike) - 1])))
    found: list[Numbers] = []
    for begin, end, shift in zip(begins[firsts].tolist(), ends[lasts].tolist(), shifts[firsts].tolist(), strict=True):
        differs = old.data[begin:end] != bodies.data[begin + shift : end + shift]
        found.append(np.flatnonzero(differs) + begin)
    return np.concatenate(found)


def _bodies_at(bodies: Bodies, positions: Numbers) -> tuple[Numbers, NDArray[np.bool_]]:
    """The bodies in which positions of the file are; which positions these are: others lie between bodies."""
    begins = bodies.begins
    order = None if bool((begins[1:] >= begins[:-1]).all()) else np.argsort(begins, kind="stable")
    found: Numbers = np.maximum(np.searchsorted(begins if order is None else begins[order], positions, side="right") - 1, 0)
    if order is not None:
        found = order[found]
    is_inside = positions < bodies.begins[found] + bodies.sizes[found]
    return found[is_inside], is_inside


def _may_differ(identity: RowIdentity, before: RowIdentity, tokens: Numbers, *, strings_differ: bool) -> NDArray[np.bool_]:
    """Which tokens of the version before may name something else now: those from the first row on that is not as before."""
    first_rows = [(USER_STRING, 0)] if strings_differ else []
    for table, ids in identity.ids.items():
        known = before.ids[table]
        n_common = min(len(ids), len(known))
        differs = ids[:n_common] != known[:n_common] if ids is not known else np.zeros(0, dtype=bool)
        n_same = int(differs.argmax()) if differs.any() else n_common
        if n_same < len(known):
            first_rows.append((table, n_same))
    result = np.zeros(len(tokens), dtype=bool)
    for table, row in first_rows:
        result |= (tokens - (table << 24 | row)).view(np.uint64) < (1 << 24) - row
    return result


def _named(identity: RowIdentity, tokens: Numbers) -> Hashes:
    is_string = tokens >> 24 == USER_STRING
    result = np.zeros(len(tokens), dtype=np.uint64)
    if is_string.any():
        result[is_string] = _string_hashes(identity.image.user_strings_heap, tokens[is_string] & 0xFFFFFF)
    result[~is_string] = token_ids(tokens[~is_string], identity.ids)
    return result


def _string_hashes(heap: bytes, offsets: Numbers) -> Hashes:
    """The hashes of literals; a few are not worth hashing the whole heap."""
    if len(offsets) > _FEW_STRINGS:
        return BlobHashes(heap).at(offsets)
    first, last = int(offsets.min()), int(offsets.max())
    length, start = read_compressed(heap, last)
    part = heap[first : start + length]
    # Offset 0 of a heap is its empty entry: one byte is put before the part.
    return BlobHashes(b"\0" + part).at(np.where(offsets == 0, 0, offsets - first + 1))


def _digests(bodies: Bodies, chosen: Numbers, found: _Found) -> Hashes:
    """The digest of each chosen body: its bytes without the tokens, and what the tokens name, each at its place."""
    if not len(chosen):
        return np.zeros(0, dtype=np.uint64)
    begins, sizes = bodies.begins[chosen], bodies.sizes[chosen]
    ends = np.cumsum(sizes)
    plain = bodies.data[np.arange(int(ends[-1])) + np.repeat(begins - (ends - sizes), sizes)]
    owners = np.repeat(np.arange(len(chosen)), np.diff(found.starts))
    for byte in range(_TOKEN_BYTES):
        plain[(ends - sizes)[owners] + found.offsets + byte] = 0
    result = SpanHashes(plain.tobytes()).spans(ends - sizes, ends)
    return mix(result, sum_by(owners, mix(found.named, found.offsets.astype(np.uint64)), len(chosen)))


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
