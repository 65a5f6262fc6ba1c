"""A project and the projects that it refers to -> their IL assemblies, each built once, references first.

The order and the global properties are those of MSBuild's ProjectReference protocol: a referenced project gets the configuration
of the one that refers to it, and neither its runtime identifier nor its publish properties.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from compiler.csharp.client import CSharpRequest
from compiler.csharp.frameworks import Framework, Toolchain
from compiler.diagnostics import Diagnostic, InputError, Location, Severity
from server.build.csharp_build import CSharpAssembly, CSharpCompiler, build_csharp
from server.build.package_references import referenced_packages
from server.build.project_values import Evaluate, EvaluatedProject
from server.build.referenced_framework import fitting_framework, offered_frameworks, unfitting_text
from server.build.target_framework import choose_framework

# Global properties that a project does not hand on to the projects that it refers to.
NOT_INHERITED = frozenset({"runtimeidentifier", "selfcontained", "publishdir", "publishaot", "_ispublishing", "targetframework"})

# Projects whose targets are asked to build them.
OTHER_LANGUAGES = frozenset((".fsproj", ".vbproj"))

CIRCULAR_REFERENCE = "AOTD0303"
NOT_CSHARP = "AOTD0304"
NO_TARGET_FRAMEWORK = "AOTD0305"


class BuildProgress(Protocol):
    """Where a build tells how far it is."""

    def step(self, text: str) -> None:
        """A new step begins."""

    def diagnostic(self, diagnostic: Diagnostic) -> None:
        """A finding, as soon as it is known."""


@dataclass(frozen=True, slots=True)
class BuiltProject:
    """A project with its assembly. `references` are the assemblies outside the framework that it needs to run, each once.

    `direct` are those of them that it was compiled with; `request` is what was compiled, where its targets said that.
    """

    project: EvaluatedProject
    framework: Framework
    assembly: CSharpAssembly
    references: tuple[Path, ...]
    direct: tuple[Path, ...]
    request: CSharpRequest | None = None


@dataclass(frozen=True, slots=True)
class OtherBuild:
    """What was built of a project of another language, and the assemblies that are beside it."""

    assembly: CSharpAssembly
    references: tuple[Path, ...]


def refuse_others(path: Path, _properties: Mapping[str, str], _progress: BuildProgress) -> OtherBuild:
    """Builds no project of another language. Raises InputError."""
    raise InputError(NOT_CSHARP, f"only C# projects can be compiled, not '{path.name}'", Location(str(path)))


@dataclass(frozen=True, slots=True)
class BuildTools:
    """What builds are made with. `build_other` builds projects of other languages; it raises BuildFailed and InputError."""

    evaluate: Evaluate
    toolchain: Toolchain
    compiler: CSharpCompiler
    progress: BuildProgress
    build_other: Callable[[Path, Mapping[str, str], BuildProgress], OtherBuild] = refuse_others


@dataclass(slots=True)
class _Graph:
    tools: BuildTools
    done: dict[tuple[Path, tuple[tuple[str, str], ...]], BuiltProject] = field(default_factory=dict)
    open: list[Path] = field(default_factory=list)


class BuildFailed(Exception):
    """The build cannot go on; its diagnostics have been given to the progress."""


def build_graph(path: Path, properties: Mapping[str, str], tools: BuildTools) -> tuple[BuiltProject, ...]:
    """The project at `path` and all that it refers to, built: references first, the project itself last.

    Raises BuildFailed after an error of the C# compiler, InputError for a project that cannot be evaluated or built, OSError when
    an intermediate folder cannot be written.
    """
    graph = _Graph(tools)
    _build(graph, path, dict(properties))
    return tuple(graph.done.values())


def _build(graph: _Graph, path: Path, properties: dict[str, str]) -> BuiltProject:
    key = (path, tuple(sorted(properties.items())))
    if key in graph.done:
        return graph.done[key]
    if path in graph.open:
        chain = " -> ".join(part.name for part in (*graph.open, path))
        raise InputError(CIRCULAR_REFERENCE, f"the projects refer to each other in a circle: {chain}", Location(str(graph.open[-1])))
    graph.open.append(path)
    project = graph.tools.evaluate(path, properties)
    for diagnostic in project.diagnostics:
        graph.tools.progress.diagnostic(diagnostic)
    if path.suffix.lower() in OTHER_LANGUAGES:
        # Its targets build what it refers to themselves.
        graph.open.pop()
        graph.done[key] = _other(graph.tools, project, path, properties)
        return graph.done[key]
    require_csharp(project, path)
    inherited = {name: value for name, value in properties.items() if name.lower() not in NOT_INHERITED}
    references = [Path(item.full_path()).resolve() for item in project.items_of("ProjectReference")]
    parts = [_build(graph, reference, _with_framework(graph, project, path, reference, inherited)) for reference in references]
    built = _build_alone(graph.tools, project, path, parts)
    graph.open.pop()
    graph.done[key] = built
    return built


def _other(tools: BuildTools, project: EvaluatedProject, path: Path, properties: Mapping[str, str]) -> BuiltProject:
    """A project of another language, built by its own targets."""
    require_framework(project, path)
    framework, warnings = choose_framework(project, tools.toolchain.frameworks)
    for warning in warnings:
        tools.progress.diagnostic(in_project(warning, path))
    built = tools.build_other(path, properties, tools.progress)
    return BuiltProject(project, framework, built.assembly, built.references, built.references)


def _with_framework(graph: _Graph, project: EvaluatedProject, path: Path, reference: Path, inherited: dict[str, str]) -> dict[str, str]:
    """The global properties of a referenced project: with the target framework that fits where it has several. Raises InputError."""
    if reference in graph.open:
        return inherited
    outer = graph.tools.evaluate(reference, inherited)
    several = outer.property("TargetFrameworks")
    if not several or outer.property("TargetFramework"):
        return inherited
    mine = project.property("TargetFramework")
    chosen = fitting_framework(mine, offered_frameworks(several))
    if chosen is None:
        raise InputError("NU1201", unfitting_text(reference.stem, several, mine), Location(str(path)))
    return {**inherited, "TargetFramework": chosen}


def _build_alone(tools: BuildTools, project: EvaluatedProject, path: Path, parts: list[BuiltProject]) -> BuiltProject:
    """Builds `project`, whose project references are `parts`."""
    framework, warnings = choose_framework(project, tools.toolchain.frameworks)
    for warning in warnings:
        tools.progress.diagnostic(in_project(warning, path))
    packages = referenced_packages(project, framework, lambda file: file.read_text(encoding="utf-8", errors="replace"))
    for diagnostic in packages.diagnostics:
        tools.progress.diagnostic(in_project(diagnostic, path))
    if packages.diagnostics:
        raise BuildFailed(str(path))
    own = [*assembly_references(project, path), *(part.assembly.path for part in parts)]
    direct = [*own, *packages.compiled_with]
    tools.progress.step(f"compiling {path.name}")
    assembly = build_csharp(project, framework, direct, tools.compiler)
    for diagnostic in assembly.diagnostics:
        if diagnostic.severity in (Severity.ERROR, Severity.WARNING):
            tools.progress.diagnostic(in_project(diagnostic, path))
    if assembly.has_errors():
        raise BuildFailed(str(path))
    indirect = [reference for part in parts for reference in part.references]
    return BuiltProject(project, framework, assembly, tuple(dict.fromkeys([*own, *packages.run_with, *indirect])), tuple(direct))


def require_csharp(project: EvaluatedProject, path: Path) -> None:
    """Raises InputError for a project that is not C#, or that names several target frameworks or none."""
    if path.suffix.lower() != ".csproj":
        raise InputError(NOT_CSHARP, f"only C# projects can be compiled, not '{path.name}'", Location(str(path)))
    require_framework(project, path)


