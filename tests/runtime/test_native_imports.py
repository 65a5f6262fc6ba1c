"""The shim defines what the class library imports, with the ABI that the class library calls it by."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.runtime.native_imports import NativeImport
from tests.runtime.native_library import build_shim

HEADER = ROOT / "compiler" / "runtime" / "native" / "system_native.h"

# Imports that have no definition, and why. A program that reaches one is told so when it is published.
UNDEFINED: dict[str, str] = {}

C_TYPES: dict[str, Any] = {
    "void": None,
    "int16_t": ctypes.c_int16,
    "uint8_t": ctypes.c_uint8,
    "uint16_t": ctypes.c_uint16,
    "int32_t": ctypes.c_int32,
    "uint32_t": ctypes.c_uint32,
    "SnError": ctypes.c_int32,
    "int64_t": ctypes.c_int64,
    "uint64_t": ctypes.c_uint64,
    "intptr_t": ctypes.c_ssize_t,
    "uintptr_t": ctypes.c_size_t,
    "double": ctypes.c_double,
}
PROTOTYPE = re.compile(r"^([^\s#/][^;{}]*?)\b(SystemNative_\w+)\(([^;{}]*)\);", re.MULTILINE)


def c_type(text: str) -> Any:
    """The ctypes type of a C parameter or return type as the header spells it."""
    if "*" in text or "[" in text:
        return ctypes.c_void_p
    return C_TYPES[text.split()[0]]


def split_parameters(text: str) -> list[str]:
    """The parameters of a prototype; commas inside function pointers do not separate."""
    parts = [""]
    depth = 0
    for character in text:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts if part.strip() != "void"]


def header_prototypes() -> dict[str, tuple[Any, list[Any]]]:
    """Entry point -> return type and parameter types, as declared in the shim's header."""
    found = PROTOTYPE.findall(HEADER.read_text())
    return {name: (c_type(result), [c_type(p) for p in split_parameters(parameters)]) for result, name, parameters in found}


def test_every_import_is_defined_or_listed(imports: list[NativeImport]) -> None:
    defined = set(header_prototypes())
    missing = {item.entry_point for item in imports} - defined
    assert missing == set(UNDEFINED)
    assert all(UNDEFINED.values())


def test_declared_is_exported(imports: list[NativeImport], shim: Path) -> None:
    library = ctypes.CDLL(str(shim))
    assert [name for name in header_prototypes() if not hasattr(library, name)] == []


def abi_class(ctype: Any) -> Any:
    """Pointers and integers of their size are passed alike."""
    return ctypes.c_size_t if ctype in (ctypes.c_void_p, ctypes.c_ssize_t) else ctype


def abi(result: Any, parameters: Iterable[Any]) -> tuple[Any, list[Any]]:
    """A signature as a calling convention sees it."""
    return abi_class(result), [abi_class(parameter) for parameter in parameters]


def test_abi_is_the_managed_one(imports: list[NativeImport]) -> None:
    prototypes = header_prototypes()
    wrong = [
        (item.assembly, item.entry_point, abi(item.return_type, item.parameters), abi(*prototypes[item.entry_point]))
        for item in imports
        if item.entry_point in prototypes and abi(*prototypes[item.entry_point]) != abi(item.return_type, item.parameters)
    ]
    assert wrong == []


@pytest.mark.parametrize("target", ["x86_64-linux-gnu.2.17", "aarch64-linux-gnu.2.17", "x86_64-linux-musl", "aarch64-linux-musl"])
def test_builds_for_every_target(target: str, tmp_path: Path) -> None:
    build_shim(tmp_path / "libshim.so", target)
