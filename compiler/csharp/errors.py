"""Codes and errors of the tool chain and of the C# worker (AOTD0100 to AOTD0199)."""

from __future__ import annotations

from enum import StrEnum

from compiler.diagnostics import InputError


class ToolchainCode(StrEnum):
    """One code per way to fail; numbers of retired codes are not used again."""

    NO_TOOLCHAIN = "AOTD0101"
    NO_NPM = "AOTD0102"
    FETCH_FAILED = "AOTD0103"
    INTEGRITY = "AOTD0104"
    CACHE_NOT_WRITABLE = "AOTD0105"
    UNSUPPORTED_SYSTEM = "AOTD0106"
    CACHE_BUSY = "AOTD0107"
    SDK_TOO_OLD = "AOTD0108"
    WORKER_NOT_BUILT = "AOTD0110"
    WORKER_DIED = "AOTD0111"
    WORKER_TIMED_OUT = "AOTD0112"
    WORKER_FAILED = "AOTD0113"
    NO_GENERATORS = "AOTD0114"  # reported by worker/MissingGenerators.cs


class ToolchainError(InputError):
    """The tool chain or the C# worker cannot be had; the message says what to do."""

    def __init__(self, code: ToolchainCode, message: str) -> None:
        super().__init__(code.value, message)
