"""Environment to the user's cache folder of aotd: where tool chains, object files and parsed project files are kept."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path


def cache_directory(environment: Mapping[str, str]) -> Path:
    """The user's cache folder of aotd; AOTD_CACHE_DIR overrides the system's custom."""
    if environment.get("AOTD_CACHE_DIR"):
        return Path(environment["AOTD_CACHE_DIR"])
    home = Path(environment.get("HOME") or environment.get("USERPROFILE") or Path.home())
    if environment.get("XDG_CACHE_HOME"):
        return Path(environment["XDG_CACHE_HOME"]) / "aotd"
    if sys.platform == "win32":
        return Path(environment.get("LOCALAPPDATA") or home / "AppData" / "Local") / "aotd" / "cache"
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "aotd"
    return home / ".cache" / "aotd"
