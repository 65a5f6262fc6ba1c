"""Target framework names (net9.0-windows10.0, netstandard2.0, .NETCoreApp,Version=v9.0): parts and compatibility, as in NuGet."""

from __future__ import annotations

import re
from dataclasses import dataclass

from server.whole_numbers import is_number, magnitude

_SHORT = re.compile(
    r"(?P<id>[a-z.]+?)(?P<version>[0-9][0-9.]*)?(?:-(?P<platform>[a-z]+)(?P<platform_version>[0-9][0-9.]*)?|-(?P<profile>[a-z0-9+]+))?\Z",
    re.IGNORECASE,
)
_IDENTIFIERS = {
    "netstandard": ".NETStandard",
    "netcoreapp": ".NETCoreApp",
    "netframework": ".NETFramework",
    ".netframework": ".NETFramework",
    ".netcoreapp": ".NETCoreApp",
    ".netstandard": ".NETStandard",
    "uap": "UAP",
    "win": "Windows",
    "wp": "WindowsPhone",
    "wpa": "WindowsPhoneApp",
    "sl": "Silverlight",
    "silverlight": "Silverlight",
    "native": "native",
    "netnano": ".NETnanoFramework",
    "netcore": ".NETCore",
    "tizen": "Tizen",
    "dnxcore": "DNXCore",
    "monoandroid": "MonoAndroid",
    "xamarinios": "Xamarin.iOS",
    "xamarinmac": "Xamarin.Mac",
    "portable": ".NETPortable",
    "any": "Any",
}
Version = tuple[int, int, int, int]
_INT_MAX = 0x7FFFFFFF


@dataclass(frozen=True, slots=True)
class Framework:
    """A target framework. `identifier` is "Unsupported" for a name that says nothing known."""

    identifier: str
    version: Version
    platform: str
    platform_version: Version
    profile: str = ""


_UNSUPPORTED = Framework("Unsupported", (0, 0, 0, 0), "", (0, 0, 0, 0))


def _version(text: str | None, *, digits_apart: bool) -> Version | None:
    """Up to four numbers; None for what is no version."""
    if not text:
        return (0, 0, 0, 0)
    parts = list(text) if digits_apart and "." not in text else text.rstrip(".").split(".")
    if not all(is_number(part) for part in parts if part):
        return None
    numbers = [magnitude(part) for part in parts if part][:4]
    if max(numbers, default=0) > _INT_MAX:
        return None
    numbers += [0] * (4 - len(numbers))
    return numbers[0], numbers[1], numbers[2], numbers[3]


def parse_framework(name: str) -> Framework:
    """The framework that `name` (short or long form) means."""
    text = name.strip()
    if "," in text:
        return _parse_long(text)
    match = _SHORT.match(text)
    if match is None:
        return _UNSUPPORTED
    identifier = match["id"].lower()
    version = _version(match["version"], digits_apart=True)
    platform = match["platform"] or ""
    platform_version = _version(match["platform_version"], digits_apart=False)
    if version is None or platform_version is None:
        return _UNSUPPORTED
    profile = match["profile"] or ""
    if identifier == "net":
        if version[0] >= 5:
            return Framework(".NETCoreApp", version, platform, platform_version, profile)
        return Framework(".NETFramework", version, "", (0, 0, 0, 0), platform or profile)
    known = _IDENTIFIERS.get(identifier)
    if known is None:
        return _UNSUPPORTED
    if known == ".NETCoreApp" and version[0] >= 5:
        return Framework(known, version, platform, platform_version, profile)
    return Framework(known, version, "", (0, 0, 0, 0), platform or profile)


def _parse_long(text: str) -> Framework:
    parts = [part.strip() for part in text.split(",")]
    version: Version | None = (0, 0, 0, 0)
    profile = ""
    for part in parts[1:]:
        key, _, value = part.partition("=")
        if key.strip().lower() == "version":
            version = _version(value.strip().lstrip("vV"), digits_apart=False)
        elif key.strip().lower() == "profile":
            profile = value.strip()
    if version is None:
        return _UNSUPPORTED
    identifier = _IDENTIFIERS.get(parts[0].lower(), parts[0])
    return Framework(identifier, version, "", (0, 0, 0, 0), profile)


def version_text(version: Version, part_count: int) -> str:
    """At least `part_count` parts, more when a later one is not 0."""
    shown = max((index + 1 for index, part in enumerate(version) if part), default=0)
    return ".".join(str(part) for part in version[: max(shown, part_count)])


def is_compatible(target: Framework, candidate: Framework) -> bool:
    """May a project for `target` use a library built for `candidate`?"""
    if candidate.identifier == "Any" or target.identifier == "Any":
        return True
    if "Unsupported" in (target.identifier, candidate.identifier):
        return target == candidate
    if target.identifier == candidate.identifier:
        if candidate.version > target.version:
            return False
        if candidate.profile and candidate.profile.lower() != target.profile.lower():
            return False
        if not candidate.platform:
            return True
        return candidate.platform.lower() == target.platform.lower() and candidate.platform_version <= target.platform_version
    if candidate.identifier == ".NETStandard":
        return candidate.version <= _netstandard_limit(target)
    return False


def _netstandard_limit(target: Framework) -> Version:
    """The newest .NET Standard that `target` implements."""
    major, minor = target.version[0], target.version[1]
    if target.identifier == ".NETCoreApp":
        return (2, 1, 0, 0) if major >= 3 else (2, 0, 0, 0) if major == 2 else (1, 6, 0, 0)
    if target.identifier == ".NETFramework":
        if target.version >= (4, 6, 1, 0):
            return (2, 0, 0, 0)
        if (major, minor) >= (4, 6):
            return (1, 3, 0, 0)
        if target.version >= (4, 5, 1, 0):
            return (1, 2, 0, 0)
        return (1, 1, 0, 0) if (major, minor) >= (4, 5) else (0, 0, 0, 0)
    if target.identifier == "UAP":
        return (2, 0, 0, 0) if target.version >= (10, 0, 15064, 0) else (1, 4, 0, 0)
    if target.identifier in ("MonoAndroid", "Xamarin.iOS", "Xamarin.Mac", "Tizen"):
        return (2, 1, 0, 0)
    return (0, 0, 0, 0)


def filter_frameworks(incoming: str, wanted: str) -> str:
    """The frameworks of list `incoming` that have the identifier and version of one in list `wanted` (and platform, if any)."""
    filters = [parse_framework(part) for part in _parts(wanted)]
    kept = []
    for part in _parts(incoming):
        framework = parse_framework(part)
        if any(_covers(framework, other) for other in filters):
            kept.append(part)
    return ";".join(kept)


def _covers(framework: Framework, other: Framework) -> bool:
    if framework.identifier.lower() != other.identifier.lower() or framework.version != other.version:
        return False
    if other.platform and framework.platform.lower() != other.platform.lower():
        return False
    return not any(other.platform_version) or framework.platform_version == other.platform_version


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(";") if part.strip()]


def checked(name: str) -> Framework:
    """`parse_framework`; an empty name is an unsupported framework."""
    return parse_framework(name) if name.strip() else _UNSUPPORTED
