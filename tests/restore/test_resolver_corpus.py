"""The recorded restores, from the input that is part of each assets file: the same assets, generated files and lock files come out."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from server.restore.feeds import SourceOptions, open_sources
from server.restore.library_finder import Projects
from server.restore.package_spec import PackageSpec
from server.restore.project_restore import RestoredProject, begin_project, finish_project
from server.restore.restore_settings import RestoreInputs, SourceProperties, restore_settings
from server.restore.spec_json import spec_from_json, spec_to_json
from tests.restore.conftest import SHARED
from tests.restore.corpus import Corpus, Place, comparable_assets, lay_case

CORPUS = SHARED / "corpus" / "restore"
CASES = sorted(path.parent.name for path in CORPUS.glob("*/case.json"))


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return Corpus(CORPUS, tmp_path_factory.mktemp("packages"))


def _values(place: Place, text: str) -> dict[str, Any]:
    """An expected assets file with places for placeholders and prune lists for their names."""
    values: dict[str, Any] = json.loads(place.real(text))
    for framework in values["project"].get("frameworks", {}).values():
        listed = framework.get("packagesToPrune")
        if isinstance(listed, str):
            name = listed.removeprefix("{PRUNE:").removesuffix("}")
            framework["packagesToPrune"] = json.loads((CORPUS / "prune" / f"{name}.json").read_text(encoding="utf-8"))
    return values


def _spec(values: Mapping[str, Any]) -> PackageSpec:
    """The input as restore had it: an assets file sorts the dependencies, the project file has their order."""
    spec = spec_from_json(values["project"])
    path = Path(spec.restore.project_path)
    order = [name.lower() for name in re.findall(r'Include="([^"]+)"', path.read_text(encoding="utf-8"))] if path.exists() else []

    def place_of(name: str) -> int:
        return order.index(name.lower()) if name.lower() in order else -1

    frameworks = tuple(
        replace(one, dependencies=tuple(sorted(one.dependencies, key=lambda each: place_of(each.name)))) for one in spec.frameworks
    )
    return replace(spec, frameworks=frameworks)


def _restored(place: Place, spec: PackageSpec, projects: Projects) -> RestoredProject:
    properties = SourceProperties(spec.restore.sources, spec.restore.packages_path, spec.restore.fallback_folders)
    settings = restore_settings(RestoreInputs(Path(spec.restore.project_path), place.case, project=properties), place.environment())
    sources = open_sources(settings, place.environment(), SourceOptions())
    force = "--force-evaluate" in place.spec.get("args", [])
    return finish_project(begin_project(spec, projects, sources, force_evaluate=force))


def _canonical(text: str) -> str:
    return ElementTree.canonicalize(text, strip_text=True).replace("><", ">\n<")


@pytest.mark.parametrize("name", CASES)
def test_a_recorded_restore(name: str, corpus: Corpus, tmp_path: Path) -> None:
    place = lay_case(corpus, name, tmp_path, tmp_path / "dotnet" / "sdk" / "10.0.401")
    _provide_sdk(place)
    expected = {project: _values(place, text) for project, text in place.expected(".assets.json").items()}
    readable = {project: (values, _spec(values)) for project, values in expected.items() if "frameworks" in values["project"]}
    projects = Projects({spec.restore.project_path: spec for _, spec in readable.values()})
    for project, (values, spec) in readable.items():
        assert spec_to_json(spec_from_json(values["project"])) == values["project"]
        restored = _restored(place, spec, projects)
        assert comparable_assets(restored.assets) == comparable_assets(json.dumps(values))
        _check_build_files(place, project, spec, restored)
        _check_lock(place, project, restored)


def _provide_sdk(place: Place) -> None:
    """The RID graphs that projects name, where the case says that the SDK is."""
    place.sdk.mkdir(parents=True)
    graph = (CORPUS / "sdk" / "PortableRuntimeIdentifierGraph.json").read_bytes()
    for name in ("PortableRuntimeIdentifierGraph.json", "RuntimeIdentifierGraph.json"):
        (place.sdk / name).write_bytes(graph)


def _check_build_files(place: Place, project: str, spec: PackageSpec, restored: RestoredProject) -> None:
    file_name = os.path.splitext(os.path.basename(spec.restore.project_path))[0]
    for suffix, text in ((".nuget.g.props", restored.build_files.props), (".nuget.g.targets", restored.build_files.targets)):
        texts = place.expected(suffix)
        assert _canonical(text) == _canonical(place.real(texts.get(project, texts.get(file_name, ""))))


def _check_lock(place: Place, project: str, restored: RestoredProject) -> None:
    if restored.lock is None:
        return
    texts = place.expected(".packages.lock.json")
    path, text = restored.lock
    folder = os.path.basename(os.path.dirname(path))
    wanted = texts.get(project) or texts.get("root" if folder == "case" else folder) or next(iter(texts.values()))
    assert json.loads(text) == json.loads(wanted)
