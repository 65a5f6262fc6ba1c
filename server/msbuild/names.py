"""Which texts are names of properties, items, metadata and targets."""

from __future__ import annotations

import re

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_\-]*\Z")
_NAME_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")

RESERVED_ELEMENT_NAMES = frozenset(
    "VisualStudioProject Target PropertyGroup Output ItemGroup UsingTask ProjectExtensions OnError ImportGroup Choose When "
    "Otherwise".split()
)

RESERVED_PROPERTIES = frozenset(
    name.lower()
    for name in (
        "MSBuildProjectDirectory MSBuildProjectDirectoryNoRoot MSBuildProjectFile MSBuildProjectExtension MSBuildProjectFullPath "
        "MSBuildProjectName MSBuildThisFileDirectory MSBuildThisFileDirectoryNoRoot MSBuildThisFile MSBuildThisFileExtension "
        "MSBuildThisFileFullPath MSBuildThisFileName MSBuildBinPath MSBuildProjectDefaultTargets MSBuildToolsPath MSBuildToolsVersion "
        "MSBuildRuntimeType MSBuildStartupDirectory MSBuildNodeCount MSBuildLastTaskResult MSBuildProgramFiles32 "
        "MSBuildAssemblyVersion MSBuildVersion MSBuildInteractive MSBuildDisableFeaturesFromVersion"
    ).split()
)


def is_valid_name(text: str) -> bool:
    """Is `text` a valid property, item or metadata name?"""
    return _NAME.match(text) is not None


def is_name_character(character: str) -> bool:
    """May `character` stand in a name behind its first?"""
    return character in _NAME_CHARACTERS


def first_invalid_character(name: str) -> str:
    """The first character that keeps `name` from being a name."""
    if not name or not (name[0].isascii() and (name[0].isalpha() or name[0] == "_")):
        return name[:1]
    for character in name[1:]:
        if character not in _NAME_CHARACTERS:
            return character
    return ""


def is_reserved_property(name: str) -> bool:
    """Is it one of the properties that projects may not set?"""
    return name.lower() in RESERVED_PROPERTIES