def require_framework(project: EvaluatedProject, path: Path) -> None:
    """Raises InputError for a project that names several target frameworks or none."""
    if not project.property("TargetFramework"):
        several = project.property("TargetFrameworks")
        message = f"choose one of the target frameworks '{several}' with -f" if several else "the project has no TargetFramework"
        raise InputError(NO_TARGET_FRAMEWORK, message, Location(str(path)))


def assembly_references(project: EvaluatedProject, path: Path) -> list[Path]:
    """The assemblies that Reference items name by HintPath or by path; names of the framework's own assemblies need none.

    Raises InputError (MSB3245's text) for a file that is not there.
    """
    found: list[Path] = []
    for item in project.items_of("Reference"):
        hint = item.value("HintPath")
        if not hint and not item.identity.lower().endswith(".dll"):
            continue
        file = Path(project.directory) / (hint or item.identity).replace("\\", "/")
        if not file.is_file():
            message = f"Could not resolve this reference. Could not locate the assembly \"{item.identity}\": '{file}' does not exist."
            raise InputError("MSB3245", message, Location(str(path)))
        found.append(file.resolve())
    return found


def in_project(diagnostic: Diagnostic, path: Path) -> Diagnostic:
    """The diagnostic with the project named at its end, as MSBuild prints it."""
    return diagnostic if diagnostic.project else replace(diagnostic, project=str(path))
