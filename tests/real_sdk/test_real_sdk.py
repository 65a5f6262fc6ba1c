"""Projects built by aotd over the real SDK: lines, exit codes and written files are those that its `dotnet` was recorded with."""

from __future__ import annotations

import difflib
import io
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from compiler.csharp.embedded import fetch_embedded
from compiler.csharp.toolchain import cache_directory, require_npm
from server.build.warm import WarmTools
from server.cli.caller import Caller, Channel, never_cancelled, serving
from server.cli.main import run_in_process
from tests.real_sdk.cases import played, read_case
from tests.real_sdk.layout import SDK, ensure_sdk
from tests.real_sdk.record import CASES, SETTINGS


@pytest.fixture(scope="session")
def sdk_root() -> Path:
    """The SDK, made once."""
    npm = require_npm(os.environ)
    return ensure_sdk(fetch_embedded(cache_directory(os.environ), npm, lambda _done, _total: None), npm)


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home folder of all cases; NuGet asks for it once in a process."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def tools() -> Iterator[WarmTools]:
    """Warm tools that the cases share."""
    shared = WarmTools()
    yield shared
    shared.close()


def test_every_case_has_an_answer() -> None:
    assert {path.stem for path in CASES.glob("*.case")} == {path.stem for path in CASES.glob("*.expect")}


@pytest.mark.parametrize("name", sorted(path.stem for path in CASES.glob("*.case")))
def test_case(name: str, tmp_path: Path, home: Path, sdk_root: Path, tools: WarmTools) -> None:
    folder = tmp_path / "case"
    folder.mkdir()
    variables = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(home),
        "AOTD_CACHE_DIR": str(cache_directory(os.environ)),
        "DOTNET_ROOT": str(sdk_root),
        **SETTINGS,
        # Programs of the SDK run on the newer runtime: the older one wants a libssl that systems no longer have.
        "DOTNET_ROLL_FORWARD": "LatestMajor",
        # The compiler of Visual Basic stands apart from the newer one of C#, see layout.py.
        "VbcToolPath": str(sdk_root / "sdk" / SDK / "Roslyn" / "original"),
        "VbcToolExe": "vbc.sh",
        # No compiler stays behind.
        "UseSharedCompilation": "false",
        "UseRazorBuildServer": "false",
    }

    def run(words: Sequence[str], where: Path) -> tuple[int, str]:
        out = io.StringIO()
        channel = Channel(out, is_terminal=False, shows_colour=False)
        with serving(Caller(channel, channel, lambda: 80, where, variables, never_cancelled, tools)):
            return run_in_process(words[0], words[1:]), out.getvalue()

    sdk = sdk_root / "sdk" / SDK
    places = [(str(folder), "{FOLDER}"), (str(home), "{HOME}"), (str(sdk), "{SDK}"), (str(sdk_root), "{ROOT}")]
    case = read_case((CASES / f"{name}.case").read_text(encoding="utf-8"))
    answer = played(case, folder, run, places).splitlines()
    expected = (CASES / f"{name}.expect").read_text(encoding="utf-8").splitlines()
    difference = "\n".join(difflib.unified_diff(expected, answer, "dotnet", "aotd", lineterm="", n=1))
    assert not difference, difference
