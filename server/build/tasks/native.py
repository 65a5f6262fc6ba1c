"""Tasks behind Publish of our own SDK: the native program of a project, the files that are published beside it, the host of a built one."""

from __future__ import annotations

from pathlib import Path

from compiler.diagnostics import Diagnostic, InputError, Location, Severity
from compiler.link.triples import TARGETS
from server.build.atomic_files import replace_file
from server.build.compilation import built_projects
from server.build.events import Importance
from server.build.published_files import is_published, published_place
from server.build.runtime_identifiers import require_rid
from server.build.tasks.task import Kind, OutputItem, Parameter, TaskCall, TaskDefinition


def _compile_native(call: TaskCall) -> bool:
    """Findings, native code and the linked program in the publish folder."""

    def report(diagnostic: Diagnostic) -> None:
        if diagnostic.severity is Severity.ERROR:
            call.logged_error = True
        call.log.send(diagnostic)

    try:
        projects, warnings = built_projects(call.instance, call.projects(), call.services.frameworks())
        for warning in warnings:
            call.warning(warning.code, warning.message, location=warning.location)
        program = call.services.publish_native(projects, report)
    except InputError as error:
        call.error(error.code, error.message, location=error.location or Location(call.instance.path))
        return False
    if program is None:
        return False
    for message in program.unsupported:
        call.message(f"  {message}", Importance.LOW)
    if program.unsupported:
        count = len(program.unsupported)
        call.message(f"  {count} runtime calls that the program can reach are not supported yet and throw; -v:d names them")
    call.set_items("Program", [OutputItem(str(path)) for path in program.files])
    call.set_value("Summary", program.summary)
    return True


def _check_runtime(call: TaskCall) -> bool:
    """Can native programs be made for the runtime identifier?"""
    try:
        require_rid(call.text("RuntimeIdentifier"), tuple(TARGETS))
    except InputError as error:
        call.error(error.code, error.message, location=Location(call.instance.path))
    return not call.logged_error


def _create_app_host(call: TaskCall) -> bool:
    """The file that starts a built program; none for a runtime identifier that there is none for."""
    rid = call.text("RuntimeIdentifier") or call.instance.surroundings.runtime_identifier
    target = TARGETS.get(rid)
    if target is None:
        call.message(f"There is no app host for '{rid}'.")
        return True
    destination = Path(call.path(call.text("Destination")))
    try:
        content = call.services.app_host(target).read_bytes()
        if not destination.is_file() or destination.read_bytes() != content:
            destination.parent.mkdir(parents=True, exist_ok=True)
            replace_file(destination, content)
            destination.chmod(0o755)
    except InputError as error:
        call.error(error.code, error.message, location=Location(call.instance.path))
        return False
    except OSError as error:
        call.error("MSB3491", f'Could not write to "{destination}". {error.strerror}')
        return False
    call.set_items("AppHost", [OutputItem(call.text("Destination"))])
    return True


def _choose_files(call: TaskCall) -> bool:
    """The items that ask to be published, each with its place below the publish folder as RelativePath; of several for one the last."""
    chosen: dict[str, OutputItem] = {}
    for item in call.items("Files"):
        if is_published(item):
            try:
                place = published_place(item, call.instance.directory, call.instance.path)
            except InputError as error:
                call.error(error.code, error.message, location=error.location)
                return False
            full = item.full_path()
            chosen[str(place)] = OutputItem(full, {"RelativePath": str(place), "TargetPath": str(place)}, item)
    call.set_items("Chosen", list(chosen.values()))
    return True


def _texts(*names: str) -> tuple[Parameter, ...]:
    return tuple(Parameter(name, Kind.TEXT) for name in names)


TASKS = (
    TaskDefinition("AotdCheckRuntimeIdentifier", (Parameter("RuntimeIdentifier", Kind.TEXT),), (), _check_runtime),
    TaskDefinition("AotdCreateAppHost", _texts("RuntimeIdentifier", "Destination"), ("AppHost",), _create_app_host),
    TaskDefinition("AotdCompileNative", (), ("Program", "Summary"), _compile_native),
    TaskDefinition("AotdChoosePublishedFiles", (Parameter("Files", Kind.ITEMS),), ("Chosen",), _choose_files),
)
