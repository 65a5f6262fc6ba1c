"""The `[MSBuild]::` functions."""

from __future__ import annotations

import base64
import binascii
import hashlib
import math
from collections.abc import Callable

from server.msbuild import escaping, paths
from server.msbuild.functions import frameworks
from server.msbuild.functions.binding import TYPES
from server.msbuild.functions.surroundings import Surroundings
from server.msbuild.functions.values import ClrError, ClrValue, EnumValue
from server.whole_numbers import is_number, magnitude

MSBUILD = TYPES.add("MSBuild")


def _wrap(value: int, bits: int = 64) -> int:
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def _divide(left: int, right: int) -> int:
    if right == 0:
        raise ClrError("Attempted to divide by zero.")
    quotient = abs(left) // abs(right)
    return _wrap(quotient if (left < 0) == (right < 0) else -quotient)


def _modulo(left: int, right: int) -> int:
    if right == 0:
        raise ClrError("Attempted to divide by zero.")
    remainder = abs(left) % abs(right)
    return remainder if left >= 0 else -remainder


def _divide_real(left: float, right: float) -> float:
    if right == 0:
        if left == 0 or math.isnan(left):
            return math.nan
        return math.copysign(math.inf, left) * math.copysign(1, right)
    return left / right


def _modulo_real(left: float, right: float) -> float:
    return math.nan if right == 0 or math.isinf(left) else math.fmod(left, right)


def _arithmetic() -> None:
    for name, whole, real in (
        ("Add", lambda a, b: _wrap(a + b), lambda a, b: a + b),
        ("Subtract", lambda a, b: _wrap(a - b), lambda a, b: a - b),
        ("Multiply", lambda a, b: _wrap(a * b), lambda a, b: a * b),
        ("Divide", _divide, _divide_real),
        ("Modulo", _modulo, _modulo_real),
    ):
        MSBUILD.static(name, "long long", whole)
        MSBUILD.static(name, "double double", real)
    MSBUILD.static("BitwiseOr", "int int", lambda a, b: a | b)
    MSBUILD.static("BitwiseAnd", "int int", lambda a, b: a & b)
    MSBUILD.static("BitwiseXor", "int int", lambda a, b: a ^ b)
    MSBUILD.static("BitwiseNot", "int", lambda a: ~a)
    MSBUILD.static("LeftShift", "int int", lambda a, b: _wrap(a << (b & 31), 32))
    MSBUILD.static("RightShift", "int int", lambda a, b: a >> (b & 31))
    MSBUILD.static("RightShiftUnsigned", "int int", lambda a, b: _wrap((a & 0xFFFFFFFF) >> (b & 31), 32))


def _version_parts(text: str | None) -> tuple[int, int, int, int]:
    """MSBuild's lenient version: a leading v, no pre-release or build suffix, missing parts 0."""
    if text is None:
        raise ClrError("Value cannot be null. (Parameter 's')")
    wrong = ClrError("Version string was not in a correct format.")
    stripped = text.strip()
    if stripped[:1] in ("v", "V"):
        stripped = stripped[1:]
    for mark in "-+":
        stripped = stripped.partition(mark)[0]
    parts = stripped.split(".")
    if not 1 <= len(parts) <= 4 or not all(is_number(part) for part in parts):
        raise wrong
    numbers = [magnitude(part) for part in parts] + [0] * (4 - len(parts))
    if max(numbers) > 0x7FFFFFFF:
        raise wrong
    return numbers[0], numbers[1], numbers[2], numbers[3]


def _versions() -> None:
    comparisons: tuple[tuple[str, Callable[[tuple[int, ...], tuple[int, ...]], bool]], ...] = (
        ("VersionEquals", lambda a, b: a == b),
        ("VersionNotEquals", lambda a, b: a != b),
        ("VersionGreaterThan", lambda a, b: a > b),
        ("VersionGreaterThanOrEquals", lambda a, b: a >= b),
        ("VersionLessThan", lambda a, b: a < b),
        ("VersionLessThanOrEquals", lambda a, b: a <= b),
    )
    for name, compare in comparisons:
        MSBUILD.static(name, "string string", lambda a, b, compare=compare: compare(_version_parts(a), _version_parts(b)))


