"""Text of a NuGet version or version range -> NuGetVersion, VersionRange; how they compare, print and choose.

Rules are those of NuGet.Versioning: up to four numbers, SemVer 2 labels, build metadata that never counts in comparisons,
interval notation, floating lower bounds. Text that does not parse gives None; the caller knows which message that is.
"""

from __future__ import annotations

import enum
import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from server.whole_numbers import magnitude

_LARGEST_NUMBER = 2**31 - 1
_NUMBERS = re.compile(r"\s*([0-9]+)\s*(?:\.\s*([0-9]+)\s*)?(?:\.\s*([0-9]+)\s*)?(?:\.\s*([0-9]+)\s*)?")
_LABEL = re.compile(r"[0-9A-Za-z-]+")

LabelKey = tuple[int, int, str]


@functools.total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class NuGetVersion:
    """A version; equality and order leave out build metadata and the case of labels."""

    numbers: tuple[int, int, int, int]
    labels: tuple[str, ...] = ()
    metadata: str = ""
    original: str = ""

    @property
    def is_prerelease(self) -> bool:
        """Whether it has labels behind a dash."""
        return bool(self.labels)

    @property
    def release(self) -> str:
        """The labels joined by dots, "" for a stable version."""
        return ".".join(self.labels)

    @property
    def key(self) -> tuple[tuple[int, int, int, int], int, tuple[LabelKey, ...]]:
        """What order and equality are made of."""
        return self.numbers, 0 if self.labels else 1, tuple(_label_key(label) for label in self.labels)

    @property
    def numbers_text(self) -> str:
        """Three numbers, the fourth only when it is not 0."""
        shown = self.numbers if self.numbers[3] else self.numbers[:3]
        return ".".join(str(number) for number in shown)

    @property
    def normalized(self) -> str:
        """The form used in folders and files: numbers and labels, no metadata."""
        return f"{self.numbers_text}-{self.release}" if self.labels else self.numbers_text

    @property
    def full(self) -> str:
        """The normalized form with build metadata."""
        return f"{self.normalized}+{self.metadata}" if self.metadata else self.normalized

    def __str__(self) -> str:
        return self.normalized

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NuGetVersion) and self.key == other.key

    def __lt__(self, other: NuGetVersion) -> bool:
        return self.key < other.key

    def __hash__(self) -> int:
        return hash(self.key)


def _label_key(label: str) -> LabelKey:
    """Numeric labels below alphanumeric ones (SemVer 2 section 11); a number beyond 32 bits compares as text, as in NuGet."""
    if label.isdigit() and magnitude(label) <= _LARGEST_NUMBER:
        return 0, magnitude(label), ""
    return 1, 0, label.upper()


def _valid_labels(labels: Iterable[str], *, leading_zeros: bool) -> bool:
    for label in labels:
        if _LABEL.fullmatch(label) is None:
            return False
        if not leading_zeros and len(label) > 1 and label[0] == "0" and label.isdigit():
            return False
    return True


def parse_version(text: str) -> NuGetVersion | None:
    """The version that `text` says, None when it says none."""
    numbers_text, plus, metadata = text.strip().partition("+")
    numbers_text, dash, release = numbers_text.partition("-")
    found = _NUMBERS.fullmatch(numbers_text)
    if found is None or (dash and not release) or (plus and not metadata):
        return None
    numbers = [magnitude(number or "0") for number in found.groups()]
    if max(numbers) > _LARGEST_NUMBER:
        return None
    labels = tuple(release.split(".")) if dash else ()
    if not _valid_labels(labels, leading_zeros=False):
        return None
    if plus and not _valid_labels(metadata.split("."), leading_zeros=True):
        return None
    return NuGetVersion((numbers[0], numbers[1], numbers[2], numbers[3]), labels, metadata, text.strip().replace(" ", ""))


