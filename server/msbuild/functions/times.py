"""System.DateTime and DateTimeOffset: parsing, arithmetic and formatting in the invariant culture.

Moments are counted in ticks of 100 ns since year 1. Local time is taken to be UTC offset free: offsets in texts are kept, the zone of the
machine is not asked.
"""

from __future__ import annotations

import re
from calendar import isleap, monthrange
from dataclasses import dataclass
from datetime import date

from server.msbuild.functions.binding import TYPES
from server.msbuild.functions.surroundings import Surroundings
from server.msbuild.functions.time_spans import DAY, SECOND, TimeSpan
from server.msbuild.functions.values import ClrError, ClrValue, EnumValue

_UNIX = 719162 * DAY
_END = 3652059 * DAY
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = "January February March April May June July August September October November December".split()
_TEXT = re.compile(
    r"\s*(?:(?P<y>\d{4})[-/](?P<m>\d{1,2})[-/](?P<d>\d{1,2})|(?P<m2>\d{1,2})/(?P<d2>\d{1,2})/(?P<y2>\d{4}))?"
    r"(?:[T ]?\s*(?P<H>\d{1,2}):(?P<M>\d{2})(?::(?P<S>\d{2})(?:\.(?P<f>\d{1,7})\d*)?)?)?\s*(?P<z>Z|[+-]\d{2}:?\d{2})?\s*\Z"
)


@dataclass(frozen=True, slots=True, order=True)
class DateTime:
    """System.DateTime; `utc` is its Kind."""

    ticks: int
    utc: bool = False
    clr_name = "System.DateTime"

    def moved(self, ticks: int) -> DateTime:
        """So many ticks later. Raises ClrError outside the years 1 to 9999."""
        moment = self.ticks + ticks
        if not 0 <= moment < _END:
            raise ClrError("The added or subtracted value results in an un-representable DateTime. (Parameter 'value')")
        return DateTime(moment, self.utc)

    @staticmethod
    def from_unix(seconds: float) -> DateTime:
        """The moment so many seconds after 1970."""
        return DateTime(_UNIX + round(seconds * SECOND), utc=True)

    def date(self) -> date:
        """The day."""
        return date.fromordinal(self.ticks // DAY + 1)

    def formatted(self, format_text: str) -> str:
        """The moment by a format."""
        return format_moment(self.ticks, format_text, "Z" if self.utc else "")

    def __str__(self) -> str:
        return self.formatted("G")


@dataclass(frozen=True, slots=True, order=True)
class DateTimeOffset:
    """System.DateTimeOffset: local ticks and the offset in minutes."""

    ticks: int
    offset: int
    clr_name = "System.DateTimeOffset"

    def __str__(self) -> str:
        return format_moment(self.ticks, "MM/dd/yyyy HH:mm:ss", "") + " " + _offset_text(self.offset)


def _offset_text(minutes: int) -> str:
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def _ticks(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0, fraction: int = 0) -> int:
    if not (
        1 <= year <= 9999 and 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1] and hour < 24 and minute < 60 and second < 60
    ):
        raise ClrError("Year, Month, and Day parameters describe an un-representable DateTime.")
    return (date(year, month, day).toordinal() - 1) * DAY + (hour * 3600 + minute * 60 + second) * SECOND + fraction


_NAMED = re.compile(
    r"\s*(?:[A-Za-z]{3,9},?\s+)?(?:(?P<name>[A-Za-z]{3,9})\s+(?P<day>\d{1,2}),?\s+(?P<year>\d{4})"
    r"|(?P<day2>\d{1,2})[ -](?P<name2>[A-Za-z]{3,9})[ -](?P<year2>\d{4}))(?P<rest>.*)\Z",
    re.DOTALL,
)


def _numeric(text: str) -> str:
    """`text` with a month's number for its name: 5 Mar 2024, March 5, 2024, Tue, 05 Mar 2024 10:00:00 GMT."""
    match = _NAMED.match(text)
    if match is None:
        return text
    name = (match["name"] or match["name2"]).lower()
    for number, month in enumerate(_MONTHS, 1):
        if name in (month.lower(), month[:3].lower()):
            rest = match["rest"].replace("GMT", "Z")
            return f"{match['year'] or match['year2']}-{number}-{match['day'] or match['day2']}{rest}"
    return text


