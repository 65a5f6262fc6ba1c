"""The files of a restored project: written when they changed, each by one rename; and whether all that a restore left is still there.

`project.nuget.cache` says for which input they were written; a restore with the same input finds that nothing is to be done and only
repeats its messages.
"""

from __future__ import annotations

import hashlib
import json
import os
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from server.restore.assets_file import json_text
from server.restore.build_files import BuildFiles
from server.restore.package_spec import PackageSpec
from server.restore.packages_lock import lock_file_path, uses_lock_file
from server.restore.restore_log import LogMessage
from server.restore.spec_json import Json, spec_to_json

_CACHE_VERSION = 2
_DGSPEC_FORMAT = 1


@dataclass(frozen=True, slots=True)
class ProductPaths:
    """Where the files of a project are."""

    assets: Path
    cache: Path
    props: Path
    targets: Path
    graph: Path


@dataclass(frozen=True, slots=True)
class Products:
    """Texts to write; no lock file when `lock` is None."""

    assets: str
    build_files: BuildFiles
    graph: str
    cache: str
    lock: tuple[str, str] | None


def product_paths(spec: PackageSpec) -> ProductPaths:
    """The paths, from the project's output folder and name of file."""
    folder, name = Path(spec.restore.output_path), os.path.basename(spec.restore.project_path)
    return ProductPaths(
        folder / "project.assets.json",
        folder / "project.nuget.cache",
        folder / f"{name}.nuget.g.props",
        folder / f"{name}.nuget.g.targets",
        folder / f"{name}.nuget.dgspec.json",
    )


def graph_text(path: str, specs: Mapping[str, PackageSpec]) -> str:
    """The dependency graph file of one project: itself and all projects that it can reach."""
    closure = [path]
    for current in closure:
        references = (one for framework in specs[current].frameworks for one in framework.project_references)
        closure.extend(one.path for one in references if one.path in specs and one.path not in closure)
    values: dict[str, Json] = {
        "format": _DGSPEC_FORMAT,
        "restore": {path: {}},
        "projects": {one: spec_to_json(specs[one]) for one in sorted(closure)},
    }
    return json_text(values)


def graph_hash(text: str) -> str:
    """What the cache file has of a dependency graph."""
    return b64encode(hashlib.sha256(text.encode()).digest()[:8]).decode()


def cache_text(spec: PackageSpec, graph: str, hash_files: Iterable[str], messages: Iterable[LogMessage], *, success: bool) -> str:
    """The cache file."""
    values: dict[str, Json] = {
        "version": _CACHE_VERSION,
        "dgSpecHash": graph_hash(graph),
        "success": success,
        "projectFilePath": spec.restore.project_path,
        "expectedPackageFiles": list(hash_files),
        "logs": [_log_json(message, spec) for message in messages],
    }
    return json_text(values)


def _log_json(message: LogMessage, spec: PackageSpec) -> dict[str, Json]:
    return {
        "code": message.code,
        "level": "Error" if message.is_error else "Warning",
        "projectPath": spec.restore.project_path,
        "filePath": message.path or spec.restore.project_path,
        "message": message.text,
        "libraryId": message.library,
        "targetGraphs": list(message.graphs),
    }


def write_products(spec: PackageSpec, products: Products) -> None:
    """Writes what differs from what is there, the cache file last. Raises OSError."""
    paths = product_paths(spec)
    if products.lock is not None:
        _write(Path(products.lock[0]), products.lock[1])
    _write(paths.assets, products.assets)
    _write(paths.props, products.build_files.props)
    _write(paths.targets, products.build_files.targets)
    _write(paths.graph, products.graph)
    _write(paths.cache, products.cache)


def _write(path: Path, text: str) -> None:
    content = text.encode()
    try:
        if path.read_bytes() == content:
            return
    except OSError:
        path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        beside.write_bytes(content)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def messages_when_current(spec: PackageSpec, graph: str) -> Sequence[LogMessage] | None:
    """The messages of the last restore, when it succeeded for the same input and all that it left is there; None otherwise."""
    paths = product_paths(spec)
    try:
        values: object = json.loads(paths.cache.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        return None
    if not isinstance(values, dict) or values.get("version") != _CACHE_VERSION or values.get("success") is not True:
        return None
    if values.get("dgSpecHash") != graph_hash(graph) or values.get("projectFilePath") != spec.restore.project_path:
        return None
    expected = values.get("expectedPackageFiles")
    needed = [paths.assets, paths.props, paths.targets]
    needed += [Path(str(file)) for file in expected] if isinstance(expected, list) else []
    needed += [Path(lock_file_path(spec))] if uses_lock_file(spec) else []
    logs = values.get("logs")
    if not isinstance(logs, list) or not all(file.is_file() for file in needed):
        return None
    return [_message(one) for one in logs if isinstance(one, dict)]


def _message(values: Mapping[str, object]) -> LogMessage:
    graphs = values.get("targetGraphs")
    return LogMessage(
        str(values.get("code", "")),
        str(values.get("message", "")),
        values.get("level") == "Error",
        str(values.get("libraryId", "")),
        tuple(str(graph) for graph in graphs) if isinstance(graphs, list) else (),
    )
