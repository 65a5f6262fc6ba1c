"""A tool chain -> the program that runs tasks of .NET assemblies, compiled by the tool chain's own Roslyn and kept in the cache.

Beside the program stands Microsoft.Build.Utilities.Core, which most tasks derive from, where the tool chain has none of its own.
The folder's key hashes the sources and Microsoft.Build.Framework; a build of it appears by one rename.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from compiler.csharp.client import CSharpReference, CSharpRequest, CSharpResult, CSharpSource
from compiler.csharp.coreclr import write_runtimeconfig
from compiler.csharp.frameworks import Toolchain
from compiler.csharp.options import CSharpOptions, DebugKind, OutputKind, csc_switches
from compiler.diagnostics import InputError, Severity

HOST_NOT_BUILT = "AOTD0320"
Compile = Callable[[CSharpRequest], CSharpResult]

_HOST_SOURCES = Path(__file__).with_name("host")
_UTILITIES_SOURCES = Path(__file__).with_name("utilities")
# A symbol for each member of Microsoft.Build.Framework that only newer versions have, and that the host then implements.
_NEWER_MEMBERS = {"ENGINE_SERVICES_2": b"IsOutOfProcRarNodeEnabled"}
# Sources of the host that Microsoft.Build.Utilities.Core has as well.
_SHARED_SOURCES = ("Escaping.cs", "WellKnownMetadata.cs")
_UTILITIES = "Microsoft.Build.Utilities.Core"
_FRAMEWORK = "Microsoft.Build.Framework"
# With MSBuild's reader of binary logs, for loggers of assemblies.
_ENGINE = "Microsoft.Build"
_RUNTIME_PROPERTIES: dict[str, bool | int | str] = {
    "System.GC.Server": False,
    "System.GC.Concurrent": False,
    "System.Runtime.TieredPGO": False,
    "System.Globalization.PredefinedCulturesOnly": False,
}


@dataclass(frozen=True, slots=True)
class HostProgram:
    """The program, and the folders that hold MSBuild's own assemblies, the tools folder first."""

    application: Path
    folders: tuple[Path, ...]

    def assembly(self, name: str) -> Path | None:
        """The file of one of MSBuild's assemblies."""
        return next((path for folder in self.folders if (path := folder / f"{name}.dll").is_file()), None)


def ensure_host(toolchain: Toolchain, cache_dir: Path, compile_csharp: Compile) -> HostProgram:
    """The task host of a tool chain, built unless it is there. Raises InputError."""
    parent = cache_dir / "task-host"
    folder = parent / _key(toolchain)
    if not (folder / "taskhost.dll").is_file():
        try:
            parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix="build-", dir=parent) as staging:
                _build(toolchain, Path(staging) / "built", compile_csharp)
                _publish(Path(staging) / "built", folder)
        except OSError as error:
            raise InputError(HOST_NOT_BUILT, f"cannot write the task host to {parent}: {error.strerror or error}") from error
    folders = (toolchain.msbuild_dir,) if _has_utilities(toolchain) else (toolchain.msbuild_dir, folder)
    return HostProgram(folder / "taskhost.dll", folders)


def _has_utilities(toolchain: Toolchain) -> bool:
    return (toolchain.msbuild_dir / f"{_UTILITIES}.dll").is_file()


def _key(toolchain: Toolchain) -> str:
    digest = hashlib.blake2b(digest_size=16)
    framework = toolchain.msbuild_dir / f"{_FRAMEWORK}.dll"
    for path in (*sorted(_HOST_SOURCES.glob("*.cs")), *sorted(_UTILITIES_SOURCES.glob("*.cs")), framework):
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)}\n".encode())
        digest.update(content)
    digest.update(f"{toolchain.version} {_has_utilities(toolchain)} {sorted(_RUNTIME_PROPERTIES.items())}".encode())
    return digest.hexdigest()


def _build(toolchain: Toolchain, output: Path, compile_csharp: Compile) -> None:
    output.mkdir()
    framework = toolchain.msbuild_dir / f"{_FRAMEWORK}.dll"
    content = framework.read_bytes()
    symbols = tuple(symbol for symbol, member in _NEWER_MEMBERS.items() if member in content)
    library = [*sorted(toolchain.reference_dir.glob("*.dll")), framework]
    if _has_utilities(toolchain):
        utilities = toolchain.msbuild_dir / f"{_UTILITIES}.dll"
    else:
        utilities = output / f"{_UTILITIES}.dll"
        sources = [*sorted(_UTILITIES_SOURCES.glob("*.cs")), *(_HOST_SOURCES / name for name in _SHARED_SOURCES)]
        utilities.write_bytes(_compiled(_UTILITIES, sources, library, OutputKind.LIBRARY, (), compile_csharp))
    references = [*library, utilities, toolchain.msbuild_dir / f"{_ENGINE}.dll"]
    host = _compiled("taskhost", sorted(_HOST_SOURCES.glob("*.cs")), references, OutputKind.EXE, symbols, compile_csharp)
    (output / "taskhost.dll").write_bytes(host)
    write_runtimeconfig(toolchain, output / "taskhost.dll", _RUNTIME_PROPERTIES)


def _compiled(
    name: str, sources: Sequence[Path], references: Sequence[Path], kind: OutputKind, symbols: tuple[str, ...], compile_csharp: Compile
) -> bytes:
    options = CSharpOptions(
        output_kind=kind,
        lang_version="12",
        nullable="enable",
        define_constants=symbols,
        optimize=True,
        allow_unsafe=True,
        debug=DebugKind.NONE,
        no_warn=("CS1701",),
    )
    version = 'using System.Reflection;\n[assembly: AssemblyVersion("15.1.0.0")]\n'
    texts = [CSharpSource(path.name, path.read_text(encoding="utf-8")) for path in sources]
    request = CSharpRequest(
        project=f"task host {name}",
        directory=str(_HOST_SOURCES),
        switches=csc_switches(name, options),
        sources=(*texts, CSharpSource("Version.cs", version)),
        references=tuple(CSharpReference(str(path)) for path in references),
    )
    result = compile_csharp(request)
    if result.pe is None:
        errors = [diagnostic for diagnostic in result.diagnostics if diagnostic.severity is Severity.ERROR]
        said = "; ".join(f"{error.location.file if error.location else ''} {error.code}: {error.message}" for error in errors[:5])
        raise InputError(HOST_NOT_BUILT, f"the task host does not build with this tool chain: {said}")
    return result.pe


def _publish(built: Path, folder: Path) -> None:
    """Renames the finished build to its place; another process may have been first, with the same content."""
    try:
        built.rename(folder)
    except OSError:
        if not (folder / "taskhost.dll").is_file():
            shutil.rmtree(folder, ignore_errors=True)
            built.rename(folder)
