"""Bytes done of bytes in all -> a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

from types import TracebackType

from server.cli.caller import Channel

_BAR_WIDTH = 30
_PLAIN_STEP_PERCENT = 25


class ByteProgress:
    """Shows one transfer on `channel`. On a terminal one line is redrawn; elsewhere a line is written every 25 %."""

    def __init__(self, label: str, channel: Channel) -> None:
        self._label = label
        self._stream = channel.output
        self._is_terminal = channel.is_terminal
        self._shown_percent = -1

    def __enter__(self) -> ByteProgress:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._is_terminal and self._shown_percent >= 0:
            self._stream.write("\n")

    def update(self, done_bytes: int, total_bytes: int) -> None:
        """Shows the state, when it differs from what is shown."""
        percent = done_bytes * 100 // total_bytes if total_bytes else 100
        step = 1 if self._is_terminal else _PLAIN_STEP_PERCENT
        if percent // step == self._shown_percent // step and self._shown_percent >= 0:
            return
        self._shown_percent = percent
        megabytes = f"{done_bytes / 1e6:.1f} of {total_bytes / 1e6:.1f} MB"
        if self._is_terminal:
            filled = _BAR_WIDTH * percent // 100
            self._stream.write(f"\r{self._label} [{'#' * filled}{'.' * (_BAR_WIDTH - filled)}] {percent:3d} % ({megabytes})")
        else:
            self._stream.write(f"{self._label}: {percent} % ({megabytes})\n")
        self._stream.flush()
