"""A zip archive's frame to a complaint or none: end record, central directory and entries lie one behind the other, nothing twice.

Readers of zip archives disagree about archives with data before, between or after these parts, and entries that overlap unpack
the same bytes again and again. An archive that every reader reads the same way has none of that.
"""

from __future__ import annotations

import os
import struct
import zipfile
from typing import BinaryIO

from server.restore.errors import BROKEN_ARCHIVE, PackageError

_END_RECORD = struct.Struct("<4s4H2LH")
_END_SIGNATURE = b"PK\x05\x06"
_ZIP64_LOCATOR_BYTES = 20
_ZIP64_END_BYTES = 56
_LOCAL_HEADER_BYTES = 30
_LONGEST_COMMENT_BYTES = (1 << 16) - 1


def check_layout(file: BinaryIO, archive: zipfile.ZipFile, name: str) -> None:
    """Raises PackageError when the parts of the archive are not in place."""
    end, directory = _end_of_archive(file, len(archive.infolist()), name)
    starts = sorted((info.header_offset, info.compress_size, len(info.orig_filename)) for info in archive.infolist())
    if starts and starts[0][0] != 0:
        raise _misplaced(name, "it has data before its first entry")
    if archive.start_dir != directory:
        raise _misplaced(name, "its central directory is not where its end record says")
    limits = [start for start, _, _ in starts[1:]] + [directory]
    for (start, packed, name_length), limit in zip(starts, limits, strict=False):
        if start + _LOCAL_HEADER_BYTES + name_length + packed > limit:
            raise _misplaced(name, "its entries overlap")
    if directory > end:
        raise _misplaced(name, "its central directory lies behind its end")


def _end_of_archive(file: BinaryIO, n_entries: int, name: str) -> tuple[int, int]:
    """Offsets of the end record and of the central directory, as the end record says."""
    size = file.seek(0, os.SEEK_END)
    tail_start = max(0, size - _END_RECORD.size - _LONGEST_COMMENT_BYTES - _ZIP64_LOCATOR_BYTES - _ZIP64_END_BYTES)
    file.seek(tail_start)
    tail = file.read(size - tail_start)
    at = tail.rfind(_END_SIGNATURE)
    if at < 0 or at + _END_RECORD.size > len(tail):
        raise _misplaced(name, "it has no end record")
    _, disk, directory_disk, entries_here, entries, directory_bytes, directory, comment_bytes = _END_RECORD.unpack_from(tail, at)
    if at + _END_RECORD.size + comment_bytes != len(tail):
        raise _misplaced(name, "it has data behind its end record")
    end = tail_start + at
    if directory == 0xFFFFFFFF or directory_bytes == 0xFFFFFFFF or (entries == 0xFFFF and n_entries >= 0xFFFF):
        return end, _zip64_directory(tail, at, name)
    if disk or directory_disk or entries_here != entries or entries != n_entries & 0xFFFF or directory + directory_bytes > end:
        raise _misplaced(name, "its end record is not its own")
    return end, directory


def _zip64_directory(tail: bytes, at: int, name: str) -> int:
    record = at - _ZIP64_LOCATOR_BYTES - _ZIP64_END_BYTES
    if record < 0 or tail[record : record + 4] != b"PK\x06\x06":
        raise _misplaced(name, "it has no Zip64 end record")
    directory: int = struct.unpack_from("<Q", tail, record + 48)[0]
    return directory


def _misplaced(name: str, what: str) -> PackageError:
    return PackageError(BROKEN_ARCHIVE, f"The package '{name}' is not a valid archive: {what}")
