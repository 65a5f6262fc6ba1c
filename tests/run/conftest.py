"""What the tests that run programs share: the corpus, and the tool chain and worker of the C# tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.csharp.conftest import cache_dir, toolchain, worker

__all__ = ["cache_dir", "corpus", "toolchain", "worker"]


@pytest.fixture(scope="session")
def corpus(shared: Path) -> Path:
    """The folder of the corpus of programs."""
    return shared / "corpus"
