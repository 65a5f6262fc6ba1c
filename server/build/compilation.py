"""A project whose targets have run -> what was compiled of it, asked of its own CoreCompile target, and the built project.

The Csc task of the target says what the compiler is asked: its parameters are expanded from the properties and items as they are after the
build. So it is known of a project that was up to date as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from compiler.csharp.client import CSharpRequest
from compiler.csharp.frameworks import Framework
from compiler.diagnostics import Diagnostic
from server.build.batching import prepare_buckets
from server.build.csharp_build import CSharpAssembly
from server.build.events import BuildLog
from server.build.graph import BuiltProject
from server.build.lookup import Lookup
from server.build.services import NoServices
from server.build.target_framework import choose_framework
from server.build.task_arguments import read_arguments
from server.build.tasks.csc import TASK, compile_request
from server.build.tasks.task import ProjectBuildAnswer, TaskCall
from server.msbuild import paths
from server.msbuild.expand import ConditionWarnings, Expander
from server.msbuild.items import Item
from server.msbuild.model import ProjectInstance

_COMPILE_TARGET = "corecompile"


def compiled_request(instance: ProjectInstance) -> CSharpRequest | None:
    """What the C# compiler is asked for the project; None when it has no such target. Raises InvalidProjectFile."""
    target = instance.targets.get(_COMPILE_TARGET)
    element = next((child for child in target.element.elements() if child.name == TASK.name), None) if target is not None else None
    if element is None:
        return None
    log = BuildLog([])
    lookup = Lookup(instance.properties, instance.items, [])
    expander = Expander(lookup, lookup, None, instance.surroundings, ConditionWarnings(log.send))
    [bucket] = prepare_buckets([], lookup, expander, element.location)
    try:
        arguments = read_arguments(instance, log, TASK, element, bucket)
    finally:
        bucket.leave()
    if arguments is None:
        return None
    call = TaskCall(
        TASK,
        instance,
        log,
        element,
        arguments,
        NoServices(),
        continues=False,
        errors_are_warnings=False,
        build_projects=_builds_nothing,
        call_targets=_builds_nothing,
        projects=tuple,
    )
    return compile_request(call)


def _builds_nothing(*_: object) -> list[ProjectBuildAnswer]:
    return []


def built_projects(
    program: ProjectInstance, projects: Sequence[ProjectInstance], frameworks: Sequence[Framework]
) -> tuple[tuple[BuiltProject, ...], list[Diagnostic]]:
    """Those of `projects` that `program` refers to, directly or not, and `program` itself as the last; with what there is to warn of.

    All have been built. Raises InputError for a framework that cannot be had.
    """
    by_output = {_output(instance): instance for instance in projects}
    wanted = [by_output[path] for path in _copied(program) if path in by_output]
    warnings: list[Diagnostic] = []
    built: list[BuiltProject] = []
    for instance in (*reversed(wanted), program):
        framework, found = choose_framework(instance, frameworks)
        warnings += found
        built.append(_built(instance, framework, by_output))
    return tuple(built), warnings


def _output(instance: ProjectInstance) -> str:
    return paths.full_path(instance.property("TargetPath").replace("\\", "/"), instance.directory)


def _copied(instance: ProjectInstance) -> list[str]:
    """The assemblies that are copied: no native libraries, and none of those among which the host chooses by runtime identifier."""
    return [
        item.full_path()
        for item in instance.items_of("ReferenceCopyLocalPaths")
        if item.identity.lower().endswith(".dll") and item.value("AssetType") != "native" and not item.value("RuntimeIdentifier")
    ]


def _built(instance: ProjectInstance, framework: Framework, by_output: Mapping[str, ProjectInstance]) -> BuiltProject:
    assembly = _intermediate(instance)
    symbols = assembly.with_suffix(".pdb")
    # A referenced project is read where it was compiled: its sources' stamp is there, and what was copied is the same.
    copied = [_intermediate(by_output[path]) if path in by_output else Path(path) for path in _copied(instance)]
    direct = [Path(item.full_path()) for item in instance.items_of("ReferencePath") if not _is_of_framework(item)]
    result = CSharpAssembly(assembly, symbols if symbols.is_file() else None, (), was_current=True)
    # A program has one assembly of a name: the first, which is the one that was compiled against.
    by_name = {path.stem.lower(): path for path in reversed(copied)}
    references = tuple(path for path in dict.fromkeys(copied) if by_name[path.stem.lower()] == path)
    return BuiltProject(instance, framework, result, references, tuple(direct), compiled_request(instance))


def _is_of_framework(item: Item) -> bool:
    """Is the reference one of the class library? Our own SDK marks the file, .NET's says which framework it is of."""
    return item.value("FrameworkFile").lower() == "true" or bool(item.value("FrameworkReferenceName"))


def _intermediate(instance: ProjectInstance) -> Path:
    items = instance.items_of("IntermediateAssembly")
    return Path(items[0].full_path() if items else _output(instance))
