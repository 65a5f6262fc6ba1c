"""Runtime identifiers -> targets: one row per RID."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """`llvm_triple` for code generation, `zig_target` for the C compiler and linker (with the C library's floor)."""

    rid: str
    llvm_triple: str
    zig_target: str


TARGETS: dict[str, Target] = {
    "linux-x64": Target("linux-x64", "x86_64-unknown-linux-gnu", "x86_64-linux-gnu.2.17"),
}
