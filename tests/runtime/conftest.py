"""The two libraries that the differential tests compare, built and opened once."""

from __future__ import annotations

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
