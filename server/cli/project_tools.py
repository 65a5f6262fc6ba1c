"""The caller of a verb -> the tools that work on its project: evaluator, tool chain, warm compiler."""

from __future__ import annotations

from pathlib import Path

from compiler.user_cache import cache_directory
from server.build.compilers import WarmCompilers
from server.build.evaluation import disk_evaluator
from server.build.graph import BuildProgress, BuildTools
from server.build.kept_findings import KeptFindings
from server.cli.caller import caller
from server.cli.progress import ByteProgress
from server.cli.target_building import build_by_targets


def build_tools(project: Path, progress: BuildProgress) -> BuildTools:
    """Tools that build the caller's project. Fetches the tool chain when there is none; raises ToolchainError when that fails."""
    whom = caller()
    with ByteProgress("fetching the .NET tool chain", whom.err) as fetching:
        toolchain = whom.tools.kept(WarmCompilers).toolchain(whom.environment, project.parent, fetching.update)
    compiler = whom.tools.kept(WarmCompilers).compiler(toolchain, whom.environment)
    evaluate = disk_evaluator(toolchain, whom.environment, whom.directory)
    return BuildTools(evaluate, toolchain, compiler, progress, build_by_targets)


def kept_findings() -> KeptFindings:
    """The findings that are kept in the cache folder of the caller's user."""
    return KeptFindings(cache_directory(caller().environment) / "findings")
