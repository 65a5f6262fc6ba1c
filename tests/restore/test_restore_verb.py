"""`aotd restore` over the text of a real SDK: recorded restores end to end, from the project files to diagnostics, files and exit code."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from server.build.warm import WarmTools
from server.cli.caller import Caller, Channel, serving
from server.cli.msbuild import run_msbuild
from server.cli.restore import restore_arguments
from tests.restore.conftest import SHARED
from tests.restore.corpus import Corpus, Place, comparable_assets, lay_case

CORPUS = SHARED / "corpus" / "restore"
SDK_TEXT = SHARED / "dotnet-10.0.401-text"
SDK = SDK_TEXT / "sdk" / "10.0.401"
DIAGNOSTIC = re.compile(r"^\s*(?P<file>[^:]+?)(\(\d+,\d+\))? ?: (?P<level>error|warning) (?P<code>\w+): ")
# One or two of each area: those in which the project files matter most.
CASES = (
    "assets-rid cfg-hierarchy cfg-source-missing cpm-errors flow-project-attributes fwk-dependency-groups fwk-min-client "
    "graph-legacy-resolver graph-nearest-downgrade lock-nu1004 misc-package-download proj-multi-target proj-noop-floating "
    "proj-not-supported proj-slnx-missing prune-basic real-aot ver-invalid warn-duplicate"
).split()


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return Corpus(CORPUS, tmp_path_factory.mktemp("packages"))


def restore(place: Place, tools: WarmTools) -> tuple[int, str]:
    """Exit code and output of the case's command, the last one where it is repeated."""
    entry = [place.spec["entry"]] if place.spec.get("entry") else []
    arguments = [*entry, *(arg.replace("{WORK}", str(place.work)) for arg in place.spec.get("args", []))]
    code, text = 0, ""
    for _ in range(place.spec.get("repeat", 1)):
        out = io.StringIO()
        channel = Channel(out, False, False)
        environment = place.environment() | {"DOTNET_ROOT": str(SDK_TEXT)}
        with serving(Caller(channel, channel, lambda: 80, place.case, environment, lambda: False, tools)):
            code = run_msbuild(restore_arguments(arguments, place.case), as_verb=False)
        text = out.getvalue()
    return code, text


def told(place: Place, text: str) -> list[tuple[str, str, str]]:
    """Level, code and file of each diagnostic; files of the SDK are one."""
    found = (DIAGNOSTIC.match(line) for line in text.splitlines())
    each = ((match["level"], match["code"], place.normal(match["file"].strip())) for match in found if match)
    return sorted({(level, code, "{SDK}" if file.startswith("{SDK}") else file) for level, code, file in each})


def wanted(expected: dict[str, Any]) -> list[tuple[str, str, str]]:
    each = ((one["level"], one["code"], re.sub(r"\(\d+,\d+\)$", "", one["file"])) for one in expected["diagnostics"])
    return sorted({(level, code, "{SDK}" if file.startswith("{SDK}") else file) for level, code, file in each})


def written(place: Place) -> list[str]:
    """The files that restore made beside those of the case."""
    before = {path.relative_to(place.source).as_posix() for path in place.source.rglob("*") if path.is_file()}
    after = {path.relative_to(place.case).as_posix() for path in place.case.rglob("*") if path.is_file()}
    return sorted(name for name in after - before if not name.startswith(("packages/", "fallback/", "pkgs/")))


def canonical(text: str) -> str:
    return ElementTree.canonicalize(text, strip_text=True)


@pytest.mark.parametrize("name", CASES)
def test_a_recorded_restore_from_its_projects(name: str, corpus: Corpus, tmp_path: Path) -> None:
    place = lay_case(corpus, name, tmp_path, SDK)
    expected = json.loads((place.source / "expected.json").read_text(encoding="utf-8"))
    tools = WarmTools()
    try:
        code, text = restore(place, tools)
    finally:
        tools.close()
    assert (code, told(place, text)) == (expected["exit_code"], wanted(expected)), text
    if place.spec.get("codes_only"):
        return
    assert written(place) == expected["files"]
    check_assets(place)
    check_build_files(place)


def check_assets(place: Place) -> None:
    """Every recorded assets file is one of those written; prune lists are compared by the test of the resolver."""
    found = [comparable_assets(path.read_text(encoding="utf-8")) for path in place.case.rglob("project.assets.json")]
    for text in place.expected(".assets.json").values():
        values = comparable_assets(place.real(text))
        assert without_prune_lists(values) in [without_prune_lists(one) for one in found]


def without_prune_lists(values: dict[str, Any]) -> dict[str, Any]:
    for framework in values.get("project", {}).get("frameworks", {}).values():
        framework.pop("packagesToPrune", None)
    return values


def check_build_files(place: Place) -> None:
    for suffix in (".nuget.g.props", ".nuget.g.targets"):
        found = [canonical(path.read_text(encoding="utf-8-sig")) for path in place.case.rglob(f"*{suffix}")]
        for text in place.expected(suffix).values():
            assert canonical(place.real(text)) in found


def test_static_graph_evaluation_restores_the_same(corpus: Corpus, tmp_path: Path) -> None:
    place = lay_case(corpus, "proj-multi-target", tmp_path, SDK)
    place.spec["args"] = [*place.spec.get("args", []), "-p:RestoreUseStaticGraphEvaluation=true"]
    tools = WarmTools()
    try:
        code, text = restore(place, tools)
    finally:
        tools.close()
    expected = json.loads((place.source / "expected.json").read_text(encoding="utf-8"))
    assert code == expected["exit_code"], text
    assert written(place) == expected["files"]
    check_assets(place)
