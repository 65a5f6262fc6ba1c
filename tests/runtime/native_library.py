"""The shim under test and the class library's own, called alike.

A test is a function from a library and an empty folder to a trace: a list of what its calls returned. Run with both
libraries, the traces must be equal. So a trace holds nothing that differs from run to run.
"""

from __future__ import annotations

import ctypes
import subprocess
import sys
from collections.abc import Callable, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from tests.conftest import ROOT
from tests.runtime.native_imports import NativeImport

Trace = list[Any]
Scenario = Callable[["NativeLibrary", Path], Trace]

# Entry points that the class library of this version does not import, but that its native shim has too.
EXTRA_SIGNATURES: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "SystemNative_GetEnv": (ctypes.c_char_p, (ctypes.c_void_p,)),
    "SystemNative_GetSid": (ctypes.c_int32, (ctypes.c_int32,)),
    "SystemNative_LowLevelMonitor_TimedWait": (ctypes.c_int32, (ctypes.c_ssize_t, ctypes.c_int32)),
    "SystemNative_RealPath": (ctypes.c_void_p, (ctypes.c_void_p,)),
}


_FUNCTION: Any = type(ctypes.CFUNCTYPE(None)()).__mro__[1]  # what all ctypes callbacks are


class NativeLibrary:
    """One build of libSystem.Native. Calls take and give what the managed signatures say."""

    def __init__(self, name: str, path: Path, imports: Sequence[NativeImport]) -> None:
        self.name = name
        self._library = ctypes.CDLL(str(path), use_errno=True)
        self._signatures = dict(EXTRA_SIGNATURES)
        self._signatures.update({item.entry_point: (item.return_type, item.parameters) for item in imports})

    def call(self, name: str, *arguments: object) -> Any:
        """The result of `SystemNative_<name>`; str and bytes arguments become zero-ended strings, None a null pointer."""
        function = self._library["SystemNative_" + name]
        function.restype, function.argtypes = self._signatures["SystemNative_" + name]
        ctypes.set_errno(0)
        return function(*map(_as_argument, arguments))

    def outcome(self, name: str, *arguments: object) -> tuple[Any, int]:
        """The result and, where it tells of a failure (-1 or null), errno; else 0."""
        result = self.call(name, *arguments)
        is_null = result is None or (result == 0 and self._signatures["SystemNative_" + name][0] is ctypes.c_ssize_t)
        return result, ctypes.get_errno() if result == -1 or is_null else 0

    def text(self, name: str, *arguments: object) -> bytes | None:
        """The string behind a pointer result that the caller must free."""
        address = self.call(name, *arguments)
        if address is None:
            return None
        value = ctypes.string_at(address)
        self.call("Free", address)
        return value


def _as_argument(value: Any) -> Any:
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, Path):
        value = str(value).encode()
    if isinstance(value, bytes):
        return ctypes.cast(ctypes.c_char_p(value), ctypes.c_void_p)
    if isinstance(value, _FUNCTION):
        return ctypes.cast(value, ctypes.c_void_p)
    if isinstance(value, ctypes.Array | ctypes.Structure | ctypes._SimpleCData):
        return ctypes.addressof(value)
    return value


def build_shim(library: Path, target: str = "x86_64-linux-gnu.2.17") -> None:
    """Compiles the C sources into the shared object `library` for a zig target triple; warnings are errors."""
    sources = sorted((ROOT / "compiler" / "runtime" / "native").glob("*.c"))
    line = [sys.executable, "-m", "ziglang", "cc", "-target", target, "-shared", "-fPIC", "-O2"]
    line += ["-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-o", str(library), *map(str, sources)]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def assert_same(scenario: Scenario, ours: NativeLibrary, peer: NativeLibrary, tmp_path: Path) -> None:
    """Fails with the entries that differ when `scenario` gives different traces."""
    traces = []
    for library in (ours, peer):
        folder = tmp_path / library.name
        folder.mkdir()
        traces.append(scenario(library, folder))
    pairs = list(zip_longest(*traces))
    different = [f"[{index}] {ours.name}: {a!r}  {peer.name}: {b!r}" for index, (a, b) in enumerate(pairs) if a != b]
    assert pairs, "the scenario traced nothing"
    assert not different, "\n".join(different)
