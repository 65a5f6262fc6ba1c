"""A project file and global properties -> a ProjectInstance, in MSBuild's passes.

Order: built-in, environment and global properties; properties and imports in document order; item definitions; items; UsingTask; targets.
Pure: reads files, runs nothing, writes nothing. Whatever it may ask of the machine comes in an `EvaluationRequest`. With a memory, parts of
the last evaluation of the same project that nothing changed are replayed (`tracing.py`): the result is that of an evaluation without one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from typing import ParamSpec, TypeVar

from compiler.diagnostics import Diagnostic, InputError, Location, Severity
from server.msbuild import paths
from server.msbuild.conditions import Allowed, ConditionContext, evaluate_condition
from server.msbuild.errors import InvalidProjectFile, invalid
from server.msbuild.escaping import escape, unescape
from server.msbuild.evaluation_profile import (
    DEFINITIONS,
    INITIAL,
    ITEMS,
    PROPERTIES,
    TARGETS,
    USING_TASKS,
    EvaluationProfile,
)
from server.msbuild.expand import ConditionWarnings, Expander, expand_escaped, expand_list, expand_text
from server.msbuild.files import FileSystem
from server.msbuild.functions.surroundings import Surroundings
from server.msbuild.imports import Importer
from server.msbuild.initial_properties import initial_properties
from server.msbuild.item_evaluation import evaluate_item, evaluate_item_definition
from server.msbuild.items import ProjectHome
from server.msbuild.model import ProjectInstance, Target, TargetHook
from server.msbuild.names import is_valid_name
from server.msbuild.project_files import ProjectFileCache
from server.msbuild.property_traces import TracedProperties
from server.msbuild.recorded_files import RecordedFiles
from server.msbuild.sdks import Toolset
from server.msbuild.shredder import split_list
from server.msbuild.tracing import Made, Parts, RecordedVariables, Recorder
from server.msbuild.using_tasks import read_using_task
from server.msbuild.xml import XmlElement, inner_text

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


_UNTIMED = nullcontext()


@dataclass(frozen=True, slots=True)
class EvaluationRequest:
    """One evaluation. `path` is absolute; `global_properties` are escaped; `variables` is the environment.

    `generated_root` is evaluated in place of the file where the project is made up from a solution.
    """

    path: str
    global_properties: Mapping[str, str]
    variables: Mapping[str, str]
    toolset: Toolset
    surroundings: Surroundings
    startup_directory: str
    files: FileSystem
    cache: ProjectFileCache
    generated_root: XmlElement | None = None
    traces_imports: bool = False
    memory: EvaluationMemory | None = None
    profile: EvaluationProfile | None = None

    def timing(self, name: str, element: XmlElement | None = None, *, is_file: bool = False) -> AbstractContextManager[None]:
        """Times the block for the profile, when there is one."""
        return self.profile.timing(name, element, is_file=is_file) if self.profile is not None else _UNTIMED


class EvaluationMemory:
    """What evaluations of one project with the same request, its files' contents aside, hand on to each other; one thread at a time."""

    def __init__(self, request_files: FileSystem, cache: ProjectFileCache, directory: str) -> None:
        self.parts = Parts()
        self.files = RecordedFiles(request_files, cache)
        self.home = ProjectHome(directory, self.files)
        self.n_evaluated = 0
        self.n_replayed = 0


@dataclass(slots=True)
class _State:
    """What the passes hand on to each other."""

    request: EvaluationRequest
    instance: ProjectInstance
    expander: Expander
    recorder: Recorder
    global_names: frozenset[str]
    item_groups: list[XmlElement] = field(default_factory=list)
    definition_groups: list[XmlElement] = field(default_factory=list)
    using_tasks: list[XmlElement] = field(default_factory=list)
    targets: list[XmlElement] = field(default_factory=list)
    files_with_returns: list[str] = field(default_factory=list)

    @property
    def default_targets(self) -> list[str]:
        """What the first DefaultTargets said; asked by the part that would set it."""
        found = self.recorder.fact("default targets", "")
        return found if isinstance(found, list) else []


