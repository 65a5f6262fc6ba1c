"""A framework -> the packages that it holds, by id, with the version that is in it: PackageOverrides.txt of an SDK or its packs, or ours.

Ours (`server/msbuild/sdk/PrunePackageData`) are laid out as an SDK lays them out and serve where an SDK has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

_FILE = "PackageOverrides.txt"
# Its packs have no list: that of .NET 9, the last one there is, serves later frameworks too.
_DESKTOP = "Microsoft.WindowsDesktop.App"
_OWN = Path(__file__).resolve().parents[2] / "msbuild" / "sdk" / "PrunePackageData"


def framework_packages(identifier: str, version: str, framework: str, data: Path, pack_roots: Sequence[Path]) -> dict[str, str]:
    """Ids and versions; `framework` is "" where there are no shared frameworks. Empty when nothing is known."""
    is_core = identifier.lower() == ".netcoreapp"
    if is_core and framework:
        given = data / version / framework / _FILE
        if given.is_file():
            return _read(given)
        for root in pack_roots:
            packs = sorted((root / f"{framework}.Ref").glob(f"{version}.*/data/{_FILE}"))
            if packs:
                return _read(packs[-1])
    own = _OWN / (identifier.lstrip(".").lower() + version) / (framework or "all") / _FILE
    if not own.is_file() and is_core and framework == _DESKTOP:
        own = _OWN / "netcoreapp9.0" / _DESKTOP / _FILE
    return _read(own) if own.is_file() else {}


def _read(path: Path) -> dict[str, str]:
    pairs = (line.strip().split("|") for line in path.read_text(encoding="utf-8-sig").splitlines())
    return {pair[0]: pair[1] for pair in pairs if len(pair) == 2}
