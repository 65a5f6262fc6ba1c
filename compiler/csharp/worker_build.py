"""A tool chain -> the C# worker compiled for it: `worker.dll` in the cache, built once by the tool chain's own Roslyn.

The folder's key hashes the worker's sources, the bootstrap and Roslyn's bytes; a build appears by one rename.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from compiler.csharp import bootstrap, bootstrap_image
from compiler.csharp.coreclr import run_program, tool_environment, write_runtimeconfig
from compiler.csharp.errors import ToolchainCode, ToolchainError
from compiler.csharp.frameworks import Toolchain

_SOURCES = Path(__file__).with_name("worker")
_ROSLYN = ("Microsoft.CodeAnalysis.dll", "Microsoft.CodeAnalysis.CSharp.dll")
_RUNTIME_PROPERTIES: dict[str, bool | int | str] = {
    "System.Globalization.Invariant": True,
    "System.GC.Server": False,
    "System.GC.Concurrent": False,
    "System.Runtime.TieredPGO": False,
}
_BUILD_TIMEOUT_SECONDS = 120.0


def ensure_worker(toolchain: Toolchain, cache_dir: Path, environment: Mapping[str, str]) -> Path:
    """Path of `worker.dll`, built unless it is there.

    Raises ToolchainError: the worker does not compile with this Roslyn, or the cache cannot be written.
    """
    sources = sorted(_SOURCES.glob("*.cs"))
    parent = cache_dir / "csharp-worker"
    folder = parent / _key(toolchain, sources)
    if not (folder / "worker.dll").is_file():
        try:
            parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix="build-", dir=parent) as staging:
                _build(toolchain, sources, Path(staging), environment)
                _publish(Path(staging) / "worker", folder)
        except OSError as error:
            message = f"cannot write the C# worker to {parent}: {error.strerror or error}"
            raise ToolchainError(ToolchainCode.CACHE_NOT_WRITABLE, message) from error
    return folder / "worker.dll"


def _key(toolchain: Toolchain, sources: list[Path]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for path in (*sources, Path(bootstrap.__file__), Path(bootstrap_image.__file__), *(toolchain.roslyn_dir / name for name in _ROSLYN)):
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)}\n".encode())
        digest.update(content)
    digest.update(f"{toolchain.version} {sorted(_RUNTIME_PROPERTIES.items())}".encode())
    return digest.hexdigest()


def _build(toolchain: Toolchain, sources: list[Path], staging: Path, environment: Mapping[str, str]) -> None:
    """Compiles the worker into `staging`/worker."""
    output = staging / "worker"
    output.mkdir()
    roslyn = [toolchain.roslyn_dir / name for name in _ROSLYN]
    references = [*sorted(toolchain.reference_dir.glob("*.dll")), *roslyn]
    program = staging / "bootstrap.dll"
    program.write_bytes(bootstrap.bootstrap_image("worker", sources, references, roslyn, output / "worker.dll"))
    write_runtimeconfig(toolchain, program, _RUNTIME_PROPERTIES)
    result = run_program(toolchain, program, [], tool_environment(toolchain, environment), timeout_seconds=_BUILD_TIMEOUT_SECONDS)
    if result.exit_code != 0:
        said = (result.stdout + result.stderr).decode("utf-8", "replace").strip()
        lines = said.splitlines() or [f"exit code {result.exit_code}"]
        rest = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
        message = f"the C# worker does not build with {toolchain.roslyn_dir}: {lines[0]}{rest}"
        raise ToolchainError(ToolchainCode.WORKER_NOT_BUILT, message)
    write_runtimeconfig(toolchain, output / "worker.dll", _RUNTIME_PROPERTIES)


def _publish(built: Path, folder: Path) -> None:
    """Renames the finished build to its place; another process may have been first, with the same content."""
    try:
        built.rename(folder)
    except OSError:
        if not (folder / "worker.dll").is_file():
            shutil.rmtree(folder, ignore_errors=True)
            built.rename(folder)