class Floating(enum.Enum):
    """Which part of a version floats."""

    NONE = "none"
    PRERELEASE = "prerelease"
    REVISION = "revision"
    PATCH = "patch"
    MINOR = "minor"
    MAJOR = "major"
    PRERELEASE_REVISION = "prerelease revision"
    PRERELEASE_PATCH = "prerelease patch"
    PRERELEASE_MINOR = "prerelease minor"
    PRERELEASE_MAJOR = "prerelease major"
    ABSOLUTE_LATEST = "absolute latest"


_PRERELEASE_FLOATS = {
    Floating.PRERELEASE: 4,
    Floating.PRERELEASE_REVISION: 3,
    Floating.PRERELEASE_PATCH: 2,
    Floating.PRERELEASE_MINOR: 1,
    Floating.PRERELEASE_MAJOR: 0,
}
_STABLE_FLOATS = {Floating.REVISION: 3, Floating.PATCH: 2, Floating.MINOR: 1, Floating.MAJOR: 0}


@dataclass(frozen=True, slots=True)
class FloatRange:
    """A version with a star: what floats, the lowest version it means, the text of the label before the star."""

    floating: Floating
    minimum: NuGetVersion
    prefix: str = ""

    @property
    def includes_prerelease(self) -> bool:
        """Whether versions with labels may be chosen."""
        return self.floating in _PRERELEASE_FLOATS or self.floating is Floating.ABSOLUTE_LATEST

    def satisfies(self, version: NuGetVersion) -> bool:
        """Whether `version` lies in the floating part."""
        if self.floating is Floating.ABSOLUTE_LATEST:
            return True
        fixed = _PRERELEASE_FLOATS.get(self.floating)
        if fixed is not None:
            prefixed = version.release.upper().startswith(self.prefix.upper())
            return self.minimum.numbers[:fixed] == version.numbers[:fixed] and (not version.is_prerelease or prefixed)
        fixed = _STABLE_FLOATS.get(self.floating)
        return fixed is not None and not version.is_prerelease and self.minimum.numbers[:fixed] == version.numbers[:fixed]

    def __str__(self) -> str:
        match self.floating:
            case Floating.NONE:
                return self.minimum.normalized
            case Floating.ABSOLUTE_LATEST:
                return "*-*"
            case Floating.PRERELEASE:
                return f"{self.minimum.numbers_text}-{self.prefix}*"
        fixed = _STABLE_FLOATS.get(self.floating)
        suffix = ""
        if fixed is None:
            fixed, suffix = _PRERELEASE_FLOATS[self.floating], f"-{self.prefix}*"
        return "".join(f"{number}." for number in self.minimum.numbers[:fixed]) + "*" + suffix


def parse_float(text: str) -> FloatRange | None:
    """The floating version that `text`, which holds a star, says; None when it says none."""
    if text == "*":
        return FloatRange(Floating.MAJOR, NuGetVersion((0, 0, 0, 0)))
    if text == "*-*":
        return FloatRange(Floating.ABSOLUTE_LATEST, NuGetVersion((0, 0, 0, 0), ("0",)))
    if "+" in text or not text.endswith("*"):
        return None
    if text.index("*") != len(text) - 1:
        return _parse_two_stars(text)
    if "-" in text:
        return _parse_prerelease_float(text)
    minimum = parse_version(text[:-1] + "0")
    floating = {2: Floating.MINOR, 3: Floating.PATCH, 4: Floating.REVISION}.get(text.count(".") + 1, Floating.NONE)
    return FloatRange(floating, minimum) if minimum is not None else None


def _parse_two_stars(text: str) -> FloatRange | None:
    dash = text.find("-")
    if dash < 1 or text.index("*") != dash - 1 or text.count("*") != 2:
        return None
    numbers, prefix = text[: dash - 1] + "0", text[dash + 1 : -1]
    release = prefix + "0" if not prefix or prefix.endswith(".") else prefix
    minimum = parse_version(f"{numbers}-{release}")
    floating = next((kind for kind, fixed in _PRERELEASE_FLOATS.items() if fixed == numbers.count(".") and fixed < 4), None)
    return FloatRange(floating, minimum, prefix) if minimum is not None and floating is not None else None


