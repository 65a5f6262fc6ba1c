"""Requests and answers <-> the bytes of the worker's pipes.

A frame is: u32 length of all that follows, u32 length of the header, the header (a JSON object), then the blobs.
Numbers are little-endian; `blobs` in the header has the length of each blob in bytes. `worker/Frames.cs` is the other end.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of the worker; `body` is its JSON object."""

    id: int
    is_ok: bool
    body: Mapping[str, Json]
    blobs: tuple[bytes, ...]


class BrokenFrame(Exception):
    """The bytes are no frame: the other end is not what it should be."""


def encode_request(request_id: int, verb: str, body: Mapping[str, Json], blobs: Sequence[bytes]) -> bytes:
    """The frame of a request."""
    content = {"id": request_id, "verb": verb, "body": body, "blobs": [len(blob) for blob in blobs]}
    header = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return b"".join((struct.pack("<II", 4 + len(header) + sum(map(len, blobs)), len(header)), header, *blobs))


def read_answer(stream: IO[bytes]) -> Answer | None:
    """The next answer, or None at the end of the stream. Raises BrokenFrame."""
    prefix = stream.read(4)
    if len(prefix) < 4:
        return None
    (length,) = struct.unpack("<I", prefix)
    content = stream.read(length)
    if len(content) < length:
        return None
    try:
        (header_length,) = struct.unpack_from("<I", content)
        header = json.loads(content[4 : 4 + header_length])
        blobs = []
        offset = 4 + header_length
        for size in header["blobs"]:
            blobs.append(content[offset : offset + size])
            offset += size
        return Answer(header["id"], header["ok"], header["body"], tuple(blobs))
    except (struct.error, ValueError, KeyError, TypeError) as error:
        raise BrokenFrame(str(error)) from error
