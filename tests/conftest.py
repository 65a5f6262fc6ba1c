"""What all tests share: the places of the repository and of the corpora, and the `aotd` command as a user runs it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What a finished process left behind."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def output(self) -> str:
        """stdout and stderr together, for messages of failed assertions."""
        return self.stdout + self.stderr


RunAotd = Callable[..., CommandResult]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--bless", action="store_true", help="rewrite the expectations of tests/cases")


def pytest_configure(config: pytest.Config) -> None:
    # A shell that starts the tests in the background ignores Ctrl+C for them, and their children would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # No test asks a daemon that the developer has running; those that want one start their own.
    os.environ["AOTD_RUNTIME_DIR"] = str(Path(tempfile.gettempdir()) / f"aotd-tests-{os.getpid()}")
    if config.getoption("--bless") and os.environ.get("CI"):
        raise pytest.UsageError("--bless is refused where CI is set")


# Folders whose tests start whole programs (the command, the daemon, the language server, C programs, an SDK's tasks): all of the run stage.
RUN_STAGE = ("run", "daemon", "lsp", "runtime", "editor", "real_sdk")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.relative_to(ROOT / "tests").parts[0] in RUN_STAGE:
            item.add_marker("run")


@pytest.fixture(scope="session")
def bless(request: pytest.FixtureRequest) -> bool:
    """True when expectations are to be rewritten."""
    return bool(request.config.getoption("--bless"))


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with the corpora; AOTD_SHARED names another one. Its absence is an error, not a reason to skip."""
    place = Path(os.environ.get("AOTD_SHARED", ROOT.parent / "shared"))
    assert place.is_dir(), f"the corpora are not at {place}; set AOTD_SHARED"
    return place


@pytest.fixture(scope="session")
def aotd() -> RunAotd:
    """Runs the `aotd` command in a process of its own and waits for it."""

    def run(*args: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None, timeout: float = 300) -> CommandResult:
        return run_process([sys.executable, "-m", "server.cli.main", *map(str, args)], cwd=cwd, env=env, timeout=timeout)

    return run


def run_process(
    line: Sequence[str], *, cwd: Path | None = None, env: Mapping[str, str] | None = None, timeout: float = 300
) -> CommandResult:
    """Runs a command with the repository on PYTHONPATH and `env` added to the environment."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **(env or {})}
    done = subprocess.run(
        line, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout, check=False
    )
    return CommandResult(done.returncode, done.stdout, done.stderr)
