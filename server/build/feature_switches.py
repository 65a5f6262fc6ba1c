"""Evaluated project -> feature switches and runtime knobs, as Microsoft.NETCore.Native.targets hands them to its compiler.

Each RuntimeHostConfigurationOption item is a knob that AppContext answers; those with `Trim` are folded into the code as well.
"""

from __future__ import annotations

from collections.abc import Mapping

from server.build.project_values import EvaluatedProject, is_true

# What Microsoft.NETCore.Native.targets folds whatever the project says, since no code can be made at run time.
AOT_SWITCHES: Mapping[str, bool] = {
    "System.Runtime.CompilerServices.RuntimeFeature.IsDynamicCodeSupported": False,
    "System.Runtime.CompilerServices.RuntimeFeature.IsDynamicCodeCompiled": False,
}


def runtime_options(project: EvaluatedProject) -> tuple[dict[str, bool], dict[str, str]]:
    """(switches folded into the code, knobs that AppContext answers at run time)."""
    switches = dict(AOT_SWITCHES)
    if not is_true(project, "DebuggerSupport"):
        switches["System.Diagnostics.Debugger.IsSupported"] = False
    knobs: dict[str, str] = {}
    for item in project.items_of("RuntimeHostConfigurationOption"):
        value = item.value("Value")
        knobs[item.identity] = value
        if item.value("Trim").lower() == "true" and value.lower() in ("true", "false"):
            switches[item.identity] = value.lower() == "true"
    for name, folded in switches.items():
        knobs[name] = "true" if folded else "false"
    return switches, knobs
