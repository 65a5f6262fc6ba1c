"""Worker processes for LLVM: units in, objects out. A worker that dies fails its unit by name and is replaced."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from compiler.codegen.objects import CodegenFailed, Tier, compile_unit
from compiler.codegen.units import Unit
from compiler.diagnostics import InputError


def compile_units(units: list[Unit], tier: Tier, triple: str, n_workers: int) -> Iterator[tuple[Unit, bytes]]:
    """Objects of `units` as they become ready, large units first. Raises InputError that names the unit when LLVM fails."""
    if not units:
        return
    order = sorted(units, key=lambda unit: (-len(unit.text), unit.name))
    if len(order) == 1:
        yield order[0], _compile(order[0], tier, triple)
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(n_workers, len(order)), mp_context=context)
    try:
        futures: list[tuple[Unit, Future[bytes]]] = [(unit, pool.submit(compile_unit, unit.text, tier, triple)) for unit in order]
        for unit, future in futures:
            try:
                yield unit, future.result()
            except CodegenFailed as error:
                raise _failed(unit, str(error)) from None
            except BrokenProcessPool:
                raise _failed(unit, "the code generator's process died") from None
    finally:
        # A compilation that is given up does not wait for the units that nobody asks for any more.
        pool.shutdown(cancel_futures=True)


def _compile(unit: Unit, tier: Tier, triple: str) -> bytes:
    try:
        return compile_unit(unit.text, tier, triple)
    except CodegenFailed as error:
        raise _failed(unit, str(error)) from None


def _failed(unit: Unit, reason: str) -> InputError:
    first = next((line for line in reason.splitlines() if line.strip()), reason)
    return InputError("AOTD2106", f"code generation failed in '{unit.name}': {first.strip()}; please report this with the project")
