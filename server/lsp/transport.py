"""LSP base protocol over two byte streams: frames in, frames out.

From a stream that may hold anything to the bodies of its well-formed frames (Content-Length header, then that many bytes).
A frame that is malformed is skipped up to the next header and reported; nothing that a peer sends ends the loop but the end
of the stream. Bodies are not looked into.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

LONGEST_BODY_BYTES = 256 * 1024 * 1024
LONGEST_HEADER_BYTES = 4096

# Searched for, not matched at the start: after a body whose length was wrong, a header follows it on the same line.
_CONTENT_LENGTH = re.compile(rb"Content-Length:[ \t]*(\d{1,18})[ \t]*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Malformed:
    """Bytes that are no frame; `reason` is for the log and the error response."""

    reason: str


def read_frames(stream: BinaryIO) -> Iterator[bytes | Malformed]:
    """The bodies of the frames of `stream`, until it ends."""
    while True:
        length = _read_headers(stream)
        if length is None:
            return
        if isinstance(length, Malformed):
            yield length
            continue
        body = stream.read(length)
        if len(body) < length:
            return
        yield body


def _read_headers(stream: BinaryIO) -> int | Malformed | None:
    """Body length in bytes after the blank line that ends the headers; None at the end of the stream."""
    length: int | None = None
    while True:
        line = stream.readline(LONGEST_HEADER_BYTES)
        if not line:
            return None
        text = line.rstrip(b"\r\n")
        if not text:
            if length is None:
                continue
            if length > LONGEST_BODY_BYTES:
                return Malformed(f"Content-Length {length} is over {LONGEST_BODY_BYTES}")
            return length
        found = _CONTENT_LENGTH.search(text)
        if found:
            length = int(found.group(1))
        elif b":" not in text or text.startswith(b"{"):
            return Malformed(f"not a header: {text[:80]!r}")


class FrameWriter:
    """Writes whole messages to a stream from any thread; used by pygls as its writer.

    Invariant: a message is written and flushed under one lock, so frames never interleave.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def write(self, data: bytes) -> None:
        """Writes one message, headers included. Raises BrokenPipeError when the peer is gone."""
        with self._lock:
            self._stream.write(data)
            self._stream.flush()

    def close(self) -> None:
        """Closes the stream."""
        self._stream.close()
