"""The name of a task element -> the task that it means: one that is built in, or one of an assembly that a <UsingTask> declares.

A declaration of MSBuild's own assemblies means the task that is built in, where there is one. In restricted mode only tasks that run
nothing of the workspace are found; the others are refused by name.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from compiler.diagnostics import InputError
from server.build.dotnet_tasks.declarations import find_declarations, is_built_in_assembly
from server.build.dotnet_tasks.descriptions import TaskDescriptions, TaskSource, engine_body, refuse_missing_file, source_of
from server.build.dotnet_tasks.inline import inline_source, is_inline_factory, unsupported_factory
from server.build.dotnet_tasks.run import run_in_host, taking_events
from server.build.dotnet_tasks.task_identity import TaskIdentity, mismatch, own_architecture, require_own
from server.build.events import BuildLog
from server.build.services import BuildServices
from server.build.tasks.framework_only import framework_only_task
from server.build.tasks.registry import find_stand_in, find_task
from server.build.tasks.task import TaskAssembly, TaskCall, TaskDefinition
from server.msbuild.errors import InvalidProjectFile, invalid
from server.msbuild.expand import Expander, expand_text
from server.msbuild.model import ProjectInstance, UsingTask
from server.msbuild.xml import XmlElement

REFUSED = "AOTD0323"

# The assemblies of an SDK whose tasks need no declaration: Microsoft.Common.tasks declares them for all projects.
_CORE_TASKS = "Microsoft.Build.Tasks.Core.dll"
_COMPILER_TASKS = "Roslyn/Microsoft.Build.Tasks.CodeAnalysis.dll"
# Built-in tasks that run a program or fetch something.
_UNSAFE = frozenset({"exec", "downloadfile"})
# Where an SDK brings the original of these, it is run: all of its details matter to the SDK's targets.
_SDK_FIRST = frozenset({"resolveassemblyreference", "generateresource", "getreferenceassemblypaths"})
_NEVER_FROM_ASSEMBLY = frozenset({"msbuild", "calltarget"})


def find_definition(
    instance: ProjectInstance, log: BuildLog, services: BuildServices, element: XmlElement, expander: Expander
) -> TaskDefinition | None:
    """The task, None when there is none of that name. Raises InvalidProjectFile when it is refused or cannot be had."""
    name = element.name
    declaration = _declaration(instance, element, expander)
    is_declared_elsewhere = declaration is not None and not is_built_in_assembly(declaration)
    built_in = None if is_declared_elsewhere else find_task(name)
    if built_in is not None and not (built_in.name.lower() in _SDK_FIRST and _core_tasks(instance) is not None):
        if services.is_restricted and built_in.name.lower() in _UNSAFE:
            raise _refused(element)
        return built_in
    if declaration is None:
        return _undeclared(instance, log, services, element) or framework_only_task(element)
    stand_in = None if _has_assembly(instance, declaration) else find_stand_in(name)
    if stand_in is not None:
        return stand_in
    return _declared(instance, log, services, element, declaration)


def _undeclared(instance: ProjectInstance, log: BuildLog, services: BuildServices, element: XmlElement) -> TaskDefinition | None:
    """The task of the SDK's own assemblies; None where none of them has it."""
    folder = Path(instance.surroundings.tools_directory)
    for path in (folder / _CORE_TASKS, folder / _COMPILER_TASKS):
        if path.is_file():
            source = TaskSource(element.name, str(path), is_file=True)
            found = _from_assembly(instance, log, services, element, source, is_optional=True)
            if found is not None:
                return found
    return None


def _has_assembly(instance: ProjectInstance, declaration: UsingTask) -> bool:
    """Is the file there that the declaration names? One that names none is looked for elsewhere."""
    if not declaration.assembly_file:
        return True
    declaring = Path(declaration.element.location.file).parent
    path = declaration.assembly_file.replace("\\", "/")
    folders = (declaring, Path(instance.directory), Path(instance.surroundings.tools_directory))
    return any((folder / path).is_file() for folder in folders)


