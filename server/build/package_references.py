"""An evaluated project that was restored -> the assemblies of its packages: to compile with, and to run with.

An assembly of the framework wins over a package's of the same name, as in a build.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from compiler.csharp.frameworks import Framework
from compiler.diagnostics import Diagnostic, Location, Severity
from server.build.project_values import EvaluatedProject
from server.build.tasks.package_assets import package_assemblies

NOT_RESTORED = "NETSDK1004"
NO_TARGET = "NETSDK1005"
UNREADABLE = "NETSDK1060"


@dataclass(frozen=True, slots=True)
class PackageAssemblies:
    """The assemblies of a project's packages, and what is wrong with its restore."""

    compiled_with: tuple[Path, ...]
    run_with: tuple[Path, ...]
    diagnostics: tuple[Diagnostic, ...]


def assets_file(project: EvaluatedProject) -> Path:
    """Where a restore leaves what it found."""
    named = project.property("ProjectAssetsFile") or f"{project.property('MSBuildProjectExtensionsPath') or 'obj/'}project.assets.json"
    return Path(project.directory) / named.replace("\\", "/")


def referenced_packages(project: EvaluatedProject, framework: Framework, read_text: Callable[[Path], str]) -> PackageAssemblies:
    """The assemblies of the packages of `project`; `read_text` raises OSError for a file that is not there."""
    file = assets_file(project)
    asks = [item for item in project.items_of("PackageReference") if item.value("IsImplicitlyDefined").lower() != "true"]
    try:
        text = read_text(file)
    except OSError:
        message = f"Assets file '{file}' not found. Run a NuGet package restore to generate this file."
        return PackageAssemblies((), (), (_error(project, NOT_RESTORED, message),) if asks else ())
    moniker = project.property("TargetFramework")
    try:
        found = package_assemblies(text, moniker, project.property("RuntimeIdentifier"))
    except ValueError as error:
        return PackageAssemblies((), (), (_error(project, UNREADABLE, f"Error reading assets file: {error}"),))
    if found is None:
        message = f"Assets file '{file}' doesn't have a target for '{moniker}'. Ensure that restore has run for it."
        return PackageAssemblies((), (), (_error(project, NO_TARGET, message),) if asks else ())
    return PackageAssemblies(_outside(framework, found[0]), _outside(framework, found[1]), ())


def _outside(framework: Framework, paths: Sequence[Path]) -> tuple[Path, ...]:
    folder = framework.framework_dir or framework.reference_dir
    return tuple(path for path in paths if path.is_file() and not (folder / path.name).is_file())


def _error(project: EvaluatedProject, code: str, message: str) -> Diagnostic:
    return Diagnostic(code, Severity.ERROR, message, Location(project.property("MSBuildProjectFullPath")))
