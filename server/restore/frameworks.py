"""Text of a framework (folder name `net8.0-windows7.0` or full name `.NETFramework,Version=v4.7.2`) -> NuGetFramework, and its names again.

What is no framework is UNSUPPORTED, a value and not an error: a package may have any folder.
`framework_compatibility.py` compares frameworks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from server.restore.framework_tables import (
    DEPRECATED_FOLDERS,
    DOTTED_VERSIONS,
    EQUIVALENT,
    ONE_DIGIT_VERSIONS,
    OPTIONAL_IN_PROFILES,
    PACKAGE_BASED,
    PORTABLE_PROFILES,
    PROFILES_WITH_OPTIONAL,
    SHORT_NAMES,
    SHORT_PROFILES,
    SYNONYMS,
)
from server.whole_numbers import is_number, magnitude

Version4 = tuple[int, int, int, int]
NO_VERSION: Version4 = (0, 0, 0, 0)
_FOLDER = re.compile(r"([A-Za-z.]+)([0-9.]*)(?:-([0-9A-Za-z.+-]+))?")
_LARGEST_NUMBER = 2**31 - 1


@dataclass(frozen=True, slots=True, eq=False)
class NuGetFramework:
    """A target framework. Platform only with .NETCoreApp 5 and up; profile only with the older ones. Equality has no case."""

    identifier: str
    version: Version4 = NO_VERSION
    profile: str = ""
    platform: str = ""
    platform_version: Version4 = NO_VERSION

    @property
    def key(self) -> tuple[str, Version4, str, str, Version4]:
        """What equality is made of."""
        return self.identifier.lower(), self.version, self.profile.lower(), self.platform.lower(), self.platform_version

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NuGetFramework) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def same_name(self, other: NuGetFramework) -> bool:
        """Whether both have one identifier."""
        return self.identifier.lower() == other.identifier.lower()

    @property
    def is_net5_era(self) -> bool:
        """.NET 5 and up: named `net5.0`, may have a platform."""
        return self.version[0] >= 5 and self.identifier.lower() == ".netcoreapp"

    @property
    def is_specific(self) -> bool:
        """Whether it is a framework and none of the special values."""
        return self not in (ANY, AGNOSTIC, UNSUPPORTED)

    @property
    def is_portable(self) -> bool:
        """Whether it is a portable class library's profile."""
        return self.identifier.lower() == ".netportable" and self.version[0] < 5

    @property
    def is_package_based(self) -> bool:
        """Whether the framework itself came as packages."""
        return self.identifier in PACKAGE_BASED or (self.identifier == ".NETCore" and self.version[0] >= 5)

    @property
    def full_name(self) -> str:
        """`.NETCoreApp,Version=v8.0`, the profile behind it; the platform is not part of it."""
        version = (5, 0, 0, 0) if (self.identifier, self.version) == (".NETPlatform", NO_VERSION) else self.version
        if not self.is_specific:
            return f"{self.identifier},Version=v0.0"
        profile = f",Profile={self.profile}" if self.profile else ""
        return f"{self.identifier},Version=v{display_version(version)}{profile}"

    @property
    def platform_name(self) -> str:
        """`windows,Version=7.0`, "" without a platform."""
        return f"{self.platform},Version={display_version(self.platform_version)}" if self.platform else ""

    @property
    def short_name(self) -> str:
        """The folder name: `net8.0`, `net472`, `netstandard2.0`, `portable-net45+win8`."""
        if not self.is_specific:
            return self.identifier.lower()
        name = "net" if self.is_net5_era else SHORT_NAMES.get(self.identifier)
        if name is None:
            name = "".join(character for character in self.identifier if character.isalnum())
        version = NO_VERSION if (self.identifier, self.version) == (".NETPlatform", (5, 0, 0, 0)) else self.version
        text = name + (_folder_version(self.identifier, version) if version != NO_VERSION else "")
        if self.is_portable:
            text += "-" + "+".join(sorted(part.short_name for part in portable_frameworks(self.profile, optional=False)))
        elif self.is_net5_era:
            if self.platform:
                text += "-" + self.platform
                text += _folder_version(self.identifier, self.platform_version) if self.platform_version != NO_VERSION else ""
        elif self.profile:
            text += "-" + _short_profile(self.identifier, self.profile)
        return text.lower()

    def __str__(self) -> str:
        return self.short_name if self.is_net5_era else self.full_name