def _parse_parts(text: str) -> tuple[int, int | None]:
    match = _TEXT.match(_numeric(text))
    if match is None or not (match["y"] or match["y2"]):
        raise ClrError(f"String '{text}' was not recognized as a valid DateTime.")
    try:
        ticks = _ticks(
            int(match["y"] or match["y2"]),
            int(match["m"] or match["m2"]),
            int(match["d"] or match["d2"]),
            int(match["H"] or 0),
            int(match["M"] or 0),
            int(match["S"] or 0),
            int((match["f"] or "").ljust(7, "0")),
        )
    except ClrError:
        raise ClrError(f"String '{text}' was not recognized as a valid DateTime.") from None
    zone = match["z"]
    if zone is None:
        return ticks, None
    if zone == "Z":
        return ticks, 0
    minutes = int(zone[1:3]) * 60 + int(zone[-2:])
    return ticks, -minutes if zone[0] == "-" else minutes


def parse_moment(text: str) -> DateTime:
    """System.DateTime.Parse; a text with an offset becomes that moment in UTC."""
    ticks, offset = _parse_parts(text)
    return DateTime(0).moved(ticks - (offset or 0) * 60 * SECOND)


def parse_offset(text: str) -> DateTimeOffset:
    """System.DateTimeOffset.Parse."""
    ticks, offset = _parse_parts(text)
    return DateTimeOffset(ticks, offset or 0)


_EXACT = {
    token: rf"(?P<{group}>\d{{{width}}})"
    for token, group, width in (
        ("yyyy", "y", "4"),
        ("yy", "y", "2"),
        ("MM", "m", "2"),
        ("M", "m", "1,2"),
        ("dd", "d", "2"),
        ("d", "d", "1,2"),
        ("HH", "H", "2"),
        ("H", "H", "1,2"),
        ("mm", "M", "2"),
        ("m", "M", "1,2"),
        ("ss", "S", "2"),
        ("s", "S", "1,2"),
    )
}


def _parse_exact(text: str, format_text: str, _provider: object) -> DateTime:
    """System.DateTime.ParseExact for the numeric parts of a custom format."""
    parts: list[str] = []
    for token in _TOKENS.findall(_STANDARD.get(format_text, format_text)):
        if token[0] == "f":
            parts.append(rf"(?P<f>\d{{{len(token)}}})")
        else:
            parts.append(_EXACT.get(token) or re.escape(token[1:-1] if token[0] in "'\"" else token.removeprefix("\\")))
    try:
        match = re.fullmatch("".join(parts), text)
    except re.error:
        raise ClrError("Input string was not in a correct format.") from None
    if match is None:
        raise ClrError(f"String '{text}' was not recognized as a valid DateTime.")
    found = {name: int(value) for name, value in match.groupdict().items() if name != "f"}
    year = found.get("y", 1)
    fraction = int((match.groupdict().get("f") or "").ljust(7, "0"))
    return DateTime(
        _ticks(
            year + 2000 if year < 50 and "yyyy" not in format_text else year,
            found.get("m", 1),
            found.get("d", 1),
            found.get("H", 0),
            found.get("M", 0),
            found.get("S", 0),
            fraction,
        )
    )


_STANDARD = {
    "d": "MM/dd/yyyy",
    "D": "dddd, dd MMMM yyyy",
    "f": "dddd, dd MMMM yyyy HH:mm",
    "F": "dddd, dd MMMM yyyy HH:mm:ss",
    "g": "MM/dd/yyyy HH:mm",
    "G": "MM/dd/yyyy HH:mm:ss",
    "m": "MMMM dd",
    "M": "MMMM dd",
    "o": "yyyy-MM-ddTHH:mm:ss.fffffffK",
    "O": "yyyy-MM-ddTHH:mm:ss.fffffffK",
    "r": "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
    "R": "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
    "s": "yyyy-MM-ddTHH:mm:ss",
    "t": "HH:mm",
    "T": "HH:mm:ss",
    "u": "yyyy-MM-dd HH:mm:ss'Z'",
    "y": "yyyy MMMM",
    "Y": "yyyy MMMM",
}
_TOKENS = re.compile(r"%[dMyHhmsfFtzK]|'[^']*'|\"[^\"]*\"|\\.|d+|M+|y+|H+|h+|m+|s+|f+|F+|t+|z+|K|.", re.DOTALL)