def _target_frameworks() -> None:
    MSBUILD.static("GetTargetFrameworkIdentifier", "string", lambda name: frameworks.checked(name).identifier)
    MSBUILD.static("GetTargetFrameworkVersion", "string", lambda name: frameworks.version_text(frameworks.checked(name).version, 2))
    MSBUILD.static(
        "GetTargetFrameworkVersion", "string int", lambda name, count: frameworks.version_text(frameworks.checked(name).version, count)
    )
    MSBUILD.static("GetTargetPlatformIdentifier", "string", lambda name: frameworks.checked(name).platform)
    MSBUILD.static("GetTargetPlatformVersion", "string", lambda name: frameworks.version_text(frameworks.checked(name).platform_version, 2))
    MSBUILD.static(
        "GetTargetPlatformVersion",
        "string int",
        lambda name, count: frameworks.version_text(frameworks.checked(name).platform_version, count),
    )
    MSBUILD.static(
        "IsTargetFrameworkCompatible", "string string", lambda a, b: frameworks.is_compatible(frameworks.checked(a), frameworks.checked(b))
    )
    MSBUILD.static("FilterTargetFrameworks", "string string", frameworks.filter_frameworks)


def _texts() -> None:
    MSBUILD.static("Escape", "string?", lambda text: escaping.escape(text) if text is not None else None)
    MSBUILD.static("Unescape", "string?", lambda text: escaping.unescape(text) if text is not None else None)
    MSBUILD.static("ValueOrDefault", "string? string?", lambda value, default: value or default)
    MSBUILD.static("ConvertToBase64", "string", lambda text: base64.b64encode(text.encode()).decode())
    MSBUILD.static("ConvertFromBase64", "string", _from_base64)
    MSBUILD.static("SubstringByAsciiChars", "string int int", _ascii_substring)
    MSBUILD.static("StableStringHash", "string", lambda text: _legacy_hash(text))
    MSBUILD.static("StableStringHash", "string StringHashingAlgorithm", _stable_hash)


def _from_base64(text: str) -> str:
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode("utf-8", "replace")
    except binascii.Error:
        raise ClrError(
            "The input is not a valid Base-64 string as it contains a non-base 64 character, more than two padding characters, "
            "or an illegal character among the padding characters."
        ) from None


def _ascii_substring(text: str, start: int, length: int) -> str:
    if start > len(text):
        return ""
    if start < 0 or length < 0:
        raise ClrError(f"Specified argument was out of the range of valid values. (Parameter '{'start' if start < 0 else 'length'}')")
    return "".join(c if " " <= c <= "~" and c != "/" else "_" for c in text[start : start + length])


def _legacy_hash(text: str) -> int:
    """The 32-bit hash of the .NET Framework's String.GetHashCode (64-bit build), over pairs of characters."""
    first = 5381
    second = first
    units = _utf16(text)
    for index in range(0, len(units), 2):
        first = (((first << 5) + first) & 0xFFFFFFFF) ^ units[index]
        if index + 1 < len(units):
            second = (((second << 5) + second) & 0xFFFFFFFF) ^ units[index + 1]
    return _wrap((first + second * 1566083941) & 0xFFFFFFFF, 32)


def _utf16(text: str) -> list[int]:
    data = text.encode("utf-16-le", "surrogatepass")
    return [data[at] | data[at + 1] << 8 for at in range(0, len(data), 2)]


def _fnv(text: str, bits: int, *, fast: bool) -> int:
    offset, prime = (2166136261, 16777619) if bits == 32 else (14695981039346656037, 1099511628211)
    mask = (1 << bits) - 1
    value = offset
    for unit in _utf16(text):
        if fast:
            value = ((value ^ unit) * prime) & mask
        else:
            value = ((value ^ (unit & 0xFF)) * prime) & mask
            value = ((value ^ (unit >> 8)) * prime) & mask
    return _wrap(value, bits)


def _stable_hash(text: str, algorithm: EnumValue) -> ClrValue:
    if algorithm.name == "Sha256":
        return hashlib.sha256(text.encode()).hexdigest()
    if algorithm.name == "Legacy":
        return _legacy_hash(text)
    return _fnv(text, 64 if "64" in algorithm.name else 32, fast=algorithm.name.endswith("Fast"))


def _normalize_path(surroundings: Surroundings, *parts: str) -> str:
    combined = paths.combine(*(paths.fix_file_path(part) for part in parts))
    if not combined:
        raise ClrError("The value cannot be an empty string. (Parameter 'path')")
    return paths.full_path(combined, surroundings.current_directory)


def _make_relative(surroundings: Surroundings, base: str, path: str) -> str:
    if not path or not base:
        raise ClrError("The value cannot be an empty string. (Parameter 'path')")
    base, path = paths.fix_file_path(base), paths.fix_file_path(path)
    here = surroundings.current_directory
    full_base = paths.full_path(base, here)
    full = paths.full_path(path, here)
    return paths.make_relative(full_base, full)


