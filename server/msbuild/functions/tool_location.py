"""Microsoft.Build.Utilities.ToolLocationHelper as a machine without Windows SDKs and reference assemblies answers."""

from __future__ import annotations

from server.msbuild.functions.binding import TYPES


def _members() -> None:
    helper = TYPES.add("Microsoft.Build.Utilities.ToolLocationHelper")
    helper.static("GetPlatformSDKLocation", "string string", lambda identifier, version: "")
    helper.static("GetPlatformSDKDisplayName", "string string", lambda identifier, version: f"{identifier} {version}".strip())
    helper.static("GetPathToStandardLibraries", "string string string", lambda identifier, version, profile: "")
    helper.static("GetPathToStandardLibraries", "string string string string", lambda identifier, version, profile, target: "")


_members()
