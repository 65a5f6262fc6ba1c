"""The names of the metadata that every item has by itself."""

from __future__ import annotations

WELL_KNOWN_NAMES = (
    "FullPath",
    "RootDir",
    "Filename",
    "Extension",
    "RelativeDir",
    "Directory",
    "RecursiveDir",
    "Identity",
    "ModifiedTime",
    "CreatedTime",
    "AccessedTime",
    "DefiningProjectFullPath",
    "DefiningProjectDirectory",
    "DefiningProjectName",
    "DefiningProjectExtension",
)
WELL_KNOWN_METADATA = frozenset(name.lower() for name in WELL_KNOWN_NAMES)


def is_well_known_metadata(name: str) -> bool:
    """Is it computed from the item itself (and so not settable)?"""
    return name.lower() in WELL_KNOWN_METADATA
