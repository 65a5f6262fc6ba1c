"""The properties that exist before a project says anything: built-in, environment, toolset and global ones, in that order of strength."""

from __future__ import annotations

from collections.abc import Mapping

from server.msbuild import paths
from server.msbuild.escaping import escape, unescape
from server.msbuild.files import FileSystem
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
    for name, value in _toolset(toolset, variables, instance.home.files).items():
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
        "MSBuildDisableFeaturesFromVersion": "999.999",
        "MSBuildRuntimeType": "Core",
        "OS": "Unix",
        "MSBuildProjectDirectory": instance.directory,
        "MSBuildProjectDirectoryNoRoot": instance.directory.lstrip("/"),
        "MSBuildProjectFile": paths.file_name(path),
        "MSBuildProjectExtension": paths.extension(path),
        "MSBuildProjectFullPath": path,
        "MSBuildProjectName": paths.file_name_without_extension(path),
    }


def _application_folder(variables: Mapping[str, str], files: FileSystem) -> str:
    """The user's folder for what applications keep, where there is one; "" otherwise."""
    home = variables.get("HOME", "")
    for variable, below_home in (("XDG_DATA_HOME", ".local/share"), ("XDG_CONFIG_HOME", ".config")):
        folder = variables.get(variable) or paths.combine(home, below_home)
        if files.is_directory(folder):
            return folder
    return ""


def _toolset(toolset: Toolset, variables: Mapping[str, str], files: FileSystem) -> dict[str, str]:
    tools = toolset.tools_directory
    application = _application_folder(variables, files) or tools
    values = {
        # The `dotnet` command names the first one in the environment, with a slash; the others are MSBuild's own.
        "MSBuildExtensionsPath": variables.get("MSBuildExtensionsPath") or tools + "/",
        "MSBuildExtensionsPath32": variables.get("MSBuildExtensionsPath32") or tools,
        "MSBuildExtensionsPath64": variables.get("MSBuildExtensionsPath64") or tools,
        # The backslash is MSBuild's own, on every system.
        "MSBuildUserExtensionsPath": paths.combine(application, "Microsoft\\MSBuild"),
        "LocalAppData": variables.get("LocalAppData") or application,
        "MSBuildSDKsPath": variables.get("MSBuildSDKsPath") or toolset.sdks_directory,
        "VisualStudioVersion": variables.get("VisualStudioVersion") or "18.0",
        "RoslynTargetsPath": tools + "/Roslyn",
    }
    if toolset.maximum_language_version:
        values["AotdMaximumLangVersion"] = toolset.maximum_language_version
    if not toolset.is_own:
        values["MSBuildFrameworkToolsRoot"] = toolset.dotnet_root + "/shared/Microsoft.NETCore.App"
        values["DOTNET_HOST_PATH"] = variables.get("DOTNET_HOST_PATH") or toolset.dotnet_root + "/dotnet"
    return {name: unescape(value) for name, value in values.items() if value}