def evaluate(request: EvaluationRequest) -> ProjectInstance:
    """The evaluated project. Raises InvalidProjectFile with a position; warnings are in the result's `diagnostics`."""
    directory = paths.directory_name(request.path) or "/"
    memory = request.memory
    if memory is None:
        recorder = Recorder(None, request.variables, lambda _: None)
        return _evaluate(request, directory, recorder, request.files, ProjectHome(directory, request.files))
    recorder = Recorder(memory.parts, request.variables, memory.files.answer)
    memory.files.begin(recorder)
    try:
        instance = _evaluate(request, directory, recorder, memory.files, memory.home)
    finally:
        memory.files.end()
    memory.parts.keep_only(recorder.used)
    memory.n_evaluated, memory.n_replayed = recorder.n_evaluated, recorder.n_replayed
    return instance


def _evaluate(request: EvaluationRequest, directory: str, recorder: Recorder, files: FileSystem, home: ProjectHome) -> ProjectInstance:
    surroundings = replace(
        request.surroundings,
        current_directory=directory,
        files=files,
        variables=RecordedVariables(recorder),
        clock=_noticed(recorder, request.surroundings.clock),
        random_bytes=_noticed(recorder, request.surroundings.random_bytes),
    )
    instance = ProjectInstance(request.path, directory, dict(request.global_properties), surroundings, home)
    if request.traces_imports:
        traced = recorder.properties = TracedProperties(recorder, request.variables)
        instance.environment_reads = traced.reads
    instance.properties, instance.items = recorder.properties, recorder.items
    instance.imports.append(request.path)
    if request.traces_imports:
        instance.import_traces = []
    root = request.generated_root or request.cache.load_entry(request.path)
    with request.timing(INITIAL):
        initial_properties(instance, request.variables, request.toolset, request.startup_directory, request.global_properties)
    warnings = ConditionWarnings(instance.diagnostics.append, _first_time(recorder))
    expander = Expander(instance.properties, None, None, surroundings, warnings)
    try:
        _run_passes(request, instance, expander, recorder, root)
    except InvalidProjectFile as error:
        error.earlier = tuple(instance.diagnostics)
        raise
    instance.properties, instance.items = recorder.properties.copy(), recorder.items.copy()
    instance.surroundings = replace(surroundings, variables=request.variables)
    return instance


def _noticed(recorder: Recorder, ask: Callable[Arguments, Answer]) -> Callable[Arguments, Answer]:
    """`ask`, whose answers nothing may be kept of."""

    def noticed(*arguments: Arguments.args, **named: Arguments.kwargs) -> Answer:
        recorder.volatile()
        return ask(*arguments, **named)

    return noticed


def _first_time(recorder: Recorder) -> Callable[[str], bool]:
    """Is a condition's text seen for the first time?"""

    def first(text: str) -> bool:
        if recorder.fact("warned", text) is not None:
            return False
        recorder.tell("warned", text, True)  # noqa: FBT003
        return True

    return first


def _run_passes(request: EvaluationRequest, instance: ProjectInstance, expander: Expander, recorder: Recorder, root: XmlElement) -> None:
    state = _State(request, instance, expander, recorder, frozenset(name.lower() for name in request.global_properties))
    recorder.grow(
        *(instance.diagnostics, instance.imports, instance.probed, instance.globs, instance.initial_targets),
        *(state.item_groups, state.definition_groups, state.using_tasks, state.targets, state.files_with_returns),
    )
    importer = Importer(request.toolset, request.cache, instance, expander, recorder)
    with request.timing(PROPERTIES), request.timing(PROPERTIES, root, is_file=True):
        _property_pass(state, importer, root)
        _set_all_projects(request, instance, expander.files)
    instance.initial_targets = [unescape(name) for name in instance.initial_targets]
    with request.timing(DEFINITIONS):
        _definition_pass(state)
    recorder.tell("item definitions", "", instance.item_definitions)
    with request.timing(ITEMS):
        _item_pass(state)
    with request.timing(USING_TASKS):
        _using_task_pass(state)
    with request.timing(TARGETS):
        _target_pass(state)


