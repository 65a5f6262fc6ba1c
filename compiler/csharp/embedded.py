"""Two pinned npm packages -> a DOTNET_ROOT with CoreCLR and its class libraries, and a folder with Roslyn.

The packages are fetched by the installed npm client, from whatever registry it is set up for, and must have exactly
the pinned bytes. The result appears in the cache by one rename: it is whole or it is not there. A lock file keeps two
fetches at once apart; it is the system's lock, so that a killed process leaves none behind. Nothing is fetched twice.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from compiler.csharp.errors import ToolchainCode, ToolchainError
from compiler.csharp.file_lock import exclusive_lock
from compiler.csharp.frameworks import ASPNETCORE_APP, NETCORE_APP, Framework, Toolchain, ToolchainKind

EMBEDDED_VERSION = "9.0.5"
Progress = Callable[[int, int], None]

_POLL_SECONDS = 0.2
_LAYOUT = 2
_MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class _Package:
    """An npm package by name and version, the size of its archive in bytes and its sha512."""

    specification: str
    size_bytes: int
    integrity: str


@dataclass(frozen=True, slots=True)
class _Recipe:
    """What makes the tool chain of one system; `key` names its folder and changes whenever its content does."""

    key: str
    rid: str
    runtime: _Package
    roslyn: _Package


_ROSLYN = _Package(
    "@typespec/http-client-csharp@1.0.0-alpha.20250929.3",
    11_085_861,
    "sha512-Y2c8Z5GdcOxUubrmhU5rHF66P5+i0UI/Izoui62W0KXVca5vQZiN+ekuwjdZiaz57QoU8Nhk/QNmMTJwtzjk+w==",
)
_LINUX_X64 = _Package(
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
    with _package(recipe.roslyn, staging, npm, lambda done: progress(done, total)) as archive:
        _extract(archive, "package/dist/generator/", _ROSLYN_FILES, tree / "roslyn")
        _extract(archive, "package/dist/generator/", _MSBUILD_FILES, tree / "msbuild")
    before = recipe.roslyn.size_bytes
    with _package(recipe.runtime, staging, npm, lambda done: progress(before + done, total)) as archive:
        _lay_out_runtime(archive, recipe.rid, tree / "dotnet")
    files = sorted(path for path in tree.rglob("*") if path.is_file())
    _write_json(tree / _MANIFEST, {path.relative_to(tree).as_posix(): path.stat().st_size for path in files})
    progress(total, total)
    return tree


@contextmanager
def _package(package: _Package, staging: Path, npm: Path, progress: Callable[[int], None]) -> Iterator[tarfile.TarFile]:
    """The package's archive, fetched, checked and opened; it is removed afterwards."""
    folder = Path(tempfile.mkdtemp(dir=staging))
    archive = _npm_pack(package, folder, npm, progress)
    _check_integrity(package, archive)
    with tarfile.open(archive, "r:gz") as opened:
        yield opened
    shutil.rmtree(folder)


def _npm_pack(package: _Package, folder: Path, npm: Path, progress: Callable[[int], None]) -> Path:
    """The archive that `npm pack` leaves in `folder`.

    npm's own cache is put into the folder as well: its growth is the progress, and the user's cache does not hold
    a second copy of the packages for ever.
    """
    cache = folder / "npm-cache"
    command = [str(npm), "pack", package.specification, "--pack-destination", str(folder), "--cache", str(cache)]
    command += ["--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel", "error"]
    log = folder / "npm.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        try:
            while True:
                try:
                    process.wait(_POLL_SECONDS)
                    break
                except subprocess.TimeoutExpired:
                    progress(min(_tree_size_bytes(cache), package.size_bytes))
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
    archives = list(folder.glob("*.tgz"))
    if process.returncode != 0 or len(archives) != 1:
        detail = _first_error(log.read_text(encoding="utf-8", errors="replace"))
        message = f"npm could not fetch {package.specification} (exit code {process.returncode}): {detail}"
        raise ToolchainError(ToolchainCode.FETCH_FAILED, message)
    progress(package.size_bytes)
    return archives[0]


def _first_error(log: str) -> str:
    """The lines of npm's output that say what went wrong, as one line."""
    lines = [line.removeprefix("npm error").strip() for line in log.splitlines()]
    said = [line for line in lines if line and not line.startswith(("A complete log", "code "))]
    return "; ".join(said[:3]) or "no message"


def _tree_size_bytes(folder: Path) -> int:
    """Bytes in the files below `folder`, as far as they can be seen while npm works in it."""
    total = 0
    for directory, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.stat(os.path.join(directory, name)).st_size
            except FileNotFoundError:
                continue
    return total


def _check_integrity(package: _Package, archive: Path) -> None:
    """Raises ToolchainError unless the archive has exactly the pinned bytes."""
    with archive.open("rb") as content:
        digest = hashlib.file_digest(content, "sha512").digest()
    found = "sha512-" + base64.b64encode(digest).decode("ascii")
    if found != package.integrity:
        message = f"{package.specification} is not what it should be: expected {package.integrity}, got {found}"
        raise ToolchainError(ToolchainCode.INTEGRITY, message)


def _extract(archive: tarfile.TarFile, prefix: str, names: Sequence[str], folder: Path) -> None:
    """Writes the named files of the archive, flat, to `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {prefix + name: name for name in names}
    for member in archive:
        name = wanted.pop(member.name, None)
        source = archive.extractfile(member) if name is not None else None
        if name is None or source is None:
            continue
        with source, (folder / name).open("wb") as target:
            shutil.copyfileobj(source, target, 1 << 20)
    if wanted:
        message = f"{Path(str(archive.name)).name} lacks {min(wanted)}"
        raise ToolchainError(ToolchainCode.INTEGRITY, message)


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
        _extract(archive, prefix, [*assets["runtime"], *assets.get("native", {})], folder)
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
