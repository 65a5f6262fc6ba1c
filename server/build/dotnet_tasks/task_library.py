"""A tool chain -> what inline tasks are compiled against: folders in which references are found by name, and the class library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from compiler.csharp.frameworks import Toolchain, ToolchainKind

_NEEDED = ("netstandard", "Microsoft.Build.Framework")


@dataclass(frozen=True, slots=True)
class TaskLibrary:
    """`class_library` are assemblies that the code sees besides its references; compiled tasks are kept below `cache_dir`."""

    folders: tuple[Path, ...]
    class_library: tuple[Path, ...]
    cache_dir: Path


def task_library(toolchain: Toolchain, msbuild_folders: Sequence[Path], cache_dir: Path) -> TaskLibrary:
    """The library of a tool chain: an SDK has reference assemblies of netstandard for it, and of MSBuild that want no more than that.

    Without these it is the class library itself.
    """
    reference = toolchain.msbuild_dir / "ref"
    if toolchain.kind is ToolchainKind.SDK and all((reference / f"{name}.dll").is_file() for name in _NEEDED):
        return TaskLibrary((reference, *msbuild_folders), (), cache_dir)
    library = tuple(sorted(toolchain.reference_dir.glob("*.dll")))
    return TaskLibrary((*msbuild_folders, toolchain.reference_dir), library, cache_dir)