def _set_all_projects(request: EvaluationRequest, instance: ProjectInstance, files: FileSystem) -> None:
    """MSBuildAllProjects: the file that was changed last, among equals the first to be read, before what the project itself said."""
    newest = f"{instance.path}.metaproj" if request.generated_root is not None else instance.path
    changed = 0.0
    for path in instance.imports:
        times = files.times(path)
        if times is not None and times[0] > changed and not (path == instance.path and request.generated_root is not None):
            newest, changed = path, times[0]
    said = instance.properties.values.get("msbuildallprojects")
    instance.properties.set("MSBuildAllProjects", newest if said is None else f"{newest};{said.value}")


def diagnostic_of(error: InputError, project: str) -> Diagnostic:
    """The error as a value; the project is named when the fault is in another file."""
    place = error.location
    named = project if place is not None and place.file and place.file != project else ""
    return Diagnostic(error.code, Severity.ERROR, error.message, place or Location(project), project=named)


def condition_holds(expander: Expander, element: XmlElement, allowed: Allowed, directory: str, text: str | None = None) -> bool:
    """Is the element's Condition true? `directory` roots the paths of Exists. Raises InvalidProjectFile."""
    condition = element.value("Condition") if text is None else text
    if not condition:
        return True
    location = element.at("Condition")
    files = expander.files

    def exists(path: str) -> bool:
        full = paths.full_path(path, directory)
        return files.is_file(full) or files.is_directory(full)

    context = ConditionContext(
        lambda part: expand_text(expander, part, location),
        lambda part: expand_list(expander, part, location),
        exists,
        expander.warnings.mixed,
        location,
    )
    return evaluate_condition(condition, allowed, context)


def _file_directory(element: XmlElement) -> str:
    return paths.directory_name(element.file) or "/"


def _property_pass(state: _State, importer: Importer, root: XmlElement) -> None:
    """Depth first through the file and what it imports."""
    instance = state.instance
    for name in split_list(expand_escaped(state.expander, root.value("InitialTargets"), root.at("InitialTargets"))):
        instance.initial_targets.append(name)
    for name in split_list(expand_escaped(state.expander, root.value("TreatAsLocalProperty"), root.at("TreatAsLocalProperty"))):
        if not is_valid_name(name):
            raise invalid("MSB5016", root.location, f'The name "{name}" contains an invalid character.')
        state.recorder.tell("local", name.lower(), True)  # noqa: FBT003
    if not state.default_targets and root.value("DefaultTargets"):
        names = expand_text(state.expander, root.value("DefaultTargets"), root.at("DefaultTargets"))
        state.recorder.tell("default targets", "", [name.strip() for name in names.split(";") if name.strip()])
        instance.properties.set("MSBuildProjectDefaultTargets", escape(names))
    before, after = importer.implicit_imports(root)
    for implicit in before:
        _follow_import(state, importer, implicit)
    for child in root.elements():
        _property_pass_child(state, importer, child)
    for implicit in after:
        _follow_import(state, importer, implicit)


def _property_pass_child(state: _State, importer: Importer, child: XmlElement) -> None:
    match child.name:
        case "PropertyGroup":
            _property_group(state, child)
        case "ItemGroup":
            state.item_groups.append(child)
        case "ItemDefinitionGroup":
            state.definition_groups.append(child)
        case "Target":
            if child.attribute("Returns") is not None:
                state.files_with_returns.append(child.file)
            state.targets.append(child)
        case "Import":
            _follow_import(state, importer, child)
        case "ImportGroup":
            if condition_holds(state.expander, child, Allowed.PROPERTIES, _file_directory(child)):
                for grandchild in child.elements():
                    _follow_import(state, importer, grandchild)
        case "UsingTask":
            state.using_tasks.append(child)
        case "Choose":
            _choose(state, importer, child)


def _follow_import(state: _State, importer: Importer, element: XmlElement) -> None:
    if not condition_holds(state.expander, element, Allowed.PROPERTIES, _file_directory(element)):
        importer.trace_false_condition(element)
        return
    for root in importer.load(element):
        with state.request.timing(PROPERTIES, root, is_file=True):
            state.recorder.run(root, partial(_property_pass, state, importer, root))


