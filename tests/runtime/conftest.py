"""The two libraries that the differential tests compare, built and opened once."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from compiler.csharp.toolchain import Toolchain
from tests.csharp.conftest import cache_dir, toolchain, worker
from tests.runtime.native_imports import NativeImport, native_imports
from tests.runtime.native_library import NativeLibrary, Scenario, assert_same, build_shim

__all__ = ["cache_dir", "toolchain", "worker"]

Compare = Callable[[Scenario], None]


@pytest.fixture(scope="session")
def framework(toolchain: Toolchain) -> Path:
    """The folder of the class library whose native shim is the peer."""
    return toolchain.framework_dir


@pytest.fixture(scope="session")
def imports(framework: Path) -> list[NativeImport]:
    """Every import from libSystem.Native."""
    return native_imports(framework)


@pytest.fixture(scope="session")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shim of this repository as a shared object."""
    target = tmp_path_factory.mktemp("shim") / "libshim.so"
    build_shim(target)
    return target


@pytest.fixture(scope="session")
def ours(shim: Path, imports: list[NativeImport]) -> NativeLibrary:
    """The shim of this repository."""
    return NativeLibrary("ours", shim, imports)


@pytest.fixture(scope="session")
def peer(framework: Path, imports: list[NativeImport]) -> NativeLibrary:
    """The class library's own."""
    return NativeLibrary("peer", framework / "libSystem.Native.so", imports)


@pytest.fixture
def compare(ours: NativeLibrary, peer: NativeLibrary, tmp_path: Path) -> Compare:
    """Runs a scenario with both libraries and compares the traces."""
    return lambda scenario: assert_same(scenario, ours, peer, tmp_path)


@pytest.fixture(scope="session")
def with_shim(toolchain: Toolchain, shim: Path, tmp_path_factory: pytest.TempPathFactory) -> Toolchain:
    """The tool chain with another libSystem.Native; all other files are links to the original's."""
    root = tmp_path_factory.mktemp("dotnet")
    for folder, _, names in os.walk(toolchain.dotnet_root):
        target = root / Path(folder).relative_to(toolchain.dotnet_root)
        target.mkdir(exist_ok=True)
        for name in names:
            (target / name).symlink_to(shim if name == "libSystem.Native.so" else Path(folder, name))
    return dataclasses.replace(toolchain, dotnet_root=root, hostfxr=root / toolchain.hostfxr.relative_to(toolchain.dotnet_root))
