"""The MSBuild task: builds targets of other projects."""

from __future__ import annotations

from server.build.events import Importance
from server.build.tasks.task import (
    Kind,
    OutputItem,
    Parameter,
    ProjectBuildAnswer,
    ProjectBuildRequest,
    TaskCall,
    TaskDefinition,
)
from server.msbuild import paths
from server.msbuild.escaping import escape, unescape
from server.msbuild.items import Item


def parse_properties(call: TaskCall, texts: list[str], parameter: str) -> dict[str, str] | None:
    """`Name=Value` texts as escaped properties; a text without `=` belongs to the value before. None after an error."""
    properties: dict[str, str] = {}
    last = ""
    for text in texts:
        name, equals, value = text.partition("=")
        if equals:
            last = name.strip()
            if not last:
                _bad_property(call, text, parameter)
                return None
            properties[last] = escape(value.strip())
        elif last:
            properties[last] += ";" + escape(text.strip())
        else:
            _bad_property(call, text, parameter)
            return None
    return properties


def _bad_property(call: TaskCall, text: str, parameter: str) -> None:
    call.error("MSB3100", f'Syntax for "{parameter}" parameter is not valid ({text}). Correct syntax is {parameter}="<name>=<value>".')


def _separated(call: TaskCall, texts: list[str]) -> list[str]:
    """The texts cut at each of TargetAndPropertyListSeparators, unescaped; as they are when none is given."""
    for separator in call.texts("TargetAndPropertyListSeparators"):
        texts = [part.strip() for text in texts for part in text.split(separator) if part.strip()]
    return texts


def _requests(call: TaskCall, project: Item, properties: dict[str, str], targets: list[str]) -> ProjectBuildRequest | None:
    given = dict(properties)
    for name in ("Properties", "AdditionalProperties"):
        own = project.value(name)
        if own:
            parsed = parse_properties(call, [part for part in own.split(";") if part.strip()], name)
            if parsed is None:
                return None
            given = {**given, **parsed} if name == "AdditionalProperties" else parsed
    removed = [part.strip() for part in call.text("RemoveProperties").split(";") if part.strip()]
    removed += [part.strip() for part in project.value("UndefineProperties").split(";") if part.strip()]
    return ProjectBuildRequest(project.full_path(), tuple(targets), given, tuple(removed), call.flag("SkipNonexistentTargets"))


def _run(call: TaskCall) -> bool:
    properties = parse_properties(call, _separated(call, call.texts("Properties")), "Properties")
    if properties is None:
        return False
    targets = [part.strip() for text in _separated(call, call.texts("Targets")) for part in unescape(text).split(";") if part.strip()]
    skip = call.text("SkipNonexistentProjects").lower()
    succeeded = True
    outputs: list[OutputItem] = []
    wanted = call.items("Projects")
    if call.flag("BuildInParallel"):
        present = [project for project in wanted if _is_there(call, project, skip)]
        succeeded = not call.logged_error
        wanted = present
        if not call.flag("StopOnFirstFailure") and not (call.flag("RunEachTargetSeparately") and targets):
            return _build_all(call, wanted, properties, targets) and succeeded
    for project in wanted:
        if not call.flag("BuildInParallel") and not _is_there(call, project, skip):
            if call.logged_error:
                succeeded = False
                if call.flag("StopOnFirstFailure"):
                    break
            continue
        request = _requests(call, project, properties, targets)
        if request is None:
            return False
        if not _build_one(call, project, request, targets, outputs):
            succeeded = False
            if call.flag("StopOnFirstFailure"):
                break
    call.set_items("TargetOutputs", outputs)
    return succeeded


def _build_all(call: TaskCall, projects: list[Item], properties: dict[str, str], targets: list[str]) -> bool:
    """Asks for all projects at once: with several nodes they are built side by side."""
    requests = [_requests(call, project, properties, targets) for project in projects]
    asked = [request for request in requests if request is not None]
    if len(asked) < len(requests):
        return False
    outputs: list[OutputItem] = []
    answers = call.build_projects(asked, False)
    for project, request, answer in zip(projects, asked, answers, strict=True):
        outputs += _outputs(call, answer, project, request)
        call.child_failed = call.child_failed or not answer.succeeded
    call.set_items("TargetOutputs", outputs)
    return all(answer.succeeded for answer in answers)


def _is_there(call: TaskCall, project: Item, skip: str) -> bool:
    """Is there such a project? Says what is to be said when not."""
    if skip == "build" or call.instance.surroundings.files.is_file(project.full_path()):
        return True
    if skip in ("true", "on", "yes"):
        call.message(f'Skipping project "{project.identity}" because it was not found.', Importance.HIGH)
    else:
        call.error("MSB3202", f'The project file "{project.identity}" was not found.')
    return False


def _build_one(call: TaskCall, project: Item, request: ProjectBuildRequest, targets: list[str], outputs: list[OutputItem]) -> bool:
    batches = [(target,) for target in targets] if call.flag("RunEachTargetSeparately") and targets else [tuple(targets)]
    succeeded = True
    for batch in batches:
        one = ProjectBuildRequest(request.path, batch, request.properties, request.remove_properties, request.skip_nonexistent_targets)
        answer = call.build_projects([one], False)[0]
        outputs += _outputs(call, answer, project, request)
        # Projects that are built in parallel are one request, which failed when one of them did.
        call.child_failed = not answer.succeeded or (call.child_failed and call.flag("BuildInParallel"))
        if not answer.succeeded:
            succeeded = False
            if call.flag("StopOnFirstFailure"):
                break
    return succeeded


def _outputs(call: TaskCall, answer: ProjectBuildAnswer, project: Item, request: ProjectBuildRequest) -> list[OutputItem]:
    """The returned items with the metadata of the Projects item and those that say where they are from."""
    found: list[OutputItem] = []
    folder = paths.directory_name(project.identity) or ""
    for target, items in answer.outputs:
        for item in items:
            include = item.identity
            if call.flag("RebaseOutputs") and not include.startswith("/"):
                include = paths.combine(folder, include)
            metadata = {name: unescape(value) for name, value in project.all_metadata().values() if item.find(name) is None}
            metadata["MSBuildSourceProjectFile"] = request.path
            metadata["MSBuildSourceTargetName"] = target
            if item.find("OriginalItemSpec") is None:
                metadata["OriginalItemSpec"] = project.identity
            found.append(OutputItem(include, metadata, item))
    return found


TASK = TaskDefinition(
    "MSBuild",
    (
        Parameter("Projects", Kind.ITEMS, required=True),
        Parameter("Targets", Kind.TEXTS),
        Parameter("Properties", Kind.TEXTS),
        Parameter("RemoveProperties", Kind.TEXT),
        Parameter("BuildInParallel", Kind.BOOL),
        Parameter("StopOnFirstFailure", Kind.BOOL),
        Parameter("RunEachTargetSeparately", Kind.BOOL),
        Parameter("RebaseOutputs", Kind.BOOL),
        Parameter("SkipNonexistentProjects", Kind.TEXT),
        Parameter("SkipNonexistentTargets", Kind.BOOL),
        Parameter("TargetAndPropertyListSeparators", Kind.TEXTS),
        Parameter("ToolsVersion", Kind.TEXT),
        Parameter("UnloadProjectsOnCompletion", Kind.BOOL),
        Parameter("UseResultsCache", Kind.BOOL),
    ),
    ("TargetOutputs",),
    _run,
)
