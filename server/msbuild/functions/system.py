"""System.Environment, Version, Guid, Uri, CultureInfo, OperatingSystem, RuntimeInformation: the members that may be used."""

from __future__ import annotations

import re
import resource
import time
import traceback
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, unquote, urlsplit
from uuid import UUID

from server.msbuild.functions.binding import TYPES
from server.msbuild.functions.surroundings import Surroundings
from server.msbuild.functions.values import ClrError, ClrValue, EnumValue, Named, Version, parse_version
from server.whole_numbers import is_number, magnitude

_VARIABLE = re.compile(r"%([^%]+)%")


@dataclass(frozen=True, slots=True)
class Uri:
    """System.Uri, absolute."""

    text: str
    clr_name = "System.Uri"

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class UriBuilder:
    """System.UriBuilder."""

    text: str
    clr_name = "System.UriBuilder"

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class OperatingSystem:
    """System.OperatingSystem: name and release of the system."""

    description: str
    clr_name = "System.OperatingSystem"

    def version(self) -> ClrValue:
        """The numeric parts of the release."""
        numbers = [min(magnitude(part), 0x7FFFFFFF) for part in re.findall("[0-9]+", self.description.partition("-")[0])[:4]]
        padded = (*numbers, 0, 0, 0, 0)
        return Version((padded[0], padded[1], padded[2], padded[3]))

    def __str__(self) -> str:
        return f"Unix {self.version()}"


def _operating_system() -> None:
    clr_type = TYPES.add("System.OperatingSystem")
    clr_type.property("Platform", lambda _: EnumValue("System.PlatformID", "Unix", 4))
    clr_type.property("Version", lambda system: system.version())
    clr_type.property("VersionString", str)
    clr_type.property("ServicePack", lambda _: "")
    clr_type.static("IsOSPlatform", "string", lambda name: name.lower() == "linux")
    clr_type.static("IsLinux", "", lambda: True)
    for name in ("Windows", "MacOS", "FreeBSD", "Android", "IOS", "MacCatalyst", "TvOS", "WatchOS", "Browser", "Wasi"):
        clr_type.static(f"Is{name}", "", lambda: False)
    for name, count in (
        ("Windows", 4),
        ("FreeBSD", 4),
        ("Android", 4),
        ("MacOS", 3),
        ("IOS", 3),
        ("MacCatalyst", 3),
        ("TvOS", 3),
        ("WatchOS", 3),
    ):
        clr_type.static(f"Is{name}VersionAtLeast", " ".join(["int"] * count), lambda *_: False)


