"""The properties that exist before a project says anything: built-in, environment, toolset and global ones, in that order of strength."""

from __future__ import annotations

from collections.abc import Mapping

from server.msbuild import paths
from server.msbuild.escaping import escape, unescape
from server.msbuild.model import ProjectInstance
from server.msbuild.names import is_reserved_property, is_valid_name
from server.msbuild.sdks import Toolset
from server.msbuild.solution import is_solution


def initial_properties(
    instance: ProjectInstance,
    variables: Mapping[str, str],
    toolset: Toolset,
    startup_directory: str,
    global_properties: Mapping[str, str],
) -> None:
    """Fills the empty property table of `instance`. `global_properties` are escaped and win over all others."""
    properties = instance.properties
    for name, value in variables.items():
        if is_valid_name(name) and not is_reserved_property(name):
            properties.set(name, value)
    for name, value in _built_in(instance, toolset, startup_directory).items():
        properties.set(name, escape(value))
    for name, value in _toolset(toolset, variables).items():
        properties.set(name, escape(value))
    for name, value in global_properties.items():
        properties.set(name, value)


def _built_in(instance: ProjectInstance, toolset: Toolset, startup_directory: str) -> dict[str, str]:
    # The project that builds a solution has a name, though no file.
    path = f"{instance.path}.metaproj" if is_solution(instance.path) else instance.path
    return {
        "MSBuildToolsVersion": "Current",
        "MSBuildToolsPath": toolset.tools_directory,
        "MSBuildBinPath": toolset.tools_directory,
        "MSBuildStartupDirectory": startup_directory,
        "MSBuildNodeCount": "1",
        "MSBuildProgramFiles32": "",
        "MSBuildAssemblyVersion": "18.9",
        "MSBuildVersion": toolset.msbuild_version,
        "MSBuildFileVersion": toolset.msbuild_version + ".0",
        "MSBuildSemanticVersion": toolset.msbuild_version,
        "MSBuildRuntimeType": "Core",
        "OS": "Unix",
        "MSBuildProjectDirectory": instance.directory,
        "MSBuildProjectDirectoryNoRoot": instance.directory.lstrip("/"),
        "MSBuildProjectFile": paths.file_name(path),
        "MSBuildProjectExtension": paths.extension(path),
        "MSBuildProjectFullPath": path,
        "MSBuildProjectName": paths.file_name_without_extension(path),
    }


def _toolset(toolset: Toolset, variables: Mapping[str, str]) -> dict[str, str]:
    tools = toolset.tools_directory
    home = variables.get("HOME", "")
    values = {
        "MSBuildExtensionsPath": tools + "/",
        "MSBuildExtensionsPath32": tools + "/",
        "MSBuildExtensionsPath64": tools + "/",
        "MSBuildUserExtensionsPath": paths.combine(
            variables.get("XDG_DATA_HOME") or paths.combine(home, ".local/share"), "Microsoft/MSBuild"
        ),
        "LocalAppData": variables.get("XDG_DATA_HOME") or paths.combine(home, ".local/share"),
        "MSBuildSDKsPath": variables.get("MSBuildSDKsPath") or toolset.sdks_directory,
        "MSBuildFrameworkToolsPath": tools + "/",
        "MSBuildFrameworkToolsPath32": tools + "/",
        "MSBuildFrameworkToolsRoot": tools,
        "MSBuildToolsPath32": tools,
        "MSBuildToolsPath64": tools,
        "MSBuildTaskHostAssembly": "",
        "VisualStudioVersion": "18.0",
        "RoslynTargetsPath": tools + "/Roslyn",
        "MSBuildToolsRoot": tools,
    }
    if toolset.maximum_language_version:
        values["AotdMaximumLangVersion"] = toolset.maximum_language_version
    if not toolset.is_own:
        values["DOTNET_HOST_PATH"] = variables.get("DOTNET_HOST_PATH") or toolset.dotnet_root + "/dotnet"
        values["NETCoreSdkVersion"] = toolset.sdk_version
    return {name: unescape(value) for name, value in values.items() if value}
