"""Tasks of MSBuild that run on .NET Framework alone: each fails under its name, as it does for every MSBuild that runs on .NET."""

from __future__ import annotations

from server.build.tasks.task import Kind, Parameter, TaskCall, TaskDefinition
from server.msbuild.xml import XmlElement

_NAMES = (
    "AL AspNetCompiler GenerateBootstrapper GenerateTrustInfo GetFrameworkSdkPath RegisterAssembly ResolveComReference "
    "ResolveNativeReference UnregisterAssembly UpdateManifest WinMDExp"
).split()
_OF_ALL_TASKS = frozenset({"condition", "continueonerror", "msbuildruntime", "msbuildarchitecture"})


def framework_only_task(element: XmlElement) -> TaskDefinition | None:
    """The task that `element` calls, which takes whatever it is given; None when it is none of these."""
    short = element.name.lower().removeprefix("microsoft.build.tasks.")
    name = next((one for one in _NAMES if one.lower() == short), None)
    if name is None:
        return None
    given = [attribute.name for attribute in element.attributes if attribute.name.lower() not in _OF_ALL_TASKS]
    outputs = tuple(child.value("TaskParameter") for child in element.elements())
    return TaskDefinition(name, tuple(Parameter(one, Kind.TEXTS) for one in given), outputs, _fail)


def _fail(call: TaskCall) -> bool:
    text = (
        f'The task "{call.definition.name}" is not supported on the .NET Core version of MSBuild. Please use the .NET Framework version of '
        "MSBuild. See https://aka.ms/msbuild/MSB4803 for further details."
    )
    call.error("MSB4803", text)
    return False
