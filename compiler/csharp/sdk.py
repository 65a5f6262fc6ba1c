"""Environment and folder -> the installed .NET SDK that `dotnet` would use there, as a `Toolchain`.

An SDK without its Roslyn or without a runtime of its own major version is not usable and is passed over; one that is too old is
reported. The choice follows global.json (sdk.version, rollForward, allowPrerelease), as the `dotnet` command makes it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from compiler.csharp.frameworks import ASPNETCORE_APP, NETCORE_APP, OLDEST_MAJOR, Framework, Toolchain, ToolchainKind

_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+.*)?$")
_USUAL_PLACES = {
    "linux": ("/usr/share/dotnet", "/usr/lib/dotnet", "/usr/lib64/dotnet", "/usr/local/share/dotnet", "/opt/dotnet"),
    "darwin": ("/usr/local/share/dotnet", "/opt/homebrew/opt/dotnet/libexec"),
    "win32": ("C:\\Program Files\\dotnet",),
}


@dataclass(frozen=True, order=True, slots=True)
class SdkVersion:
    """A semantic version; `prerelease` orders by its identifiers, and a release is after all its prereleases."""

    major: int
    minor: int
    patch: int
    is_release: bool
    prerelease: tuple[tuple[bool, int, str], ...]
    text: str

    @property
    def band(self) -> int:
        """The feature band: 4 for x.y.4nn."""
        return self.patch // 100


@dataclass(frozen=True, slots=True)
class SdkSearch:
    """What a search found; `unsatisfied` says in one phrase why global.json forbids every installed SDK, else empty.

    `too_old` is "VERSION in FOLDER" of the SDK that `dotnet` would use, where that is older than what can be worked with.
    """

    toolchain: Toolchain | None
    unsatisfied: str
    wanted: str
    global_json: Path | None
    too_old: str = ""


@dataclass(frozen=True, slots=True)
class _Request:
    """The `sdk` object of a global.json; without one, any version will do and prereleases are allowed."""

    path: Path | None
    version: SdkVersion | None
    roll_forward: str
    allow_prerelease: bool


def parse_version(text: str) -> SdkVersion | None:
    """`text` as a version, or None when it is none (a folder of another kind)."""
    match = _VERSION.match(text)
    if match is None:
        return None
    major, minor, patch = (int(part) for part in match.group(1, 2, 3))
    identifiers = match.group(4).split(".") if match.group(4) else []
    prerelease = tuple((not word.isdigit(), int(word) if word.isdigit() else 0, word) for word in identifiers)
    return SdkVersion(major, minor, patch, not prerelease, prerelease, text)


def search_sdk(environment: Mapping[str, str], start_dir: Path) -> SdkSearch:
    """The first dotnet root, in the order DOTNET_ROOT, PATH, usual places, that has an SDK which global.json admits."""
    request = _read_global_json(start_dir)
    wanted = request.version.text if request.version else ""
    rejected: list[str] = []
    for root in _dotnet_roots(environment):
        usable = [version for version in _versions(root / "sdk") if _roslyn_dir(root, version).is_dir()]
        chosen = _select(request, usable)
        if chosen is None:
            rejected += [version.text for version in usable]
            continue
        if chosen.major < OLDEST_MAJOR:
            return SdkSearch(None, "", wanted, request.path, f"{chosen.text} in {root}")
        toolchain = _open_sdk(root, chosen)
        if toolchain is not None:
            return SdkSearch(toolchain, "", wanted, request.path)
    unsatisfied = f"{request.path} wants {wanted} ({request.roll_forward}); installed: {', '.join(rejected)}" if rejected else ""
    return SdkSearch(None, unsatisfied, wanted, request.path)


def _dotnet_roots(environment: Mapping[str, str]) -> Iterator[Path]:
    """Folders that may be a dotnet root, each once."""
    seen: set[Path] = set()
    command = shutil.which("dotnet", path=environment.get("PATH", os.defpath))
    home = environment.get("HOME") or environment.get("USERPROFILE")
    candidates = [
        Path(environment["DOTNET_ROOT"]) if environment.get("DOTNET_ROOT") else None,
        Path(command).resolve().parent if command else None,
        Path(home) / ".dotnet" if home else None,
        *(Path(place) for place in _USUAL_PLACES.get(sys.platform, ())),
    ]
    for candidate in candidates:
        if candidate is not None and candidate not in seen and (candidate / "sdk").is_dir():
            seen.add(candidate)
            yield candidate


def _versions(folder: Path) -> list[SdkVersion]:
    """Versions of the folders in `folder`, newest first."""
    if not folder.is_dir():
        return []
    parsed = (parse_version(entry.name) for entry in folder.iterdir() if entry.is_dir())
    return sorted((version for version in parsed if version is not None), reverse=True)


def _read_global_json(start_dir: Path) -> _Request:
    """The request of the nearest global.json at or above `start_dir`. A file that cannot be read asks for nothing."""
    anything = _Request(None, None, "latestMajor", allow_prerelease=True)
    for folder in (start_dir, *start_dir.parents):
        path = folder / "global.json"
        if not path.is_file():
            continue
        try:
            content = json.loads(_without_comments(path.read_text(encoding="utf-8-sig")))
        except (OSError, ValueError):
            return anything
        sdk = content.get("sdk") if isinstance(content, dict) else None
        if not isinstance(sdk, dict):
            return anything
        version = parse_version(str(sdk.get("version", "")))
        default = "latestPatch" if version else "latestMajor"
        return _Request(path, version, str(sdk.get("rollForward", default)), bool(sdk.get("allowPrerelease", True)))
    return anything


def _without_comments(text: str) -> str:
    """JSON without // and /* */ comments; strings are left alone."""
    return re.sub(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/', lambda match: match.group(1) or "", text, flags=re.DOTALL)


def _select(request: _Request, installed: list[SdkVersion]) -> SdkVersion | None:
    """The version of `installed` (newest first) that the roll-forward policy takes.

    Policies are those of the global.json documentation: `patch`, `feature`, `minor`, `major` prefer the requested
    version's own band and take the next higher one only when it has none; the `latest*` ones take the newest.
    """
    wanted = request.version
    allowed = [version for version in installed if request.allow_prerelease or version.is_release]
    if wanted is None:
        return allowed[0] if allowed else None
    allowed = [version for version in allowed if version >= wanted or version.text == wanted.text]
    policy = request.roll_forward.lower()
    if policy == "disable":
        return next((version for version in allowed if version.text == wanted.text), None)
    same_minor = [version for version in allowed if (version.major, version.minor) == (wanted.major, wanted.minor)]
    same_band = [version for version in same_minor if version.band == wanted.band]
    if policy == "patch":
        return next((version for version in same_band if version.text == wanted.text), _newest(same_band))
    scopes = {
        "latestpatch": same_band,
        "latestfeature": same_minor,
        "feature": same_minor,
        "latestminor": [version for version in allowed if version.major == wanted.major],
        "minor": [version for version in allowed if version.major == wanted.major],
        "latestmajor": allowed,
        "major": allowed,
    }
    scope = scopes.get(policy, [])
    if policy.startswith("latest") or not scope:
        return _newest(scope)
    lowest = scope[-1]
    band = [version for version in scope if (version.major, version.minor, version.band) == (lowest.major, lowest.minor, lowest.band)]
    return _newest(band)


def _newest(versions: list[SdkVersion]) -> SdkVersion | None:
    return versions[0] if versions else None


def _roslyn_dir(root: Path, version: SdkVersion) -> Path:
    return root / "sdk" / version.text / "Roslyn" / "bincore"


def _open_sdk(root: Path, version: SdkVersion) -> Toolchain | None:
    """The tool chain of an SDK, or None when its runtime, its host or its Roslyn's assemblies are missing."""
    frameworks = _frameworks(root)
    own = [framework for framework in frameworks if framework.name == NETCORE_APP and framework.framework_dir is not None]
    newest = next((framework for framework in own if framework.version.startswith(f"{version.major}.")), None)
    hostfxr = _hostfxr(root)
    roslyn_dir = _roslyn_dir(root, version)
    if newest is None or newest.framework_dir is None or hostfxr is None:
        return None
    if not (roslyn_dir / "Microsoft.CodeAnalysis.CSharp.dll").is_file():
        return None
    return Toolchain(
        kind=ToolchainKind.SDK,
        version=newest.version,
        sdk_version=version.text,
        dotnet_root=root,
        hostfxr=hostfxr,
        framework_dir=newest.framework_dir,
        reference_dir=newest.reference_dir,
        roslyn_dir=roslyn_dir,
        msbuild_dir=root / "sdk" / version.text,
        source_generators=_assemblies(newest.generator_dir),
        frameworks=tuple(frameworks),
    )


def _assemblies(folder: Path | None) -> tuple[Path, ...]:
    return tuple(sorted(folder.glob("*.dll"))) if folder is not None else ()


def _hostfxr(root: Path) -> Path | None:
    """The newest hostfxr library of the root."""
    names = {"win32": "hostfxr.dll", "darwin": "libhostfxr.dylib"}
    name = names.get(sys.platform, "libhostfxr.so")
    paths = (root / "host" / "fxr" / version.text / name for version in _versions(root / "host" / "fxr"))
    return next((path for path in paths if path.is_file()), None)


def _frameworks(root: Path) -> list[Framework]:
    """Class libraries of a root: runtimes with the reference pack of their major.minor, then packs without a runtime."""
    found: list[tuple[SdkVersion, Framework]] = []
    for name in (NETCORE_APP, ASPNETCORE_APP):
        packs = {(pack.major, pack.minor): pack for pack in reversed(_versions(root / "packs" / f"{name}.Ref"))}
        runtimes = _versions(root / "shared" / name)
        for version in runtimes:
            folder = root / "shared" / name / version.text
            pack = packs.get((version.major, version.minor))
            found.append((version, _framework(root, name, version, folder, pack)))
        covered = {(version.major, version.minor) for version in runtimes}
        found += [(pack, _framework(root, name, pack, None, pack)) for key, pack in packs.items() if key not in covered]
    found.sort(key=lambda pair: pair[0], reverse=True)
    return [framework for _, framework in found]


def _framework(root: Path, name: str, version: SdkVersion, folder: Path | None, pack: SdkVersion | None) -> Framework:
    if pack is None:
        assert folder is not None, "a framework has a runtime or a reference pack"
        return Framework(name, version.text, folder, folder, None)
    pack_dir = root / "packs" / f"{name}.Ref" / pack.text
    generators = pack_dir / "analyzers" / "dotnet" / "cs"
    reference_dir = pack_dir / "ref" / f"net{pack.major}.{pack.minor}"
    return Framework(name, version.text, folder, reference_dir, generators if generators.is_dir() else None)