def _property_group(state: _State, group: XmlElement) -> None:
    if not condition_holds(state.expander, group, Allowed.PROPERTIES, _file_directory(group)):
        return
    properties = state.instance.properties
    for element in group.elements():
        key = element.name.lower()
        if key in state.global_names and state.recorder.fact("local", key) is None:
            continue
        if not condition_holds(state.expander, element, Allowed.PROPERTIES, state.instance.directory):
            continue
        properties.set(element.name, expand_escaped(state.expander, inner_text(element), element.location))


def _choose(state: _State, importer: Importer, element: XmlElement) -> None:
    for branch in element.elements():
        if branch.name == "When" and not condition_holds(state.expander, branch, Allowed.PROPERTIES, state.instance.directory):
            continue
        for child in branch.elements():
            _property_pass_child(state, importer, child)
        return


def _definition_pass(state: _State) -> None:
    for group in state.definition_groups:
        if condition_holds(state.expander, group, Allowed.PROPERTIES, state.instance.directory):
            for element in group.elements():
                evaluate_item_definition(state.instance, state.expander, element)


def _item_pass(state: _State) -> None:
    expander = state.expander.with_items(state.instance.items)
    for group in state.item_groups:
        state.recorder.run(group, partial(_item_group, state, expander, group))


def _item_group(state: _State, expander: Expander, group: XmlElement) -> None:
    allowed = Allowed.PROPERTIES | Allowed.ITEM_LISTS
    state.recorder.fact("item definitions", "")
    if not condition_holds(expander, group, allowed, state.instance.directory):
        return
    for element in group.elements():
        if not condition_holds(expander, element, allowed, state.instance.directory):
            continue
        with state.request.timing(ITEMS, element):
            if element.attribute("Include") is not None and not _is_costly(element.value("Include")):
                evaluate_item(state.instance, expander, element, Made({}, {}))
            else:
                state.recorder.run_items(element, element.name, partial(_item_element, state, expander, element))


def _item_element(state: _State, expander: Expander, element: XmlElement, made: Made) -> None:
    state.recorder.fact("item definitions", "")
    evaluate_item(state.instance, expander, element, made)


def _is_costly(include: str) -> bool:
    """May the text stand for many items? Such an element is a part of its own."""
    return "*" in include or "@(" in include or "$(" in include


def _using_task_pass(state: _State) -> None:
    expander = state.expander.with_items(state.instance.items)
    for element in state.using_tasks:
        if not condition_holds(expander, element, Allowed.PROPERTIES | Allowed.ITEM_LISTS, state.instance.directory):
            continue
        state.instance.using_tasks.append(read_using_task(expander, element, _file_directory(element)))


def _target_pass(state: _State) -> None:
    instance = state.instance
    ordered: dict[str, Target] = {}
    files_with_returns = frozenset(state.files_with_returns)
    for element in state.targets:
        name = unescape(element.value("Name"))
        target = Target(name, element, element.file in files_with_returns)
        ordered.pop(name.lower(), None)
        ordered[name.lower()] = target
    instance.targets = ordered
    instance.target_order = list(ordered)
    instance.default_targets = state.default_targets or ([unescape(state.targets[0].value("Name"))] if state.targets else [])
    expander = state.expander.with_items(instance.items)
    for target in ordered.values():
        for attribute, table in (("BeforeTargets", instance.before_targets), ("AfterTargets", instance.after_targets)):
            written = target.element.value(attribute)
            if not written:
                continue
            location = target.element.at(attribute)
            for name in split_list(expand_escaped(expander, written, location)):
                table.setdefault(unescape(name).lower(), []).append(TargetHook(target.name, location))


def evaluate_or_report(request: EvaluationRequest) -> tuple[ProjectInstance | None, list[Diagnostic]]:
    """The project, or None, and every diagnostic of the evaluation."""
    try:
        instance = evaluate(request)
    except InvalidProjectFile as error:
        return None, [*error.earlier, diagnostic_of(error, request.path)]
    return instance, instance.diagnostics
