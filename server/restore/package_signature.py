"""A signed package to the hash of its content without the signature, checked against the hash that was signed.

That hash is what lock files and `.nupkg.metadata` hold: a repository may sign a package again without changing it. Whether the
signer is to be trusted is not judged: a restore that requires it is refused (`feeds.py`).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import BinaryIO

from server.restore.errors import INVALID_SIGNATURE, PACKAGE_CHANGED_SINCE_SIGNED, PackageError
from server.restore.package_archive import PackageArchive, PackageEntry

SIGNATURE_FILE = ".signature.p7s"
_SIGNATURE_BYTES = 4 << 20
_CHUNK_BYTES = 1 << 20
_DIRECTORY_RECORD = struct.Struct("<4s6H3L5H2L")
_END_RECORD = struct.Struct("<4s4H2LH")
_OFFSET_AT = 42
_HASHES = {"2.16.840.1.101.3.4.2.1": "sha256", "2.16.840.1.101.3.4.2.2": "sha384", "2.16.840.1.101.3.4.2.3": "sha512"}
_SIGNED_HASH = re.compile(r"^(?P<algorithm>[0-9.]+)-Hash:(?P<hash>[A-Za-z0-9+/=]+)\r?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Entry:
    """A central directory record: where it is, its bytes, and where its file begins and ends."""

    position: int
    record: bytes
    start: int
    end: int


def content_hash(package: PackageArchive) -> str | None:
    """Base64 of the content's SHA-512; None for a package without a signature, whose hash is that of the whole archive.

    Raises PackageError: NU3008 when the content is not what was signed, NU3005 when the signature cannot be read.
    """
    signature = next((entry for entry in package.entries if entry.info.orig_filename == SIGNATURE_FILE), None)
    if signature is None:
        return None
    if signature.info.compress_type != 0:
        raise _invalid(package, "it is compressed")
    algorithm, signed = _signed_hash(package, signature)
    digest, checked = hashlib.sha512(), hashlib.new(algorithm)
    for chunk in _without_signature(package, signature):
        digest.update(chunk)
        checked.update(chunk)
    if checked.digest() != signed:
        message = f"The package integrity check failed for package '{package.name}'. The package has changed since it was signed."
        raise PackageError(PACKAGE_CHANGED_SINCE_SIGNED, f"{message} Try clearing the local http-cache and run nuget operation again.")
    return base64.b64encode(digest.digest()).decode("ascii")


def _without_signature(package: PackageArchive, signature: PackageEntry) -> Iterator[bytes]:
    """The archive's bytes as they would be had the signature never been added."""
    file = package.file
    entries, end = _directory(package)
    removed = next(entry for entry in entries if entry.start == signature.info.header_offset)
    yield from _range(file, 0, min(entry.start for entry in entries))
    moved: dict[int, int] = {}
    at = 0
    for entry in sorted(entries, key=lambda entry: entry.start):
        if entry is not removed:
            moved[entry.start] = at
            at += entry.end - entry.start
            yield from _range(file, entry.start, entry.end)
    for entry in entries:
        if entry is not removed:
            yield entry.record[:_OFFSET_AT] + struct.pack("<L", moved[entry.start]) + entry.record[_OFFSET_AT + 4 :]
    fields = list(_END_RECORD.unpack_from(end))
    fields[3] -= 1
    fields[4] -= 1
    fields[5] -= len(removed.record)
    fields[6] -= removed.end - removed.start
    yield _END_RECORD.pack(*fields) + end[_END_RECORD.size :]


def _directory(package: PackageArchive) -> tuple[list[_Entry], bytes]:
    """The central directory in its order, and the end record with the comment."""
    start = package.zip.start_dir
    package.file.seek(start)
    tail = package.file.read()
    records: list[tuple[int, bytes, int]] = []
    at = 0
    while tail[at : at + 4] == b"PK\x01\x02":
        fields = _DIRECTORY_RECORD.unpack_from(tail, at)
        size = _DIRECTORY_RECORD.size + fields[10] + fields[11] + fields[12]
        records.append((start + at, tail[at : at + size], fields[16]))
        at += size
    end = tail[at:]
    if len(records) != len(package.zip.infolist()) or not end.startswith(b"PK\x05\x06") or len(end) < _END_RECORD.size:
        raise _invalid(package, "the archive is Zip64 or not in order")
    starts = sorted(offset for _, _, offset in records) + [start]
    ends = dict(pairwise(starts))
    return [_Entry(position, record, offset, ends[offset]) for position, record, offset in records], end


def _range(file: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    file.seek(start)
    while start < end:
        chunk = file.read(min(_CHUNK_BYTES, end - start))
        if not chunk:
            return
        start += len(chunk)
        yield chunk


def _signed_hash(package: PackageArchive, signature: PackageEntry) -> tuple[str, bytes]:
    """Algorithm and hash that the signature is over: text inside the CMS message (RFC 5652)."""
    try:
        content = _encapsulated_content(package.read(signature, _SIGNATURE_BYTES))
        found = _SIGNED_HASH.search(content.decode("ascii"))
        if found is None:
            raise _invalid(package, "it holds no hash of the content")
        return _HASHES[found["algorithm"]], base64.b64decode(found["hash"], validate=True)
    except (ValueError, IndexError, KeyError, binascii.Error) as error:
        raise _invalid(package, "it is not a signature that can be read") from error


def _encapsulated_content(message: bytes) -> bytes:
    """The content inside a SignedData message. Raises ValueError and IndexError."""
    content_info = _elements(_expect(_elements(message)[0], 0x30))
    signed_data = _elements(_expect(_elements(_expect(content_info[1], 0xA0))[0], 0x30))
    encapsulated = _elements(_expect(signed_data[2], 0x30))
    return _expect(_elements(_expect(encapsulated[1], 0xA0))[0], 0x04)


def _expect(element: tuple[int, bytes], tag: int) -> bytes:
    if element[0] != tag:
        raise ValueError(f"tag {element[0]:#x} where {tag:#x} must be")
    return element[1]


def _elements(data: bytes) -> list[tuple[int, bytes]]:
    """The DER elements in `data`, one behind the other: tag and content."""
    found = []
    at = 0
    while at < len(data):
        tag, length = data[at], data[at + 1]
        at += 2
        if length >= 0x80:
            size = length - 0x80
            if not 1 <= size <= 4:
                raise ValueError("a length that DER does not have")
            length = int.from_bytes(data[at : at + size], "big")
            at += size
        if at + length > len(data):
            raise ValueError("an element that is cut off")
        found.append((tag, data[at : at + length]))
        at += length
    return found


def _invalid(package: PackageArchive, why: str) -> PackageError:
    return PackageError(INVALID_SIGNATURE, f"The package signature file entry of package '{package.name}' is invalid: {why}.")