def _directory_of_file_above(surroundings: Surroundings, start: str, name: str) -> str:
    directory = paths.full_path(paths.fix_file_path(start), surroundings.current_directory).rstrip("/") or "/"
    while True:
        if surroundings.files.is_file(paths.combine(directory, name)):
            return directory
        parent = paths.directory_name(directory)
        if parent is None:
            return ""
        directory = parent


def _path_of_file_above(surroundings: Surroundings, name: str, start: str) -> str:
    if "/" in name or "\\" in name:
        raise ClrError(f"The parameter '{name}' can only be a file name and cannot include a directory.")
    directory = _directory_of_file_above(surroundings, start or surroundings.current_directory, name)
    return paths.combine(directory, name) if directory else ""


def _files_and_places() -> None:
    MSBUILD.needs_surroundings = frozenset(
        "normalizepath normalizedirectory makerelative getdirectorynameoffileabove getpathoffileabove fileexists directoryexists "
        "getcurrenttoolsdirectory gettoolsdirectory32 gettoolsdirectory64 getmsbuildsdkspath getmsbuildextensionspath".split()
    )
    MSBUILD.static("NormalizePath", "string*", _normalize_path)
    MSBUILD.static("NormalizeDirectory", "string*", lambda s, *parts: paths.ensure_trailing_slash(_normalize_path(s, *parts)))
    MSBUILD.static("EnsureTrailingSlash", "string", lambda path: paths.ensure_trailing_slash(path))
    MSBUILD.static("MakeRelative", "string string", _make_relative)
    MSBUILD.static("GetDirectoryNameOfFileAbove", "string string", _directory_of_file_above)
    MSBUILD.static("GetPathOfFileAbove", "string string", _path_of_file_above)
    MSBUILD.static("FileExists", "string", lambda s, path: s.files.is_file(paths.full_path(path, s.current_directory)))
    MSBUILD.static("DirectoryExists", "string", lambda s, path: s.files.is_directory(paths.full_path(path, s.current_directory)))
    MSBUILD.static("GetCurrentToolsDirectory GetToolsDirectory32 GetToolsDirectory64", "", lambda s: s.tools_directory)
    MSBUILD.static("GetMSBuildSDKsPath", "", lambda s: s.sdks_directory)
    MSBUILD.static("GetMSBuildExtensionsPath", "", lambda s: s.extensions_directory)
    MSBUILD.static("GetVsInstallRoot", "", lambda: None)
    MSBUILD.static("GetProgramFiles32", "", lambda: "")


def _machine() -> None:
    MSBUILD.static("IsOSPlatform", "string", lambda name: name.upper() == "LINUX")
    MSBUILD.static("IsOSUnixLike", "", lambda: True)
    MSBUILD.static("IsOsBsdLike", "", lambda: False)
    MSBUILD.static("IsRunningFromVisualStudio", "", lambda: False)
    MSBUILD.static("AreFeaturesEnabled", "Version", lambda _: True)
    MSBUILD.static("CheckFeatureAvailability", "string", _feature)
    MSBUILD.static("DoesTaskHostExist", "string? string?", _task_host)
    MSBUILD.static("GetRegistryValue", "string? string?", lambda key, name: None)
    MSBUILD.static("GetRegistryValue", "string? string? object", lambda key, name, default: default)
    MSBUILD.static("GetRegistryValueFromView", "string? string? object object*", lambda key, name, default, *views: default)
    MSBUILD.static("RegisterBuildCheck", "string", lambda path: False)


def _feature(name: str) -> str:
    known = "BuildCheck.Beta EvaluationContext_SharedSDKCachePolicy TerminalLogger_MSBuildLoggerConfiguration".split()
    return "Available" if name in known else "Undefined"


def _task_host(runtime: str | None, architecture: str | None) -> bool:
    names = {"clr2", "clr4", "currentruntime", "net", "*"}
    machines = {"x86", "x64", "arm64", "currentarchitecture", "*"}
    for given, name, valid, text in (
        (runtime, "Runtime", names, '"CLR2", "CLR4", "CurrentRuntime", and "*"'),
        (architecture, "Architecture", machines, '"x86", "x64", "CurrentArchitecture", and "*"'),
    ):
        if given is not None and given.strip().lower() not in valid:
            raise ClrError(
                f'"{given.strip()}" is an invalid value for the task host parameter "{name}". Valid values are: {text}; not '
                "specifying a value is also valid."
            )
    return True


_arithmetic()
_versions()
_target_frameworks()
_texts()
_files_and_places()
_machine()
