"""The MSBuild corpus: `aotd msbuild` in place of `dotnet msbuild` gives the recorded output, exit code and files.

`sdk/` is evaluated with the text of a real SDK; the cases that build with tasks of its assemblies are in NEEDS_TASK_ASSEMBLIES.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from server.build.warm import WarmTools
from server.cli import msbuild
from server.cli.caller import Caller, Channel, never_cancelled, serving
from server.msbuild.sdks import OWN_SDK_FOLDER

CORPUS = Path(os.environ.get("AOTD_SHARED", Path(__file__).resolve().parents[3] / "shared")) / "corpus" / "msbuild"
SDK_TEXT = CORPUS.parent.parent / "dotnet-10.0.401-text"
ENTRIES = ("case.sln", "case.slnx", "case.proj", "case.csproj")
NOT_INPUT = ("case.json", "expected.txt", "expected.json", "expected.meta.json")
NEEDS_TASK_ASSEMBLIES = {
    "sdk/build-clean",
    "sdk/build-console",
    "sdk/build-copy-to-output",
    "sdk/build-project-reference",
    "sdk/build-sln",
    "sdk/get-target-frameworks",
    "sdk/target-paths-target",
}
TIMES = ("ModifiedTime", "CreatedTime", "AccessedTime")
RECORDED_AT = 1704067200


def case_names() -> list[str]:
    found = (path.parent.relative_to(CORPUS).as_posix() for path in CORPUS.glob("*/*/case.json"))
    return sorted(name for name in found if name not in NEEDS_TASK_ASSEMBLIES)


def copy_case(case: Path, folder: Path) -> None:
    shutil.copytree(case, folder, symlinks=True)
    for name in NOT_INPUT:
        (folder / name).unlink(missing_ok=True)
    for path in [folder, *folder.rglob("*")]:
        os.utime(path, (RECORDED_AT, RECORDED_AT), follow_symlinks=False)


def arguments(folder: Path, case: Mapping[str, object]) -> list[str]:
    entry = next(name for name in ENTRIES if (folder / name).is_file())
    own = case["args"]
    assert isinstance(own, list)
    has_target = any(re.match(r"[-/](t|target)[:=]", arg, re.IGNORECASE) for arg in own)
    asks = any(re.match(r"[-/]get(property|item|targetresult)[:=]", arg, re.IGNORECASE) for arg in own)
    dump = [] if has_target or asks or case.get("default_targets") else ["-t:Dump"]
    return [entry, "-nologo", "-v:minimal", "-nr:false", "-m:1", *dump, *own]


def normalized(text: str, folder: Path, tools: str, dotnet_root: str, home: str) -> str:
    places = [
        (str(folder), "{DIR}"),
        (str(folder)[1:], "{DIR_NOROOT}"),
        (str(folder.parent), "{PARENT}"),
        (str(folder.parent)[1:], "{PARENT_NOROOT}"),
    ]
    places += [(dotnet_root, "{DOTNET_ROOT}")] if dotnet_root else []
    places += [
        (home, "{HOME}"),
        (tools, "{DOTNET_ROOT}/sdk/{SDK_VERSION}"),
        ("{DOTNET_ROOT}/sdk/10.0.401", "{DOTNET_ROOT}/sdk/{SDK_VERSION}"),
    ]
    for place, name in places:
        text = text.replace(place, name)
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").split("\n")]
    return "\n".join(lines).rstrip("\n") + "\n" if any(lines) else ""


def comparable(value: object) -> object:
    if isinstance(value, dict):
        return {key: "{TIME}" if key in TIMES and item else comparable(item) for key, item in value.items()}
    return [comparable(item) for item in value] if isinstance(value, list) else value


def sorted_lists(text: str) -> str:
    return re.sub(r"\[([^\[\]\n]*)\]", lambda match: "[" + ";".join(sorted(match[1].split(";"))) + "]", text)


def sorted_tree(value: object) -> object:
    if isinstance(value, dict):
        return {key: sorted_tree(item) for key, item in value.items()}
    if isinstance(value, list):
        return sorted((sorted_tree(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
    return value


@pytest.fixture
def umask() -> Iterator[None]:
    old = os.umask(0o022)
    yield
    os.umask(old)


@pytest.mark.parametrize("name", case_names())
def test_case(name: str, tmp_path: Path, umask: None) -> None:
    source = CORPUS / name
    case = json.loads((source / "case.json").read_text())
    folder, home = tmp_path / "case", tmp_path / "home"
    home.mkdir()
    copy_case(source, folder)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    dotnet_root = str(SDK_TEXT) if name.startswith("sdk/") else ""
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "UTC", "TERM": "dumb"}
    environment |= {"DOTNET_ROOT": dotnet_root} if dotnet_root else {}
    environment |= case["env"]
    out = io.StringIO()
    channel = Channel(out, is_terminal=False, shows_colour=False)
    whom = Caller(channel, channel, lambda: 80, folder, environment, never_cancelled, WarmTools())
    with serving(whom):
        exit_code = msbuild.run(arguments(folder, case))
    said = normalized(out.getvalue(), folder, OWN_SDK_FOLDER, dotnet_root, str(home))
    meta = json.loads((source / "expected.meta.json").read_text())
    if (source / "expected.json").exists():
        tree = comparable(json.loads(said))
        assert (sorted_tree(tree) if case.get("unordered") else tree) == json.loads((source / "expected.json").read_text())
    else:
        assert (sorted_lists(said) if case.get("unordered") else said) == (source / "expected.txt").read_text()
    assert exit_code == meta["exit_code"]
    check_files(folder, before, meta.get("output_files", {}))


def check_files(folder: Path, before: Mapping[Path, bytes], expected: Mapping[str, object]) -> None:
    """The files made or changed are those that were recorded, with the recorded text."""
    made = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() and before.get(path) != path.read_bytes()}
    assert made == {name for name in expected if not name.endswith("/")}
    for name, text in expected.items():
        if isinstance(text, str):
            assert (folder / name).read_bytes().decode() == text.replace("{DIR}", str(folder))
