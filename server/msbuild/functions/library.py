"""Loads every table of types: importing this module fills `binding.TYPES`."""

from __future__ import annotations

from server.msbuild.functions import files_and_paths, intrinsics, numbers, regexes, strings, system, times, tool_location

TABLES = (strings, numbers, times, regexes, system, files_and_paths, intrinsics, tool_location)