def format_moment(ticks: int, format_text: str, zone: str) -> str:
    """The moment by a standard (one letter) or custom format."""
    if len(format_text) == 1:
        if format_text not in _STANDARD:
            raise ClrError("Input string was not in a correct format.")
        format_text = _STANDARD[format_text]
    day = date.fromordinal(ticks // DAY + 1)
    seconds, fraction = divmod(ticks % DAY, SECOND)
    clock = (seconds // 3600, seconds // 60 % 60, seconds % 60, fraction)
    return "".join(_format_token(token, day, clock, zone) for token in _TOKENS.findall(format_text))


def _format_token(token: str, day: date, clock: tuple[int, int, int, int], zone: str) -> str:
    hour, minute, second, fraction = clock
    if len(token) > 1 and token[0] == "%":
        token = token[1:]
    kind, width = token[0], len(token)
    if kind in "'\"":
        return token[1:-1]
    if kind == "\\":
        return token[1:]
    if kind == "d":
        name = _DAYS[day.weekday()]
        return f"{day.day:0{width}d}" if width <= 2 else name[:3] if width == 3 else name
    if kind == "M":
        name = _MONTHS[day.month - 1]
        return f"{day.month:0{width}d}" if width <= 2 else name[:3] if width == 3 else name
    if kind == "y":
        return f"{day.year % 100:0{width}d}" if width <= 2 else f"{day.year:0{width}d}"
    if kind == "f":
        return f"{fraction:07d}"[:width]
    if kind == "F":
        return f"{fraction:07d}"[:width].rstrip("0")
    if kind == "t":
        return ("AM" if hour < 12 else "PM")[:width]
    if kind in "zK":
        return zone
    numbers = {"H": hour, "h": (hour - 1) % 12 + 1, "m": minute, "s": second}
    return f"{numbers[kind]:0{min(width, 2)}d}" if kind in numbers else token


def _add_months(moment: DateTime, months: int) -> DateTime:
    day = moment.date()
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    if not 1 <= year <= 9999:
        raise ClrError("The added or subtracted value results in an un-representable DateTime. (Parameter 'months')")
    kept = min(day.day, monthrange(year, month + 1)[1])
    return DateTime(_ticks(year, month + 1, kept) + moment.ticks % DAY, moment.utc)


def _date_time() -> None:
    clr_type = TYPES.add("System.DateTime")
    clr_type.needs_surroundings = frozenset()

    def now(surroundings: Surroundings) -> DateTime:
        return DateTime.from_unix(surroundings.clock())

    clr_type.value("Now", now)
    clr_type.value("UtcNow", now)
    clr_type.value("Today", lambda s: DateTime(now(s).ticks // DAY * DAY))
    clr_type.value("MinValue", lambda _: DateTime(0))
    clr_type.value("MaxValue", lambda _: DateTime(_END - 1))
    clr_type.static("Parse", "string", parse_moment)
    clr_type.static("new", "int int int", lambda y, m, d: DateTime(_ticks(y, m, d)))
    clr_type.static("new", "int int int int int int", lambda y, m, d, h, n, s: DateTime(_ticks(y, m, d, h, n, s)))
    clr_type.static("new", "long", lambda ticks: DateTime(0).moved(ticks))
    clr_type.static("IsLeapYear", "int", isleap)
    clr_type.static("DaysInMonth", "int int", lambda year, month: monthrange(year, month)[1])
    clr_type.value("UnixEpoch", lambda _: DateTime(_UNIX, utc=True))
    clr_type.static("ParseExact", "string string object?", _parse_exact)
    clr_type.static("FromFileTimeUtc FromFileTime", "long", lambda ticks: DateTime(504911232000000000, utc=True).moved(ticks))
    clr_type.static("Compare", "DateTime DateTime", lambda a, b: (a.ticks > b.ticks) - (a.ticks < b.ticks))
    for name, size in (
        ("Days", DAY),
        ("Hours", 3600 * SECOND),
        ("Minutes", 60 * SECOND),
        ("Seconds", SECOND),
        ("Milliseconds", SECOND // 1000),
    ):
        clr_type.method(f"Add{name}", "double", lambda moment, n, size=size: moment.moved(round(n * size)))
    clr_type.method("AddTicks", "long", lambda moment, n: moment.moved(n))
    clr_type.method("AddMonths", "int", _add_months)
    clr_type.method("AddYears", "int", lambda moment, n: _add_months(moment, 12 * n))
    clr_type.method("Subtract", "DateTime", lambda moment, other: TimeSpan(moment.ticks - other.ticks))
    clr_type.method("ToUniversalTime", "", lambda moment: DateTime(moment.ticks, utc=True))
    clr_type.method("ToLocalTime", "", lambda moment: DateTime(moment.ticks))
    clr_type.method("ToString", "", str)
    clr_type.method("ToString", "string", lambda moment, text: format_moment(moment.ticks, text or "G", "Z" if moment.utc else ""))
    clr_type.method("ToString", "string object", lambda moment, text, _: format_moment(moment.ticks, text, "Z" if moment.utc else ""))
    clr_type.method("ToShortDateString", "", lambda moment: format_moment(moment.ticks, "d", ""))
    for name, form in (("LongDate", "D"), ("ShortTime", "t"), ("LongTime", "T")):
        clr_type.method(f"To{name}String", "", lambda moment, form=form: format_moment(moment.ticks, form, ""))
    clr_type.method("ToFileTimeUtc ToFileTime", "", lambda moment: moment.ticks - 504911232000000000)
    clr_type.method("ToOADate", "", lambda moment: moment.ticks / DAY - 693593)
    clr_type.method("CompareTo", "DateTime", lambda a, b: (a.ticks > b.ticks) - (a.ticks < b.ticks))
    clr_type.method("Equals", "DateTime", lambda a, b: a.ticks == b.ticks)
    clr_type.method("ToBinary", "", lambda moment: moment.ticks)
    _moment_parts(clr_type.property)
    clr_type.property("Date", lambda moment: DateTime(moment.ticks // DAY * DAY, moment.utc))
    clr_type.property(
        "Kind", lambda moment: EnumValue("System.DateTimeKind", "Utc" if moment.utc else "Unspecified", 1 if moment.utc else 0)
    )


def _moment_parts(add: object) -> None:
    assert callable(add)
    add("Year", lambda m: date.fromordinal(m.ticks // DAY + 1).year)
    add("Month", lambda m: date.fromordinal(m.ticks // DAY + 1).month)
    add("Day", lambda m: date.fromordinal(m.ticks // DAY + 1).day)
    add("Hour", lambda m: m.ticks // (3600 * SECOND) % 24)
    add("Minute", lambda m: m.ticks // (60 * SECOND) % 60)
    add("Second", lambda m: m.ticks // SECOND % 60)
    add("Millisecond", lambda m: m.ticks // (SECOND // 1000) % 1000)
    add("Ticks", lambda m: m.ticks)
    add("DayOfYear", lambda m: date.fromordinal(m.ticks // DAY + 1).timetuple().tm_yday)
    add("DayOfWeek", _day_of_week)
    add("TimeOfDay", lambda m: TimeSpan(m.ticks % DAY))


def _day_of_week(moment: DateTime) -> ClrValue:
    index = date.fromordinal(moment.ticks // DAY + 1).weekday()
    return EnumValue("System.DayOfWeek", _DAYS[index], (index + 1) % 7)


TYPES.parsers["DateTime"] = parse_moment


def _date_time_offset() -> None:
    clr_type = TYPES.add("System.DateTimeOffset")
    clr_type.value("UtcNow", lambda s: DateTimeOffset(DateTime.from_unix(s.clock()).ticks, 0))
    clr_type.value("Now", lambda s: DateTimeOffset(DateTime.from_unix(s.clock()).ticks, 0))
    clr_type.static("Parse", "string", parse_offset)
    clr_type.static("FromUnixTimeSeconds", "long", lambda n: DateTimeOffset(DateTime(_UNIX).moved(n * SECOND).ticks, 0))
    clr_type.static("FromUnixTimeMilliseconds", "long", lambda n: DateTimeOffset(DateTime(_UNIX).moved(n * 10_000).ticks, 0))
    clr_type.value("UnixEpoch", lambda _: DateTimeOffset(_UNIX, 0))
    clr_type.property("UtcDateTime", lambda m: DateTime(m.ticks - m.offset * 60 * SECOND, utc=True))
    clr_type.property("DateTime", lambda m: DateTime(m.ticks))
    clr_type.property("Offset", lambda m: TimeSpan(m.offset * 60 * SECOND))
    _moment_parts(clr_type.property)
    clr_type.method("ToString", "", str)
    clr_type.method("ToString", "string", lambda m, text: format_moment(m.ticks, text or "G", _offset_text(m.offset)))
    clr_type.method("ToUnixTimeSeconds", "", lambda m: (m.ticks - m.offset * 60 * SECOND - _UNIX) // SECOND)
    clr_type.method("ToUnixTimeMilliseconds", "", lambda m: (m.ticks - m.offset * 60 * SECOND - _UNIX) // 10_000)
    clr_type.method("ToUniversalTime", "", lambda m: DateTimeOffset(m.ticks - m.offset * 60 * SECOND, 0))


_date_time()
_date_time_offset()
