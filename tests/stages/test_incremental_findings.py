"""After every edit the findings of the session that saw all edits are those of a clean analysis; seeded, see tools/edits."""

from __future__ import annotations

import pytest

from compiler.csharp.client import CSharpWorker
from compiler.csharp.toolchain import Toolchain
from tests.csharp.conftest import cache_dir, toolchain, worker
from tools.edits.compiling import Compiler
from tools.edits.equality import run_sequence

N_EDITS = 7

__all__ = ["cache_dir", "toolchain", "worker"]


@pytest.mark.parametrize("seed", (0, 1, 5373))
def test_incremental_equals_clean(seed: int, worker: CSharpWorker, toolchain: Toolchain) -> None:
    steps = list(run_sequence(Compiler(toolchain, worker), seed, N_EDITS))
    assert [(step.number, step.edit, step.differences) for step in steps if step.differences] == []
    # What is read again is a part of what there is.
    assert steps[0].n_read > 2 * max((step.n_read for step in steps[1:] if step.edit == "edit_body"), default=0)
