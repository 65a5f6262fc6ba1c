"""Restricted mode, for workspaces that nobody vouches for: what says that it is on.

The command line's `--restricted` and the editor, for a workspace that is not trusted, set the variable for all that they start.
"""

from __future__ import annotations

from collections.abc import Mapping

VARIABLE = "AOTD_RESTRICTED"
SWITCH = "--restricted"


def is_restricted(environment: Mapping[str, str]) -> bool:
    """Is nothing of the workspace to be run?"""
    return environment.get(VARIABLE, "").strip().lower() in ("1", "true", "yes", "on")
