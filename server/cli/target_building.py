"""Projects of other languages than C# -> their assemblies, restored and built by the targets of the installed .NET SDK."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from uuid import uuid4

from compiler.diagnostics import Diagnostic, InputError, Location, Severity
from server.build.csharp_build import CSharpAssembly
from server.build.events import BuildLog, Importance, Listener, Record, TargetStarted, TaskStarted
from server.build.graph import NOT_CSHARP, BuildFailed, BuildProgress, OtherBuild
from server.build.session import BuildAnswer, BuildSession
from server.cli.build_services import CallerServices
from server.cli.caller import Caller, caller
from server.msbuild.files import DiskFiles
from server.msbuild.model import ProjectInstance
from server.msbuild.toolsets import find_toolset
from server.msbuild.warm import WarmEvaluations

NO_ASSEMBLY = "AOTD1106"
_LANGUAGES = {".fsproj": "F#", ".vbproj": "Visual Basic"}


def build_by_targets(path: Path, properties: Mapping[str, str], progress: BuildProgress) -> OtherBuild:
    """What the project's targets built. Raises BuildFailed after errors, which `progress` was told, and InputError without an
    SDK or an assembly."""
    whom = caller()
    if find_toolset(whom.environment, str(path.parent), DiskFiles()).is_own:
        language = _LANGUAGES.get(path.suffix.lower(), path.suffix)
        message = (
            f"the compiler of {language} is part of the .NET SDK, and none is installed: install one, or check what was built elsewhere "
            "('aotd check X.dll')"
        )
        raise InputError(NOT_CSHARP, message, Location(str(path)))
    progress.step(f"building {path.name}")
    instance = _built(whom, path, properties, progress)
    target, symbols = (Path(instance.directory) / instance.property(name) for name in ("TargetPath", "_DebugSymbolsOutputPath"))
    if not target.is_file():
        message = "the project's targets were built, and there is no assembly: they leave none at 'TargetPath'"
        raise InputError(NO_ASSEMBLY, message, Location(str(path)))
    beside = target.with_suffix(".pdb")
    copied = [item for item in instance.items_of("ReferenceCopyLocalPaths") if not item.value("DestinationSubDirectory")]
    references = [Path(item.full_path()) for item in copied if item.value("Extension").lower() == ".dll"]
    found = next((each for each in (beside, symbols) if each.is_file()), None)
    present = tuple(dict.fromkeys(each for each in references if each.is_file()))
    return OtherBuild(CSharpAssembly(target, found, (), was_current=False), present)


def _built(whom: Caller, path: Path, properties: Mapping[str, str], progress: BuildProgress) -> ProjectInstance:
    evaluator = whom.tools.kept(WarmEvaluations).evaluator(whom.environment, str(whom.directory), remembers=whom.tools.is_resident)
    services = CallerServices(whom, path.parent, is_quiet=True)
    log = BuildLog([_listener(whom, progress.diagnostic)], least=Importance.HIGH, logs_task_inputs=False, logs_evaluations=False)
    restoring = {**properties, "MSBuildRestoreSessionId": str(uuid4()), "MSBuildIsRestoring": "True"}
    try:
        restored = BuildSession(evaluator, log, services).build(str(path), restoring, ["Restore"], skip_nonexistent=True)
        answer: BuildAnswer | None = None
        if restored.succeeded:
            answer = BuildSession(evaluator, log, services).build(str(path), properties, ["Build"])
    finally:
        services.end()
    if answer is None or not answer.succeeded or answer.instance is None:
        raise BuildFailed(str(path))
    return answer.instance


def _listener(whom: Caller, tell: Callable[[Diagnostic], None]) -> Listener:
    def listen(record: Record) -> None:
        event = record.event
        if isinstance(event, TargetStarted | TaskStarted) and whom.is_cancelled():
            raise KeyboardInterrupt
        if isinstance(event, Diagnostic) and event.severity in (Severity.ERROR, Severity.WARNING):
            tell(event)

    return listen
