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
from typing import Protocol

LONGEST_BODY_BYTES = 256 * 1024 * 1024
LONGEST_HEADER_BYTES = 4096
READ_BYTES = 65536

# Searched for, not matched at the start: after a body whose length was wrong, a header follows it on the same line.
_CONTENT_LENGTH = re.compile(rb"Content-Length:[ \t]*(\d{1,18})[ \t]*$", re.IGNORECASE)


class ByteSource(Protocol):
    """A stream whose `read` returns what there is, at least one byte, and nothing at its end."""

    def read(self, size: int, /) -> bytes | None:
        """Up to `size` bytes."""


class ByteSink(Protocol):
    """A stream to write to."""

    def write(self, data: bytes, /) -> object:
        """Takes all of `data`."""

    def flush(self) -> object:
        """Sends on what was taken."""

    def close(self) -> object:
        """Ends the stream."""


@dataclass(frozen=True, slots=True)
class Malformed:
    """Bytes that are no frame; `reason` is for the log and the error response."""

    reason: str


class _Input:
    """Lines and blocks of a source. Invariant: `_held` is what was read and not yet given out."""

    def __init__(self, source: ByteSource) -> None:
        self._source = source
        self._held = bytearray()

    def line(self, limit: int) -> bytes:
        """The next line with its end, cut at `limit` bytes; what is left at the end of the source, b"" after it."""
        while (end := self._held.find(b"\n")) < 0 and len(self._held) < limit and self._fill():
            pass
        return self._take(min(end + 1 if end >= 0 else len(self._held), limit))

    def block(self, size: int) -> bytes | None:
        """The next `size` bytes; None when the source ends before."""
        while len(self._held) < size:
            if not self._fill():
                return None
        return self._take(size)

    def _fill(self) -> bool:
        data = self._source.read(READ_BYTES)
        self._held += data or b""
        return bool(data)

    def _take(self, size: int) -> bytes:
        data = bytes(self._held[:size])
        del self._held[:size]
        return data


def read_frames(source: ByteSource) -> Iterator[bytes | Malformed]:
    """The bodies of the frames of `source`, until it ends."""
    stream = _Input(source)
    while True:
        length = _read_headers(stream)
        if length is None:
            return
        if isinstance(length, Malformed):
            yield length
            continue
        body = stream.block(length)
        if body is None:
            return
        yield body


def _read_headers(stream: _Input) -> int | Malformed | None:
    """Body length in bytes after the blank line that ends the headers; None at the end of the stream."""
    length: int | None = None
    while True:
        line = stream.line(LONGEST_HEADER_BYTES)
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

    def __init__(self, stream: ByteSink) -> None:
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
