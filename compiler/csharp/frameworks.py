"""The values that describe a tool chain: its class libraries, its compiler and where they are."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

NETCORE_APP = "Microsoft.NETCore.App"
ASPNETCORE_APP = "Microsoft.AspNetCore.App"
# The first major version whose SDK and whose class library can be worked with.
OLDEST_MAJOR = 8


class ToolchainKind(Enum):
    """Where a tool chain comes from."""

    SDK = "sdk"
    EMBEDDED = "embedded"


@dataclass(frozen=True, slots=True)
class Framework:
    """A class library. `reference_dir` is what C# is compiled against; the implementation itself where no pack is.

    `framework_dir` is None when only the reference pack is installed. `generator_dir` holds the source generators.
    """

    name: str
    version: str
    framework_dir: Path | None
    reference_dir: Path
    generator_dir: Path | None


@dataclass(frozen=True, slots=True)
class Toolchain:
    """CoreCLR, Roslyn and class libraries. `version` is that of the CoreCLR that runs the tools, x.y.z.

    `frameworks` has the newest first, Microsoft.NETCore.App before the others of its version.
    """

    kind: ToolchainKind
    version: str
    sdk_version: str
    dotnet_root: Path
    hostfxr: Path
    framework_dir: Path
    reference_dir: Path
    roslyn_dir: Path
    msbuild_dir: Path
    source_generators: tuple[Path, ...]
    frameworks: tuple[Framework, ...]
