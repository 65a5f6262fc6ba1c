"""Readers of bytes from outside against bytes that mean nothing: frames of LSP and lines of the daemon."""

from __future__ import annotations

import io
import json
import random

from server.daemon.wire import WireError, decode_answer, decode_request
from server.lsp.transport import read_frames

PIECES = [
    b"Content-Length: ",
    b"5",
    b"999999999999999999",
    b"\r\n",
    b"\n",
    b"\r\n\r\n",
    b"{",
    b"}",
    b"abcde",
    b":",
    b"\x00",
    b"\xff\xfe",
    b" ",
    b"-1",
]
VALUES = [None, True, 0, -1, 1.5, "", "publish", "ping", "cancel", "2.0", [], {}, ["x", 1], {"id": 1}, {"id": "x"}]
KEYS = [
    "jsonrpc",
    "id",
    "method",
    "params",
    "result",
    "error",
    "args",
    "environment",
    "terminal",
    "directory",
    "columns",
    "code",
    "message",
]


def test_frames_of_noise_end() -> None:
    chance = random.Random(1)
    for _ in range(2000):
        data = b"".join(chance.choice(PIECES) for _ in range(chance.randrange(40)))
        frames = list(read_frames(io.BytesIO(data)))
        assert len(frames) <= len(data)


def test_frames_are_found_in_any_pieces_of_reads() -> None:
    bodies = [b"a", b"", b"bb\r\n\r\n", b"Content-Length: 3\r\n\r\n"]
    data = b"".join(b"Content-Length: %d\r\n\r\n%s" % (len(body), body) for body in bodies)
    chance = random.Random(2)
    for _ in range(200):
        assert list(read_frames(_Dribble(data, chance))) == bodies


class _Dribble:
    """A source that gives a few bytes at a time."""

    def __init__(self, data: bytes, chance: random.Random) -> None:
        self._data = io.BytesIO(data)
        self._chance = chance

    def read(self, size: int, /) -> bytes:
        """Some bytes."""
        return self._data.read(min(size, self._chance.randrange(1, 5)))


def test_lines_of_noise_are_refused() -> None:
    chance = random.Random(3)
    for _ in range(5000):
        line = json.dumps(_noise(chance, 0)).encode()
        for decode in (decode_request, decode_answer):
            try:
                decode(line)
            except WireError:
                continue


def _noise(chance: random.Random, depth: int) -> object:
    if depth > 2 or chance.random() < 0.2:
        return chance.choice(VALUES)
    fields: dict[str, object] = {key: _noise(chance, depth + 1) for key in chance.sample(KEYS, chance.randrange(len(KEYS)))}
    if chance.random() < 0.9:
        fields["jsonrpc"] = "2.0"
    if chance.random() < 0.8:
        fields["method"] = chance.choice(["publish", "check", "cancel", "event", "out", "ping"])
    return fields