ANY = NuGetFramework("Any")
AGNOSTIC = NuGetFramework("Agnostic")
UNSUPPORTED = NuGetFramework("Unsupported")
_SPECIAL = {"any": ANY, "agnostic": AGNOSTIC, "unsupported": UNSUPPORTED}
_IDENTIFIERS = (
    {short: name for name, short in SHORT_NAMES.items()} | {name.lower(): name for name in SHORT_NAMES} | SYNONYMS | {"netcore": ".NETCore"}
)


def display_version(version: Version4) -> str:
    """Two numbers, more only when they are not 0."""
    shown = 4 if version[3] else 3 if version[2] else 2
    return ".".join(str(number) for number in version[:shown])


def _folder_version(identifier: str, version: Version4) -> str:
    count = 4 if version[3] else 3 if version[2] else 2 if version[1] else 1
    dotted = identifier in DOTTED_VERSIONS or max(version) > 9
    if count == 1 and (dotted or identifier not in ONE_DIGIT_VERSIONS):
        count = 2
    return ("." if dotted else "").join(str(number) for number in version[:count])


def _short_profile(identifier: str, profile: str) -> str:
    for (owner, short), name in SHORT_PROFILES.items():
        if owner == identifier and name.lower() == profile.lower():
            return short
    return profile


def parse_version4(text: str) -> Version4 | None:
    """Two to four numbers with dots between, as System.Version reads them."""
    parts = text.split(".")
    if not 2 <= len(parts) <= 4 or not all(is_number(part.strip()) for part in parts):
        return None
    numbers = [magnitude(part.strip()) for part in parts] + [0] * (4 - len(parts))
    return (numbers[0], numbers[1], numbers[2], numbers[3]) if max(numbers) <= _LARGEST_NUMBER else None


def _parse_folder_version(text: str) -> Version4 | None:
    """`451` is 4.5.1, `4` is 4.0; digits beyond the fourth do not count."""
    if "." in text:
        return parse_version4(text)
    digits = text + "0" if len(text) < 2 else text
    return parse_version4(".".join(digits[:4]))


def parse_framework(text: str) -> NuGetFramework:
    """A folder name, or a full name when it has a comma; UNSUPPORTED when it is neither."""
    return parse_full_name(text) if "," in text else parse_folder(text)


def parse_folder(text: str) -> NuGetFramework:
    """The framework of a folder name."""
    name = unquote(text)
    special = _SPECIAL.get(name.lower())
    if special is not None:
        return special
    if name.lower() in ("dotnet", "dotnet50", "dotnet5.0"):
        return NuGetFramework(".NETPlatform", (5, 0, 0, 0))
    found = _FOLDER.fullmatch(name)
    identifier = _IDENTIFIERS.get(found[1].lower()) if found is not None else None
    if found is None or identifier is None:
        old = DEPRECATED_FOLDERS.get(name)
        return NuGetFramework(".NETFramework", _known_version(old)) if old is not None else UNSUPPORTED
    version = _parse_folder_version(found[2]) if found[2] else NO_VERSION
    if version is None:
        return UNSUPPORTED
    suffix = found[3] or ""
    if version[0] >= 5 and identifier in (".NETFramework", ".NETCoreApp"):
        return _with_platform(version, suffix)
    if identifier == ".NETPortable":
        return _portable(version, suffix)
    return NuGetFramework(identifier, version, SHORT_PROFILES.get((identifier, suffix.lower()), suffix))


def _with_platform(version: Version4, suffix: str) -> NuGetFramework:
    found = re.fullmatch(r"([A-Za-z.]*)(.*)", suffix)
    platform, platform_version = (found[1], found[2]) if found is not None and found[1] else (suffix, "")
    parsed = parse_version4(platform_version if "." in platform_version else platform_version + ".0") if platform_version else NO_VERSION
    return NuGetFramework(".NETCoreApp", version, "", platform, parsed) if parsed is not None else UNSUPPORTED


