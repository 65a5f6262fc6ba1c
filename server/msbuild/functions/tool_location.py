"""Microsoft.Build.Utilities.ToolLocationHelper as a machine without Windows SDKs answers; reference assemblies are those of packages."""

from __future__ import annotations

from server.msbuild import paths
from server.msbuild.functions.binding import TYPES
from server.msbuild.functions.surroundings import Surroundings


def _standard_libraries(
    surroundings: Surroundings, identifier: str, version: str, profile: str, target: str, root: str, fallbacks: str = ""
) -> str:
    """The folder of reference assemblies that holds mscorlib.dll, below `root` or one of `fallbacks`; "" when there is none."""
    roots = [root] if root else [part.strip() for part in fallbacks.split(";") if part.strip()]
    for base in roots:
        folder = paths.combine(base.replace("\\", "/"), identifier, version, *(("Profile", profile) if profile else ()))
        found = all(surroundings.files.is_file(f"{folder}/{name}") for name in ("RedistList/FrameworkList.xml", "mscorlib.dll"))
        if found:
            return folder.rstrip("/")
    return ""


def _members() -> None:
    helper = TYPES.add("Microsoft.Build.Utilities.ToolLocationHelper")
    helper.static("GetPlatformSDKLocation", "string string", lambda identifier, version: "")
    helper.static("GetPlatformSDKDisplayName", "string string", lambda identifier, version: f"{identifier} {version}")
    helper.needs_surroundings = frozenset({"getpathtostandardlibraries"})
    helper.static("GetPathToStandardLibraries", "string string string", lambda _, identifier, version, profile: "")
    helper.static("GetPathToStandardLibraries", "string string string string", lambda _, identifier, version, profile, target: "")
    helper.static("GetPathToStandardLibraries", "string string string string string", _standard_libraries)
    helper.static("GetPathToStandardLibraries", "string string string string string string", _standard_libraries)


_members()
