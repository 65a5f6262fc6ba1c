"""Environment and folder -> the tool chain that compiles C# there: an installed .NET SDK, else the embedded one.

A tool chain is a CoreCLR to run on, a Roslyn to compile with, and class libraries to compile against. Finding one
starts no process and writes nothing; fetching the embedded one is `compiler/csharp/embedded.py`.
"""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from compiler.csharp.embedded import EMBEDDED_VERSION, embedded_root, open_embedded
from compiler.csharp.errors import ToolchainCode, ToolchainError
from compiler.csharp.frameworks import OLDEST_MAJOR, Framework, Toolchain, ToolchainKind
from compiler.csharp.sdk import SdkSearch, search_sdk
from compiler.user_cache import cache_directory

__all__ = ["Finding", "Framework", "Toolchain", "ToolchainKind", "cache_directory", "examine", "find_npm", "find_toolchain", "require_npm"]

_WITHOUT_OLD_SDK = "install one, or take the old one off DOTNET_ROOT, PATH and global.json to use the embedded tool chain"


@dataclass(frozen=True, slots=True)
class Finding:
    """One row of `aotd doctor`. `fix` is empty when there is nothing to mend; `is_fatal` when publishing cannot work."""

    subject: str
    state: str
    is_found: bool
    is_fatal: bool
    fix: str


def find_toolchain(environment: Mapping[str, str], start_dir: Path) -> Toolchain | None:
    """The tool chain for projects in `start_dir`: the SDK that global.json selects, else the fetched embedded one.

    Raises ToolchainError for an SDK that is too old: its targets, which projects are evaluated with, want its own tasks.
    """
    search = search_sdk(environment, start_dir)
    if search.too_old:
        message = f"the .NET SDK {search.too_old} is too old: SDK {OLDEST_MAJOR} or later is needed; {_WITHOUT_OLD_SDK}"
        raise ToolchainError(ToolchainCode.SDK_TOO_OLD, message)
    return search.toolchain if search.toolchain is not None else open_embedded(cache_directory(environment))


def find_npm(environment: Mapping[str, str]) -> Path | None:
    """The `npm` command on PATH."""
    found = shutil.which("npm", path=environment.get("PATH", os.defpath))
    return Path(found) if found else None


def require_npm(environment: Mapping[str, str]) -> Path:
    """The `npm` command on PATH. Raises ToolchainError when there is none."""
    npm = find_npm(environment)
    if npm is None:
        message = "npm is not on PATH; it fetches the embedded tool chain: install Node.js with npm, or a .NET SDK"
        raise ToolchainError(ToolchainCode.NO_NPM, message)
    return npm


def examine(environment: Mapping[str, str], start_dir: Path) -> tuple[Finding, ...]:
    """What of the tool chain is there and what is missing, in the order in which it is looked for."""
    search = search_sdk(environment, start_dir)
    embedded = open_embedded(cache_directory(environment))
    npm = find_npm(environment)
    has_toolchain = search.toolchain is not None or embedded is not None
    return (
        _sdk_finding(search, has_embedded=embedded is not None),
        _embedded_finding(embedded, cache_directory(environment), needed=search.toolchain is None and not search.too_old),
        Finding(
            "npm",
            str(npm) if npm else "not on PATH",
            npm is not None,
            npm is None and not has_toolchain,
            "" if npm or has_toolchain else "install Node.js with npm (it fetches the embedded tool chain), or a .NET SDK",
        ),
        *_framework_findings(search.toolchain or embedded),
    )


def _sdk_finding(search: SdkSearch, *, has_embedded: bool) -> Finding:
    if search.toolchain is not None:
        where = f"{search.toolchain.sdk_version} in {search.toolchain.dotnet_root}"
        return Finding(".NET SDK", where, is_found=True, is_fatal=False, fix="")
    if search.too_old:
        state = f"{search.too_old} is too old: SDK {OLDEST_MAJOR} or later is needed"
        return Finding(".NET SDK", state, is_found=False, is_fatal=True, fix=_WITHOUT_OLD_SDK)
    if search.unsatisfied:
        fix = f"install SDK {search.wanted} or loosen rollForward in {search.global_json}"
        return Finding(".NET SDK", search.unsatisfied, is_found=False, is_fatal=False, fix=fix)
    state = "not installed (the embedded tool chain is used)" if has_embedded else "not installed"
    return Finding(".NET SDK", state, is_found=False, is_fatal=False, fix="")


def _embedded_finding(embedded: Toolchain | None, cache_dir: Path, *, needed: bool) -> Finding:
    if embedded is not None:
        return Finding("embedded tool chain", f".NET {embedded.version} in {embedded.dotnet_root}", is_found=True, is_fatal=False, fix="")
    if not needed:
        return Finding("embedded tool chain", "not fetched (not needed)", is_found=False, is_fatal=False, fix="")
    if embedded_root(cache_dir) is None:
        system = f"{platform.system()} {platform.machine()}"
        fix = "install a .NET SDK (8, 9 or 10)"
        return Finding("embedded tool chain", f"there is none for {system}", is_found=False, is_fatal=True, fix=fix)
    fix = "run `aotd doctor --fetch` (or publish: it is fetched on first use)"
    return Finding("embedded tool chain", f".NET {EMBEDDED_VERSION}, not fetched yet", is_found=False, is_fatal=True, fix=fix)


def _framework_findings(toolchain: Toolchain | None) -> tuple[Finding, ...]:
    if toolchain is None:
        return ()
    return tuple(
        Finding("class library", f"{framework.name} {framework.version}", is_found=True, is_fatal=False, fix="")
        for framework in toolchain.frameworks
    )