def _environment() -> None:
    names = (
        "ExpandEnvironmentVariables GetEnvironmentVariable GetEnvironmentVariables GetFolderPath GetLogicalDrives CommandLine "
        "Is64BitOperatingSystem Is64BitProcess MachineName NewLine OSVersion ProcessorCount StackTrace SystemDirectory SystemPageSize "
        "TickCount UserDomainName UserInteractive UserName Version WorkingSet"
    )
    clr_type = TYPES.add("System.Environment", only=names)
    clr_type.needs_surroundings = frozenset(names.lower().split())
    clr_type.static("GetEnvironmentVariable", "string", lambda s, name: s.variables.get(name))
    clr_type.static("GetEnvironmentVariables", "", lambda s: dict(s.variables))
    clr_type.static("ExpandEnvironmentVariables", "string", lambda s, text: _VARIABLE.sub(lambda m: s.variables.get(m[1], m[0]), text))
    clr_type.static("GetFolderPath", "SpecialFolder", _special_folder)
    clr_type.static("GetLogicalDrives", "", lambda s: ["/"])
    clr_type.value("CommandLine", lambda s: s.command_line)
    clr_type.value("Is64BitOperatingSystem", lambda _: True)
    clr_type.value("Is64BitProcess", lambda _: True)
    clr_type.value("MachineName", lambda s: s.machine_name)
    clr_type.value("NewLine", lambda _: "\n")
    clr_type.value("OSVersion", lambda s: OperatingSystem(s.os_description))
    clr_type.value("StackTrace", lambda _: "".join(traceback.format_stack()))
    clr_type.value("TickCount", lambda _: int(time.monotonic() * 1000) & 0x7FFFFFFF)
    clr_type.value("WorkingSet", lambda _: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
    clr_type.value("ProcessorCount", lambda s: s.processor_count)
    clr_type.value("SystemDirectory", lambda _: "")
    clr_type.value("SystemPageSize", lambda _: 4096)
    clr_type.value("UserDomainName", lambda s: s.machine_name)
    clr_type.value("UserInteractive", lambda _: True)
    clr_type.value("UserName", lambda s: s.user_name)
    clr_type.value("Version", lambda s: parse_version(s.runtime_version))


def _special_folder(surroundings: Surroundings, folder: EnumValue) -> str:
    home = surroundings.variables.get("HOME", "")
    known = {
        "UserProfile": home,
        "Personal": home and f"{home}/Documents",
        "MyDocuments": home and f"{home}/Documents",
        "ApplicationData": surroundings.variables.get("XDG_CONFIG_HOME") or (home and f"{home}/.config"),
        "LocalApplicationData": surroundings.variables.get("XDG_DATA_HOME") or (home and f"{home}/.local/share"),
        "CommonApplicationData": "/usr/share",
    }
    return known.get(folder.name, "")


def _version() -> None:
    clr_type = TYPES.add("System.Version")
    clr_type.static("Parse", "string", parse_version)
    clr_type.static("new", "string", parse_version)
    clr_type.static("new", "int int", lambda a, b: Version((a, b, -1, -1)))
    clr_type.static("new", "int int int", lambda a, b, c: Version((a, b, c, -1)))
    clr_type.static("new", "int int int int", lambda a, b, c, d: Version((a, b, c, d)))
    for index, name in enumerate(("Major", "Minor", "Build", "Revision")):
        clr_type.property(name, lambda version, index=index: version.parts[index])
    clr_type.property("MajorRevision", lambda version: _short(version.parts[3] >> 16))
    clr_type.property("MinorRevision", lambda version: _short(version.parts[3]))
    clr_type.method("ToString", "", str)
    clr_type.method("ToString", "int", _version_fields)
    clr_type.method("CompareTo", "Version", lambda a, b: (a.parts > b.parts) - (a.parts < b.parts))
    clr_type.method("Equals", "Version", lambda a, b: a.parts == b.parts)


def _short(value: int) -> int:
    low = value & 0xFFFF
    return low - 0x10000 if low >> 15 else low


def _version_fields(version: Version, count: int) -> str:
    present = sum(part >= 0 for part in version.parts)
    if not 0 <= count <= present:
        raise ClrError(f"Argument must be between 0 and {present}. (Parameter 'fieldCount')")
    return ".".join(str(part) for part in version.parts[:count])


def _guid() -> None:
    clr_type = TYPES.add("System.Guid")
    clr_type.value("Empty", lambda _: UUID(int=0))
    clr_type.needs_surroundings = frozenset({"newguid"})
    clr_type.static("NewGuid", "", lambda s: uuid.UUID(bytes=s.random_bytes(16), version=4))
    clr_type.static("Parse", "string", _parse_guid)
    clr_type.static("new", "string", _parse_guid)
    clr_type.method("ToString", "", str)
    clr_type.method("ToString", "string", _format_guid)
    clr_type.method("CompareTo", "Guid", lambda a, b: (a.int > b.int) - (a.int < b.int))


def _parse_guid(text: str) -> UUID:
    if is_number(text.strip()) and len(text.strip()) != 32:
        raise ClrError("Guid should contain 32 digits with 4 dashes (xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx).")
    try:
        return UUID(text.strip())
    except ValueError:
        raise ClrError("Unrecognized Guid format.") from None


def _format_guid(value: UUID, form: str) -> str:
    plain = str(value)
    shapes = {"D": plain, "N": value.hex, "B": f"{{{plain}}}", "P": f"({plain})", "": plain}
    if form.upper() == "X":
        tail = ",".join(f"0x{byte:02x}" for byte in value.bytes[8:])
        return f"{{0x{value.time_low:08x},0x{value.time_mid:04x},0x{value.time_hi_version:04x},{{{tail}}}}}"
    if form.upper() not in shapes:
        raise ClrError('Format string can be only "D", "d", "N", "n", "P", "p", "B", "b", "X" or "x".')
    return shapes[form.upper()]


def _parse_uri(text: str) -> Uri:
    parts = _parts(text)
    if not parts.scheme:
        raise ClrError("Invalid URI: The format of the URI could not be determined.")
    if parts.netloc and not parts.path:
        text = f"{parts.scheme}://{parts.netloc}/" + (f"?{parts.query}" if parts.query else "")
    return Uri(text)


def _parts(uri: object) -> SplitResult:
    """The URI taken apart. Raises ClrError with .NET's text."""
    try:
        parts = urlsplit(str(uri))
        _ = parts.port
    except ValueError as error:
        raise ClrError(f"Invalid URI: {'Invalid port specified' if 'ort' in str(error) else 'The hostname could not be parsed'}.") from None
    return parts


def _uris() -> None:
    clr_type = TYPES.add("System.Uri")
    clr_type.static("new", "string", _parse_uri)
    clr_type.static("EscapeDataString", "string", lambda text: quote(text, safe="-._~"))
    clr_type.static("UnescapeDataString", "string", unquote)
    clr_type.static("EscapeUriString", "string", lambda text: quote(text, safe="-._~:/?#[]@!$&'()*+,;="))
    builder = TYPES.add("System.UriBuilder")
    builder.static("new", "string", lambda text: UriBuilder(text if "://" in text else f"http://{text}/"))
    for target in (clr_type, builder):
        target.property("Scheme", lambda uri: _parts(uri).scheme)
        target.property("Host", lambda uri: _parts(uri).hostname or "")
        target.property("Port", lambda uri: _parts(uri).port or {"http": 80, "https": 443, "ftp": 21}.get(_parts(uri).scheme, -1))
        target.property("AbsolutePath", lambda uri: _parts(uri).path or "/")
        target.property("Path", lambda uri: _parts(uri).path or "/")
        target.property("LocalPath", lambda uri: unquote(_parts(uri).path or "/"))
        target.property("Query", lambda uri: "?" + _parts(uri).query if _parts(uri).query else "")
        target.property("Fragment", lambda uri: "#" + _parts(uri).fragment if _parts(uri).fragment else "")
        target.property("AbsoluteUri", str)
        target.property("Authority", lambda uri: _parts(uri).netloc)
        target.property("Uri", lambda uri: Uri(str(uri)))
        target.method("ToString", "", str)


_CULTURES = {"": 127, "en-us": 1033, "en": 9, "de-de": 1031, "de": 7, "fr-fr": 1036, "fr": 12, "ja-jp": 1041, "en-gb": 2057}


def _culture(name: str) -> Named:
    if name and not re.fullmatch(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", name):
        raise ClrError(f"Culture is not supported. (Parameter 'name')\n{name} is an invalid culture identifier.")
    return Named("System.Globalization.CultureInfo", name)


def _cultures() -> None:
    clr_type = TYPES.add("System.Globalization.CultureInfo", only="GetCultureInfo new CurrentUICulture")
    clr_type.static("GetCultureInfo", "string", _culture)
    clr_type.static("GetCultureInfo", "int", lambda identifier: _culture_of(identifier))
    clr_type.static("new", "string", _culture)
    clr_type.value("CurrentUICulture", lambda _: Named("System.Globalization.CultureInfo", ""))
    clr_type.property("Name", lambda culture: culture.name)
    clr_type.property("LCID", lambda culture: _CULTURES.get(culture.name.lower(), 4096))
    clr_type.property("TwoLetterISOLanguageName", lambda culture: culture.name[:2].lower() or "iv")
    clr_type.method("ToString", "", str)


def _culture_of(identifier: int) -> Named:
    for name, number in _CULTURES.items():
        if number == identifier:
            return Named("System.Globalization.CultureInfo", name)
    raise ClrError("Culture is not supported. (Parameter 'culture')")


def _constant(value: ClrValue) -> Callable[[Surroundings], ClrValue]:
    return lambda _: value


def _platforms() -> None:
    platform = TYPES.add("System.Runtime.InteropServices.OSPlatform")
    for name in ("Linux", "Windows", "OSX", "FreeBSD"):
        platform.value(name, _constant(Named("System.Runtime.InteropServices.OSPlatform", name.upper())))
    platform.static("Create", "string", lambda name: Named("System.Runtime.InteropServices.OSPlatform", name))
    platform.method("ToString", "", str)
    information = TYPES.add("System.Runtime.InteropServices.RuntimeInformation")
    information.static("IsOSPlatform", "OSPlatform", lambda value: value.name.upper() == "LINUX")
    information.value("OSArchitecture", lambda s: EnumValue("System.Runtime.InteropServices.Architecture", s.architecture, 1))
    information.value("ProcessArchitecture", lambda s: EnumValue("System.Runtime.InteropServices.Architecture", s.architecture, 1))
    information.value("OSDescription", lambda s: s.os_description)
    information.value("FrameworkDescription", lambda s: f".NET {s.runtime_version}")
    information.value("RuntimeIdentifier", lambda s: s.runtime_identifier)


_operating_system()
_environment()
_version()
_guid()
_uris()
_cultures()
_platforms()
