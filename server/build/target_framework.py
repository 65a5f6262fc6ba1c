"""Evaluated project -> the class library that it is compiled against: its own version, or the one at hand with a warning."""

from __future__ import annotations

import re
from collections.abc import Sequence

from compiler.csharp.frameworks import NETCORE_APP, OLDEST_MAJOR, Framework
from compiler.diagnostics import Diagnostic, InputError, Location, Severity
from server.build.project_values import EvaluatedProject, is_false

FALLBACK = "AOTD0301"
NO_FRAMEWORK = "AOTD0302"


def choose_framework(project: EvaluatedProject, frameworks: Sequence[Framework]) -> tuple[Framework, tuple[Diagnostic, ...]]:
    """The class library for `project`, with a warning when it is not of the version that the project asks for.

    Only frameworks whose implementation is there and recent enough are taken; `frameworks` has the newest first. Raises InputError when the
    project forbids another version (AotdAllowFrameworkFallback=false), is not for .NET (Core) or .NET Standard, or none is there.
    """
    moniker = project.property("TargetFramework")
    place = Location(project.property("MSBuildProjectFullPath"))
    wanted = wanted_version(project)
    if wanted is None:
        raise InputError(NO_FRAMEWORK, f"'{moniker}' is not a target framework of .NET (Core); the project cannot be compiled", place)
    available = [framework for framework in frameworks if _can_be_used(framework)]
    if not available:
        raise InputError(NO_FRAMEWORK, "no class library of .NET is installed; run 'aotd doctor' to see what is missing", place)
    for framework in available:
        if framework.version.split(".")[:2] == wanted:
            return framework, ()
    newest = available[0]
    message = f"the class library of '{moniker}' is not on this machine; that of .NET {newest.version} is used instead"
    if is_false(project, "AotdAllowFrameworkFallback"):
        forbidden = f"the class library of '{moniker}' is not on this machine, and AotdAllowFrameworkFallback forbids another version"
        raise InputError(NO_FRAMEWORK, forbidden, place)
    hint = "set AotdAllowFrameworkFallback to false to make this an error"
    return newest, (Diagnostic(FALLBACK, Severity.WARNING, f"{message} ({hint})", place),)


def _can_be_used(framework: Framework) -> bool:
    """Has it an implementation, of a version that can be worked with?"""
    is_recent = int(framework.version.partition(".")[0]) >= OLDEST_MAJOR
    return framework.name == NETCORE_APP and framework.framework_dir is not None and is_recent


def wanted_version(project: EvaluatedProject) -> list[str] | None:
    """Major and minor version of .NET (Core) that the project is for; empty for .NET Standard, which any version has; None for others."""
    identifier = project.property("TargetFrameworkIdentifier")
    version = project.property("TargetFrameworkVersion")
    if not identifier:
        return moniker_version(project.property("TargetFramework"))
    if identifier == ".NETStandard":
        return []
    return version.lstrip("vV").split(".")[:2] if identifier == ".NETCoreApp" else None


def moniker_version(moniker: str) -> list[str] | None:
    """The version in `net9.0`, `net9.0-linux`, `netcoreapp3.1`; empty for `netstandard2.0`; None for others."""
    if moniker.startswith("netstandard"):
        return []
    found = re.fullmatch(r"net(?:coreapp)?([0-9]+)\.([0-9]+)(-.*)?", moniker)
    return [found.group(1), found.group(2)] if found else None