def _parse_prerelease_float(text: str) -> FloatRange | None:
    start = text[:-1]
    prefix = None
    if text.count("-") == 1:
        prefix = start[start.index("-") + 1 :]
        if not prefix or start.endswith("."):
            start += "0"
        elif start.endswith("-"):
            start += "-"
    minimum = parse_version(start)
    if minimum is None:
        return None
    return FloatRange(Floating.PRERELEASE, minimum, minimum.release if prefix is None else prefix)


@dataclass(frozen=True, slots=True)
class VersionRange:
    """An interval of versions whose lower end may float. A bound of None is open. `original` does not count in equality."""

    minimum: NuGetVersion | None = None
    includes_minimum: bool = True
    maximum: NuGetVersion | None = None
    includes_maximum: bool = False
    floats: FloatRange | None = None
    original: str = field(default="", compare=False)

    @property
    def is_floating(self) -> bool:
        """Whether the lower bound floats."""
        return self.floats is not None and self.floats.floating is not Floating.NONE

    @property
    def has_inclusive_minimum(self) -> bool:
        """Whether there is a lowest version that belongs to the range."""
        return self.minimum is not None and self.includes_minimum

    @property
    def has_prerelease_bounds(self) -> bool:
        """Whether a bound has labels."""
        return any(bound is not None and bound.is_prerelease for bound in (self.minimum, self.maximum))

    @property
    def allows_prerelease(self) -> bool:
        """Whether a version with labels may be chosen for it."""
        return self.has_prerelease_bounds or (self.floats is not None and self.floats.includes_prerelease)

    @property
    def exact(self) -> NuGetVersion | None:
        """The only version of a range like `[1.0.0]`."""
        if self.includes_minimum and self.includes_maximum and self.minimum is not None and self.minimum == self.maximum:
            return self.minimum
        return None

    def satisfies(self, version: NuGetVersion) -> bool:
        """Whether `version` lies within the bounds; floating does not count."""
        if self.minimum is not None and (version < self.minimum or (version == self.minimum and not self.includes_minimum)):
            return False
        return self.maximum is None or version < self.maximum or (version == self.maximum and self.includes_maximum)

    def best_of(self, versions: Iterable[NuGetVersion]) -> NuGetVersion | None:
        """The version NuGet chooses: the lowest that fits, or the highest in the floating part."""
        best: NuGetVersion | None = None
        for version in versions:
            if self._is_better(best, version):
                best = version
        return best

    def _is_better(self, current: NuGetVersion | None, other: NuGetVersion) -> bool:
        if (other.is_prerelease and not self.allows_prerelease) or not self.satisfies(other):
            return False
        if current is None:
            return True
        if self.floats is None or not self.is_floating:
            return other < current
        current_floats, other_floats = self.floats.satisfies(current), self.floats.satisfies(other)
        if current_floats != other_floats:
            return other_floats
        if current_floats:
            return current < other
        current_below, other_below = current < self.floats.minimum, other < self.floats.minimum
        if current_below != other_below:
            return current_below
        return current < other if current_below else other < current

    def without_floating(self) -> VersionRange:
        """The same bounds with the lowest version that the floating part means (`1.0.0-rc-*` starts at `1.0.0-rc`)."""
        if self.floats is None or self.minimum is None or not self.is_floating:
            return self
        minimum = _without_float_label(self.minimum) if self.floats.floating is Floating.PRERELEASE else self.minimum
        return VersionRange(minimum, self.includes_minimum, self.maximum, self.includes_maximum)

    def _lower_text(self) -> str:
        if self.minimum is None:
            return ""
        return str(self.floats) if self.floats is not None and self.is_floating else self.minimum.normalized

    def _upper_text(self) -> str:
        end = "]" if self.maximum is not None and self.includes_maximum else ")"
        return (self.maximum.normalized if self.maximum is not None else "") + end

    @property
    def normalized(self) -> str:
        """Interval notation, as in assets and lock files: `[1.0.0, )`."""
        return f"{'[' if self.has_inclusive_minimum else '('}{self._lower_text()}, {self._upper_text()}"

    @property
    def legacy(self) -> str:
        """Interval notation with the lowest version instead of a floating one."""
        minimum = self.minimum.normalized if self.minimum is not None else ""
        return f"{'[' if self.has_inclusive_minimum else '('}{minimum}, {self._upper_text()}"

    @property
    def short(self) -> str:
        """`1.0.0` and `[1.0.0]` where they suffice; a floating one keeps its star."""
        if self.has_inclusive_minimum and self.maximum is None:
            return self._lower_text()
        return f"[{self.exact.normalized}]" if self.exact is not None else self.normalized

    @property
    def legacy_short(self) -> str:
        """As `short`, without floating: what a target's dependencies show."""
        if self.minimum is not None and self.includes_minimum and self.maximum is None:
            return self.minimum.normalized
        return f"[{self.exact.normalized}]" if self.exact is not None else self.legacy

    @property
    def pretty_bounds(self) -> str:
        """Bounds in words of comparison: `>= 1.0.0 && < 2.0.0`; "" when there is none."""
        if self.exact is not None:
            return f"= {self.exact.normalized}"
        bounds = []
        if self.minimum is not None:
            bounds.append(f">{'=' if self.includes_minimum else ''} {self.minimum.normalized}")
        if self.maximum is not None:
            bounds.append(f"<{'=' if self.includes_maximum else ''} {self.maximum.normalized}")
        return " && ".join(bounds)

    @property
    def pretty(self) -> str:
        """The bounds in parentheses, as messages show them."""
        return f"({self.pretty_bounds})" if self.pretty_bounds else ""

    def __str__(self) -> str:
        return self.normalized


