"""Packages for the tests of restore: the described feed of the corpus, made once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

SHARED = Path(os.environ.get("AOTD_SHARED", ROOT.parent / "shared"))


@pytest.fixture(scope="session")
def corpus_feed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every package of the corpus as a .nupkg."""
    folder = tmp_path_factory.mktemp("corpus-feed")
    subprocess.run([sys.executable, SHARED / "tools" / "oracle_restore.py", "--feed", folder], check=True)
    return folder
