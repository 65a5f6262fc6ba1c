"""System.TimeSpan: parsing, arithmetic and formatting in the invariant culture, in ticks of 100 ns."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from server.msbuild.functions.binding import TYPES
from server.msbuild.functions.values import ClrError
from server.whole_numbers import magnitude, signed_number

SECOND = 10_000_000
DAY = 86400 * SECOND
MIN_TICKS = -(1 << 63)
MAX_TICKS = (1 << 63) - 1
_SPAN = re.compile(r"\s*(-)?(?:(\d+)\.)?(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,7}))?)?\s*\Z", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class TimeSpan:
    """System.TimeSpan."""

    ticks: int
    clr_name = "System.TimeSpan"

    def __str__(self) -> str:
        rest = abs(self.ticks)
        days, rest = divmod(rest, DAY)
        hours, rest = divmod(rest, 3600 * SECOND)
        minutes, rest = divmod(rest, 60 * SECOND)
        seconds, fraction = divmod(rest, SECOND)
        text = f"{hours:02d}:{minutes:02d}:{seconds:02d}" + (f".{fraction:07d}" if fraction else "")
        return ("-" if self.ticks < 0 else "") + (f"{days}." if days else "") + text


def parse_span(text: str) -> TimeSpan:
    """System.TimeSpan.Parse."""
    days = signed_number(text.strip())
    if days is not None and text.strip()[0] != "+":
        return _spanning(days * DAY, text)
    match = _SPAN.match(text)
    if match is None:
        raise ClrError(f"String '{text}' was not recognized as a valid TimeSpan.")
    sign = -1 if match[1] else 1
    hours, minutes, seconds = int(match[3]), int(match[4]), int(match[5] or 0)
    if hours > 23 and match[2] is None and match[5] is not None and match[6] is None:
        return TimeSpan((hours * DAY + minutes * 3600 * SECOND + seconds * 60 * SECOND) * sign)
    if hours > 23 or minutes > 59 or seconds > 59:
        raise _out_of_range(text)
    ticks = magnitude(match[2] or "0") * DAY + (hours * 3600 + minutes * 60 + seconds) * SECOND + int((match[6] or "").ljust(7, "0"))
    return _spanning(sign * ticks, text)


def _spanning(ticks: int, text: str) -> TimeSpan:
    if not MIN_TICKS <= ticks <= MAX_TICKS:
        raise _out_of_range(text)
    return TimeSpan(ticks)


def _out_of_range(text: str) -> ClrError:
    return ClrError(
        f"The TimeSpan string '{text}' could not be parsed because at least one of the numeric components is out of range or "
        "contains too many digits."
    )


def _of_units(count: float, ticks_each: int) -> TimeSpan:
    """TimeSpan.FromDays and its like."""
    ticks = count * ticks_each
    if math.isnan(ticks):
        raise ClrError("TimeSpan does not accept floating point Not-a-Number values.")
    if not MIN_TICKS <= ticks <= MAX_TICKS:
        raise ClrError("TimeSpan overflowed because the duration is too long.")
    return TimeSpan(round(ticks))


_SPAN_TOKENS = re.compile(r"'[^']*'|\"[^\"]*\"|\\.|d+|h+|m+|s+|f+|F+|%|.", re.DOTALL)


def format_span(span: TimeSpan, format_text: str) -> str:
    """The span by the standard formats c, g, G or a custom one."""
    if format_text in ("", "c", "t", "T"):
        return str(span)
    days, rest = divmod(abs(span.ticks), DAY)
    seconds, fraction = divmod(rest, SECOND)
    clock = {"d": days, "h": seconds // 3600, "m": seconds // 60 % 60, "s": seconds % 60}
    sign = "-" if span.ticks < 0 else ""
    if format_text == "g":
        tail = f".{fraction:07d}".rstrip("0") if fraction else ""
        return f"{sign}{f'{days}:' if days else ''}{clock['h']}:{clock['m']:02d}:{clock['s']:02d}{tail}"
    if format_text == "G":
        return f"{sign}{days}:{clock['h']:02d}:{clock['m']:02d}:{clock['s']:02d}.{fraction:07d}"
    parts: list[str] = []
    for token in _SPAN_TOKENS.findall(format_text):
        kind = token[0]
        if kind in clock:
            parts.append(f"{clock[kind]:0{len(token)}d}")
        elif kind in "fF":
            digits = f"{fraction:07d}"[: len(token)]
            parts.append(digits if kind == "f" else digits.rstrip("0"))
        elif kind in "'\"" and len(token) > 1:
            parts.append(token[1:-1])
        elif kind == "\\" and len(token) > 1:
            parts.append(token[1:])
        elif kind != "%":
            raise ClrError("Input string was not in a correct format.")
    return "".join(parts)


def _time_span() -> None:
    clr_type = TYPES.add("System.TimeSpan")
    clr_type.value("Zero", lambda _: TimeSpan(0))
    clr_type.value("MaxValue", lambda _: TimeSpan(MAX_TICKS))
    clr_type.value("MinValue", lambda _: TimeSpan(MIN_TICKS))
    clr_type.static("FromTicks", "long", TimeSpan)
    clr_type.method("ToString", "string", format_span)
    clr_type.static("Parse", "string", parse_span)
    clr_type.static("new", "int int int", lambda h, m, s: TimeSpan((h * 3600 + m * 60 + s) * SECOND))
    for name, size, limit in (
        ("Days", DAY, 0),
        ("Hours", 3600 * SECOND, 24),
        ("Minutes", 60 * SECOND, 60),
        ("Seconds", SECOND, 60),
        ("Milliseconds", 10_000, 1000),
    ):
        clr_type.static(f"From{name}", "double", lambda n, size=size: _of_units(n, size))
        clr_type.property(f"Total{name}", lambda span, size=size: span.ticks / size)
        clr_type.property(
            name,
            lambda span, size=size, limit=limit: (
                (abs(span.ticks) // size % limit if limit else abs(span.ticks) // size) * (1 if span.ticks >= 0 else -1)
            ),
        )
    clr_type.property("Ticks", lambda span: span.ticks)
    clr_type.method("ToString", "", str)
    clr_type.method("Add", "TimeSpan", lambda a, b: TimeSpan(a.ticks + b.ticks))
    clr_type.method("Subtract", "TimeSpan", lambda a, b: TimeSpan(a.ticks - b.ticks))
    clr_type.method("Negate", "", lambda a: TimeSpan(-a.ticks))
    clr_type.method("Duration", "", lambda a: TimeSpan(abs(a.ticks)))


_time_span()