def _portable(version: Version4, suffix: str) -> NuGetFramework:
    frameworks = portable_frameworks(suffix, optional=True)
    if not frameworks or any(framework.profile for framework in frameworks):
        return UNSUPPORTED
    number = _profile_number(frameworks)
    return NuGetFramework(".NETPortable", version, suffix if number is None else f"Profile{number}")


def parse_full_name(text: str) -> NuGetFramework:
    """The framework of a full name: identifier, `Version=`, `Profile=`."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts:
        return UNSUPPORTED
    special = _SPECIAL.get(parts[0].lower())
    if special is not None:
        return special
    named = {name.lower(): value for name, _, value in (part.partition("=") for part in parts[1:])}
    version_text = named.get("version", "").lstrip("v")
    version = NO_VERSION
    if version_text:
        parsed = parse_version4(version_text if "." in version_text else version_text + ".0")
        if parsed is None:
            return UNSUPPORTED
        version = parsed
    identifier = _IDENTIFIERS.get(parts[0].lower(), parts[0])
    profile = named.get("profile", "")
    if version[0] >= 5 and identifier == ".NETCoreApp":
        return NuGetFramework(identifier, version)
    return NuGetFramework(identifier, version, SHORT_PROFILES.get((identifier, profile.lower()), profile))


def with_platform(framework: NuGetFramework, platform_moniker: str) -> NuGetFramework:
    """`framework` on the platform of a moniker `Windows,Version=7.0`; itself when the moniker is empty or it can have no platform."""
    if not platform_moniker or platform_moniker.lower() == "none" or not framework.is_net5_era:
        return framework
    name, _, rest = platform_moniker.partition(",")
    text = rest.strip().removeprefix("Version=").lstrip("v")
    version = parse_version4(text if "." in text else text + ".0") if text else NO_VERSION
    return NuGetFramework(framework.identifier, framework.version, "", name.strip(), version or NO_VERSION)


def portable_frameworks(profile: str, *, optional: bool) -> tuple[NuGetFramework, ...]:
    """What a portable profile, `Profile7` or `net45+win8`, runs on. `optional` adds the Xamarin frameworks of a numbered one."""
    number = profile[7:] if profile.lower().startswith("profile") else ""
    if is_number(number):
        names = PORTABLE_PROFILES.get(magnitude(number), "")
        if optional and magnitude(number) in PROFILES_WITH_OPTIONAL:
            names += " " + OPTIONAL_IN_PROFILES
        return tuple(parse_folder(name) for name in names.split())
    return tuple(parse_folder(name) for name in profile.split("+") if name)


def portable_profile_number(framework: NuGetFramework) -> int | None:
    """The number of a portable framework's profile."""
    number = framework.profile[7:] if framework.profile.lower().startswith("profile") else ""
    return magnitude(number) if is_number(number) else None


def _profile_number(frameworks: Iterable[NuGetFramework]) -> int | None:
    """The profile that runs on exactly `frameworks`, Xamarin frameworks aside where the profile has them as optional."""
    given = {_representative(framework) for framework in frameworks}
    optional = {parse_folder(name).identifier for name in OPTIONAL_IN_PROFILES.split()}
    for number, names in PORTABLE_PROFILES.items():
        wanted = {_representative(parse_folder(name)) for name in names.split()}
        considered = {one for one in given if not (number in PROFILES_WITH_OPTIONAL and one.identifier in optional)}
        if considered == wanted:
            return number
    return None


def _representative(framework: NuGetFramework) -> NuGetFramework:
    for group in _EQUIVALENT_GROUPS:
        if framework in group:
            return group[0]
    return framework


def table_framework(text: str) -> NuGetFramework:
    """A framework as the tables write it: `Silverlight 3.0/WindowsPhone`."""
    name, _, profile = text.partition("/")
    identifier, _, version = name.partition(" ")
    return NuGetFramework(identifier, _known_version(version), profile)


def _known_version(text: str) -> Version4:
    version = parse_version4(text)
    assert version is not None, text
    return version


_EQUIVALENT_GROUPS = tuple(tuple(table_framework(name) for name in group) for group in EQUIVALENT)


def equivalent_groups() -> tuple[tuple[NuGetFramework, ...], ...]:
    """The groups of frameworks that stand for each other."""
    return _EQUIVALENT_GROUPS
