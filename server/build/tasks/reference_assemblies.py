"""The GetReferenceAssemblyPaths task: the folders with the reference assemblies of a framework, where a machine has them."""

from __future__ import annotations

import os
from pathlib import Path

from server.build.tasks.task import Kind, Parameter, TaskCall, TaskDefinition
from server.restore.frameworks import parse_framework, parse_version4

_LIST = Path("RedistList", "FrameworkList.xml")


def _run(call: TaskCall) -> bool:
    moniker = call.text("TargetFrameworkMoniker")
    framework = parse_framework(moniker)
    shown = moniker.partition(",Version=v")[2].partition(",")[0]
    below = Path(framework.identifier, f"v{shown}")
    if framework.profile:
        below = below / "Profile" / framework.profile
    roots = [call.text("RootPath"), *call.text("TargetFrameworkFallbackSearchPaths").split(";")]
    found = next((folder for root in roots if root.strip() and (folder := Path(call.path(root.strip())) / below / _LIST).is_file()), None)
    call.set_value("TargetFrameworkMonikerDisplayName", _display_name(framework.identifier, shown))
    if found is not None:
        folders = [found.parent.parent, *(folder for folder in (found.parent.parent / "Facades",) if folder.is_dir())]
        joined = ";".join(f"{folder}{os.sep}" for folder in folders)
        call.set_value("ReferenceAssemblyPaths", joined)
        call.set_value("FullFrameworkReferenceAssemblyPaths", joined)
        return True
    if call.flag("SuppressNotFoundError"):
        return True
    text = (
        f"The reference assemblies for {moniker} were not found. To resolve this, install the Developer Pack (SDK/Targeting Pack) for this "
        "framework version or retarget your application."
    )
    call.error("MSB3644", text)
    return False


def _display_name(name: str, shown: str) -> str:
    return f".NET Framework {shown}" if name == ".NETFramework" and parse_version4(shown) is not None else f"{name},Version=v{shown}"


TASK = TaskDefinition(
    "GetReferenceAssemblyPaths",
    (
        Parameter("TargetFrameworkMoniker", Kind.TEXT),
        Parameter("RootPath", Kind.TEXT),
        Parameter("TargetFrameworkFallbackSearchPaths", Kind.TEXT),
        Parameter("BypassFrameworkInstallChecks", Kind.BOOL),
        Parameter("SuppressNotFoundError", Kind.BOOL),
    ),
    ("ReferenceAssemblyPaths", "FullFrameworkReferenceAssemblyPaths", "TargetFrameworkMonikerDisplayName"),
    _run,
)