ALL_VERSIONS = VersionRange(None, True, None, True)


def _without_float_label(version: NuGetVersion) -> NuGetVersion:
    last = version.labels[-1] if version.labels else ""
    if last == "0":
        kept: tuple[str, ...] = version.labels[:-1]
    elif last.endswith("-"):
        stem = last[:-2] if last.endswith("--") else last[:-1]
        kept = (*version.labels[:-1], stem) if stem else version.labels[:-1]
    else:
        return version
    return NuGetVersion(version.numbers, kept, version.metadata)


def parse_range(text: str, *, floating: bool = True) -> VersionRange | None:
    """The range that `text` says, None when it says none. Without `floating` a star is no version."""
    trimmed = text.strip()
    if not trimmed:
        return None
    if trimmed[0] not in "([":
        lower = _parse_lower(trimmed, floating=floating)
        return VersionRange(lower[0], True, None, False, lower[1], text) if lower is not None else None
    if trimmed[-1] not in ")]":
        return None
    includes_minimum, includes_maximum = trimmed[0] == "[", trimmed[-1] == "]"
    parts = trimmed[1:-1].split(",")
    if len(parts) > 2 or not any(parts) or (len(parts) == 1 and not (includes_minimum and includes_maximum)):
        return None
    lower = _parse_lower(parts[0], floating=floating)
    maximum = parse_version(parts[-1]) if parts[-1].strip() else None
    if lower is None or (maximum is None and parts[-1].strip()):
        return None
    minimum, floats = lower
    if minimum is not None and maximum is not None:
        if maximum < minimum or (minimum == maximum and includes_minimum != includes_maximum):
            return None
    return VersionRange(minimum, includes_minimum, maximum, includes_maximum, floats, text)


def _parse_lower(text: str, *, floating: bool) -> tuple[NuGetVersion | None, FloatRange | None] | None:
    if not text.strip():
        return None, None
    if floating and "*" in text:
        floats = parse_float(text)
        return (floats.minimum, floats) if floats is not None else None
    version = parse_version(text)
    return (version, None) if version is not None else None
