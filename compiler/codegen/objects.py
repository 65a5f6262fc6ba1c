"""LLVM text -> object files, in worker processes. The only module that calls llvmlite.

A unit is a pair (text, tier). Optimization runs LLVM's own pipelines; the Debug tier runs the few passes that make
unoptimised IR small before quick code generation.
"""

from __future__ import annotations

from enum import Enum
from functools import lru_cache

import llvmlite.binding as llvm


class Tier(Enum):
    """How much LLVM does: the value names LLVM's codegen level and pass pipeline."""

    DEBUG = "debug"
    BLENDED = "blended"
    SPEED = "speed"
    SIZE = "size"


class CodegenFailed(Exception):
    """LLVM refused a unit: a bug of the generator. Carries LLVM's message."""


def llvm_version() -> str:
    """The version of LLVM, part of every cache key."""
    return ".".join(map(str, llvm.llvm_version_info))


@lru_cache(maxsize=8)
def _target_machine(triple: str, level: int) -> llvm.TargetMachine:
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    target = llvm.Target.from_triple(triple)
    return target.create_target_machine(cpu="x86-64-v2" if triple.startswith("x86_64") else "", opt=level, reloc="pic", codemodel="small")


def compile_unit(text: str, tier: Tier, triple: str) -> bytes:
    """The object file of LLVM `text`. Raises CodegenFailed with LLVM's message."""
    machine = _target_machine(triple, 0 if tier is Tier.DEBUG else 2)
    try:
        module = llvm.parse_assembly(f'target triple = "{triple}"\ntarget datalayout = "{machine.target_data}"\n{text}')
    except RuntimeError as error:
        raise CodegenFailed(str(error)) from None
    with module:
        _optimize(module, machine, tier)
        return bytes(machine.emit_object(module))


def _optimize(module: llvm.ModuleRef, machine: llvm.TargetMachine, tier: Tier) -> None:
    options = llvm.create_pipeline_tuning_options()
    if tier is Tier.DEBUG:
        builder = llvm.create_pass_builder(machine, options)
        passes = llvm.create_new_function_pass_manager()
        passes.add_sroa_pass()
        passes.add_instruction_combine_pass()
        passes.add_simplify_cfg_pass()
        for function in module.functions:
            if not function.is_declaration:
                passes.run(function, builder)
        return
    options.speed_level = 3 if tier is Tier.SPEED else 2
    options.loop_vectorization = tier is not Tier.SIZE
    options.slp_vectorization = tier is not Tier.SIZE
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
