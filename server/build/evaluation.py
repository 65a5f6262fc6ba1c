"""Tool chain, environment and folder -> a function that evaluates projects with the props and targets of that tool chain.

For the edges: one of these lives as long as one command; the same question is answered once.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from compiler.csharp.frameworks import Toolchain, ToolchainKind
from server.build.project_values import Evaluate, EvaluatedProject
from server.msbuild.project import ProjectEvaluator
from server.msbuild.sdks import Toolset, installed_toolset, own_toolset


def project_toolset(toolchain: Toolchain) -> Toolset:
    """The props and targets that belong to the tool chain: the SDK's, else our own."""
    if toolchain.kind is ToolchainKind.SDK:
        return installed_toolset(str(toolchain.dotnet_root), toolchain.sdk_version)
    return own_toolset()


def disk_evaluator(toolchain: Toolchain, environment: Mapping[str, str], startup_directory: Path) -> Evaluate:
    """Evaluates projects from the files on disk."""
    evaluator = ProjectEvaluator(environment, str(startup_directory), toolset=project_toolset(toolchain))
    known: dict[tuple[Path, tuple[tuple[str, str], ...]], EvaluatedProject] = {}

    def evaluate_once(path: Path, properties: Mapping[str, str]) -> EvaluatedProject:
        key = (path, tuple(sorted(properties.items())))
        if key not in known:
            known[key] = evaluator.evaluate(path, properties)
        return known[key]

    return evaluate_once
