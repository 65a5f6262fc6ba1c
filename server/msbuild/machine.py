"""The machine as a value: collects what evaluation may ask of it. For the edges only; evaluation takes the result."""

from __future__ import annotations

import getpass
import os
import platform
import time
from collections.abc import Mapping

from server.msbuild.files import FileSystem
from server.msbuild.functions.surroundings import Surroundings
from server.msbuild.sdks import Toolset


def machine_surroundings(variables: Mapping[str, str], current_directory: str, files: FileSystem, toolset: Toolset) -> Surroundings:
    """The surroundings of this machine with the environment `variables`."""
    system = platform.uname()
    architecture = {"x86_64": "X64", "aarch64": "Arm64", "arm64": "Arm64"}.get(system.machine, "X64")
    return Surroundings(
        files=files,
        variables=variables,
        current_directory=current_directory,
        tools_directory=toolset.tools_directory,
        sdks_directory=toolset.sdks_directory,
        extensions_directory=toolset.tools_directory,
        clock=time.time,
        random_bytes=os.urandom,
        processor_count=os.cpu_count() or 1,
        machine_name=system.node,
        user_name=variables.get("USER") or getpass.getuser(),
        architecture=architecture,
        runtime_version="10.0.5",
        runtime_identifier=f"linux-{architecture.lower()}",
        command_line="dotnet msbuild",
        os_description=f"{system.system} {system.release}",
        tool_variables=_tool_variables(variables, toolset),
    )


def _tool_variables(variables: Mapping[str, str], toolset: Toolset) -> dict[str, str]:
    if toolset.is_own:
        return {}
    return {
        "MSBuildExtensionsPath": f"{toolset.tools_directory}/",
        "MSBuildSDKsPath": variables.get("MSBuildSDKsPath") or toolset.sdks_directory,
        "DOTNET_HOST_PATH": variables.get("DOTNET_HOST_PATH") or f"{toolset.dotnet_root}/dotnet",
        "MSBUILDUSESERVER": "0",
    }
