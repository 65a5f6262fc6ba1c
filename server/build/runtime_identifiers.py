"""Runtime identifiers: those that .NET knows, and those that native programs can be made for."""

from __future__ import annotations

from collections.abc import Sequence

from compiler.diagnostics import InputError

UNKNOWN_RID = "NETSDK1083"
UNSUPPORTED_RID = "AOTD0307"


def require_rid(rid: str, rids: Sequence[str]) -> None:
    """Raises InputError when the identifier is unknown, or known and not one of `rids`, which can be made."""
    supported = ", ".join(rids)
    if rid not in rids and is_rid(rid):
        raise InputError(UNSUPPORTED_RID, f"programs for '{rid}' cannot be made yet; choose one of: {supported}")
    if rid not in rids:
        raise InputError(UNKNOWN_RID, f"The specified RuntimeIdentifier '{rid}' is not recognized. Choose one of: {supported}")


def is_rid(text: str) -> bool:
    """True for the portable identifiers that .NET knows."""
    systems = {"linux", "linux-musl", "linux-bionic", "win", "osx", "freebsd", "ios", "tvos", "maccatalyst", "android", "browser", "wasi"}
    system, _, architecture = text.rpartition("-")
    return system in systems and architecture in {"x64", "x86", "arm", "arm64", "wasm", "riscv64", "loongarch64", "s390x", "ppc64le"}
