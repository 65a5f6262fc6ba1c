"""Built project -> what is asked of the native compiler: paths, optimization, feature switches."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from compiler.diagnostics import InputError, Location
from compiler.request import CompileRequest, Optimization
from server.build.feature_switches import runtime_options
from server.build.graph import BuiltProject
from server.build.project_values import EvaluatedProject, is_false, is_true
from server.build.root_files import assemblies_kept_whole, root_files

NOT_A_PROGRAM = "AOTD0306"
SYMBOLS_SUFFIX = ".dbg"


@dataclass(frozen=True, slots=True)
class CompilerPlace:
    """Where the native compiler keeps its cache, how many processes it may use, and what fetches libraries that programs link.

    `tool_folders` hold the C# compiler.
    """

    cache_dir: Path
    n_workers: int
    npm: Path | None
    tool_folders: tuple[Path, ...]


def compile_request(built: BuiltProject, rid: str, place: CompilerPlace) -> CompileRequest:
    """The request for the program of `built`. Raises InputError for a project that is not a program."""
    project = built.project
    if project.property("OutputType").lower() not in ("exe", "winexe"):
        kind = project.property("OutputType") or "Library"
        file = Location(project.property("MSBuildProjectFullPath"))
        raise InputError(NOT_A_PROGRAM, f"only programs can be published natively, and OutputType is '{kind}'", file)
    assert built.framework.framework_dir is not None, "choose_framework takes only frameworks with an implementation"
    output = publish_folder(project) / program_name(project, rid)
    strips = not is_false(project, "StripSymbols")
    has_symbols = strips and built.assembly.symbols is not None and not is_false(project, "NativeDebugSymbols")
    switches, knobs = runtime_options(project)
    return CompileRequest(
        app=built.assembly.path,
        references=built.references,
        framework_dir=built.framework.framework_dir,
        rid=rid,
        optimization=optimization(project),
        feature_switches=switches,
        runtime_knobs={**knobs, "RUNTIME_IDENTIFIER": rid},
        output=output,
        symbols=output.with_name(output.name + SYMBOLS_SUFFIX) if has_symbols else None,
        strip=strips,
        cache_dir=place.cache_dir,
        n_workers=place.n_workers,
        npm=place.npm,
        root_files=root_files(project),
        whole_assemblies=assemblies_kept_whole(project),
    )


def publish_folder(project: EvaluatedProject) -> Path:
    """The absolute path of PublishDir."""
    return Path(project.directory) / project.property("PublishDir").replace("\\", "/")


def program_name(project: EvaluatedProject, rid: str) -> str:
    """File name of the program: the assembly's name, with `.exe` on Windows."""
    return project.property("AssemblyName") + (".exe" if rid.startswith("win") else "")


def optimization(project: EvaluatedProject) -> Optimization:
    """The tier: without `Optimize` the quick one, else what OptimizationPreference asks for."""
    if not is_true(project, "Optimize"):
        return Optimization.DEBUG
    preference = project.property("OptimizationPreference").lower()
    return {"speed": Optimization.SPEED, "size": Optimization.SIZE}.get(preference, Optimization.BLENDED)
