"""Environment and folder -> the .NET SDK whose props and targets are evaluated there, or our own where none is installed.

The choice among installed SDKs follows global.json (version, rollForward, allowPrerelease) as the `dotnet` command makes it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from compiler.diagnostics import InputError, Location
from server.msbuild import paths
from server.msbuild.files import FileSystem
from server.msbuild.sdks import Toolset, installed_toolset, own_toolset

_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d)(\d\d)(?:-(.+))?\Z")
_COMMENT = re.compile(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/', re.DOTALL)


@dataclass(frozen=True, order=True, slots=True)
class _Version:
    """Major, minor, feature band, patch; a release orders behind its prereleases."""

    major: int
    minor: int
    band: int
    patch: int
    is_release: bool
    text: str


@dataclass(frozen=True, slots=True)
class _Wish:
    """What a global.json asks for."""

    file: str
    version: _Version | None
    roll_forward: str
    allow_prerelease: bool


def find_toolset(variables: Mapping[str, str], directory: str, files: FileSystem) -> Toolset:
    """The toolset for projects in `directory`. Raises InputError when global.json forbids every SDK that is installed."""
    roots = [variables.get("DOTNET_ROOT", ""), *(paths.combine(part, "") for part in variables.get("PATH", "").split(":"))]
    for root in dict.fromkeys(path.rstrip("/") for path in roots if path):
        installed = _installed(root, files)
        if not installed:
            continue
        wish = _read_wish(directory, files)
        chosen = _choose(wish, installed)
        if chosen is None:
            wanted = wish.version.text if wish.version is not None else ""
            raise InputError("MSB4236", f"The .NET SDK '{wanted}' that global.json asks for is not installed.", Location(wish.file))
        return installed_toolset(root, chosen.text)
    return own_toolset()


def _parse(text: str) -> _Version | None:
    match = _VERSION.match(text)
    if match is None:
        return None
    return _Version(int(match[1]), int(match[2]), int(match[3]), int(match[4]), match[5] is None, text)


def _installed(root: str, files: FileSystem) -> list[_Version]:
    """The SDKs below `root` that hold Microsoft.NET.Sdk, oldest first."""
    found = [_parse(entry.name) for entry in files.entries(f"{root}/sdk") if entry.is_directory]
    return sorted(v for v in found if v is not None and files.is_file(f"{root}/sdk/{v.text}/Sdks/Microsoft.NET.Sdk/Sdk/Sdk.props"))


def _read_wish(directory: str, files: FileSystem) -> _Wish:
    current: str | None = directory
    while current is not None:
        path = paths.combine(current, "global.json")
        if files.is_file(path):
            return _parse_wish(path, files.read_text(path))
        current = paths.directory_name(current)
    return _Wish("", None, "", allow_prerelease=True)


def _parse_wish(path: str, text: str) -> _Wish:
    try:
        content = json.loads(_COMMENT.sub(lambda match: match[1] or " ", text))
    except ValueError as error:
        raise InputError("MSB4236", f"global.json cannot be read: {error}", Location(path)) from None
    sdk = content.get("sdk") if isinstance(content, dict) else None
    if not isinstance(sdk, dict):
        return _Wish(path, None, "", allow_prerelease=True)
    version = _parse(str(sdk.get("version", "")))
    return _Wish(path, version, str(sdk.get("rollForward", "")), bool(sdk.get("allowPrerelease", True)))


def _choose(wish: _Wish, installed: list[_Version]) -> _Version | None:
    """The SDK that the wish leads to; `installed` is sorted."""
    candidates = [v for v in installed if v.is_release or wish.allow_prerelease or v == wish.version]
    if wish.version is None:
        return candidates[-1] if candidates else None
    wanted = wish.version
    policy = wish.roll_forward or "latestPatch"
    if policy in ("disable", "patch", "feature", "minor", "major") and wanted in candidates:
        return wanted
    newer = [v for v in candidates if v >= wanted]
    same = {
        "disable": [],
        "patch": [v for v in newer if (v.major, v.minor, v.band) == (wanted.major, wanted.minor, wanted.band)],
        "feature": [v for v in newer if (v.major, v.minor) == (wanted.major, wanted.minor)],
        "minor": [v for v in newer if v.major == wanted.major],
        "major": newer,
    }
    if policy.startswith("latest"):
        reachable = same.get(policy[len("latest") :].lower(), [])
        return reachable[-1] if reachable else None
    reachable = same.get(policy, [])
    if not reachable:
        return None
    nearest = reachable[0]
    return [v for v in reachable if (v.major, v.minor, v.band) == (nearest.major, nearest.minor, nearest.band)][-1]