def _declaration(instance: ProjectInstance, element: XmlElement, expander: Expander) -> UsingTask | None:
    """The declaration that counts for a call, by the name of its task and the kind of process that both want."""
    declarations = find_declarations(instance.using_tasks, element.name)
    if not declarations:
        return None
    own = own_architecture(instance.surroundings)
    wanted = [expand_text(expander, element.value(name), element.at(name)) for name in ("MSBuildRuntime", "MSBuildArchitecture")]
    called = TaskIdentity(*wanted)
    fitting = [one for one in declarations if TaskIdentity(one.runtime, one.architecture).fits(called, own)]
    if not fitting:
        first = declarations[0]
        raise mismatch(element.name, TaskIdentity(first.runtime, first.architecture), called, element.location)
    chosen = fitting[0]
    declared = TaskIdentity(chosen.runtime, chosen.architecture)
    declared.check(chosen.task_name, ("Runtime", "Architecture"), element.location)
    called.check(chosen.task_name, ("MSBuildRuntime", "MSBuildArchitecture"), element.location)
    require_own(element.name, called.merged(declared), instance.surroundings, element.location)
    return chosen


def _core_tasks(instance: ProjectInstance) -> Path | None:
    """The assembly with MSBuild's own tasks, where an SDK has it."""
    path = Path(instance.surroundings.tools_directory) / _CORE_TASKS
    return path if path.is_file() else None


def _refused(element: XmlElement) -> InvalidProjectFile:
    text = f'The "{element.name}" task is refused: in restricted mode nothing of the workspace is run. Trust the workspace to run it.'
    return invalid(REFUSED, element.location, text)


def _declared(
    instance: ProjectInstance, log: BuildLog, services: BuildServices, element: XmlElement, declaration: UsingTask
) -> TaskDefinition | None:
    if services.is_restricted:
        raise _refused(element)
    call = _defining_call(instance, log, services, element)
    if unsupported_factory(declaration):
        call.fatal_error("MSB4801", f'The task factory "{declaration.task_factory}" is not supported on the .NET Core version of MSBuild.')
        return None
    if is_inline_factory(declaration):
        source = inline_source(call, declaration)
        return None if source is None else _from_assembly(instance, log, services, element, source, is_optional=False)
    return _from_assembly(instance, log, services, element, source_of(declaration), is_optional=False)


def _defining_call(instance: ProjectInstance, log: BuildLog, services: BuildServices, element: XmlElement) -> TaskCall:
    """A call that only reports: what goes wrong before the task is known, at the place of its element."""
    nothing = TaskDefinition(element.name, (), (), lambda _call: False)
    return TaskCall(
        nothing,
        instance,
        log,
        element,
        {},
        services,
        continues=False,
        errors_are_warnings=False,
        build_projects=lambda _requests, _stop: [],
        call_targets=lambda _names: [],
        projects=tuple,
    )


def _from_assembly(
    instance: ProjectInstance, log: BuildLog, services: BuildServices, element: XmlElement, source: TaskSource, *, is_optional: bool
) -> TaskDefinition | None:
    """The task of an assembly; one that `is_optional` is not found when the assembly has none of that name."""
    if services.is_restricted:
        raise _refused(element)
    refuse_missing_file(source, element.location)
    call = _defining_call(instance, log, services, element)
    try:
        tasks: TaskDescriptions = services.dotnet_tasks()
        engine = engine_body(element.location, instance.global_properties, log, continues=False)
        description = tasks.describe(source, engine, element.location, taking_events(call))
    except InvalidProjectFile as error:
        if is_optional and error.code == "MSB4062":
            return None
        raise
    except InputError as error:
        raise invalid(error.code, element.location, f'The "{element.name}" task cannot be run: {error.message}') from error
    if description is None:
        return None
    return TaskDefinition(
        element.name,
        description.parameters,
        description.outputs,
        partial(run_in_host, tasks=tasks, source=source),
        TaskAssembly(description.assembly, description.path),
    )
