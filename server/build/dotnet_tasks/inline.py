"""A <UsingTask> with RoslynCodeTaskFactory -> the assembly of the task, compiled from its code and kept in the cache by content.

The code is a whole class, the members of one, or the body of its Execute; parameters of the <ParameterGroup> become properties.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from compiler.csharp.client import CSharpReference, CSharpRequest, CSharpResult, CSharpSource
from compiler.csharp.options import CSharpOptions, DebugKind, OutputKind, csc_switches
from compiler.diagnostics import InputError, Location, Severity
from server.build.atomic_files import replace_file
from server.build.dotnet_tasks.descriptions import TaskSource
from server.build.dotnet_tasks.inline_class import class_text
from server.build.tasks.task import TaskCall
from server.msbuild.model import UsingTask
from server.msbuild.xml import XmlElement, XmlSyntaxError, XmlText, inner_text, read_project_xml

_REFERENCES = ("Microsoft.Build.Framework", "Microsoft.Build.Utilities.Core", "mscorlib", "netstandard")
_LANGUAGES = {"cs": "CS", "csharp": "CS", "c#": "CS", "vb": "VB", "visualbasic": "VB", "visual basic": "VB"}
_TYPES = ("Fragment", "Method", "Class")


@dataclass(frozen=True, slots=True)
class InlineCode:
    """What the body of the declaration says. `kind` is one of _TYPES."""

    kind: str
    text: str
    references: tuple[str, ...]
    namespaces: tuple[str, ...]


class _WrongCode(Exception):
    """The body of the declaration is not what it should be."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


def is_inline_factory(declaration: UsingTask) -> bool:
    """Is the task made from code in the project?"""
    return declaration.task_factory.lower().rpartition(".")[2] == "roslyncodetaskfactory"


def unsupported_factory(declaration: UsingTask) -> bool:
    """Is the factory one that MSBuild has on .NET Framework only?"""
    return declaration.task_factory.lower().rpartition(".")[2] in ("codetaskfactory", "xamltaskfactory")


def inline_source(call: TaskCall, declaration: UsingTask) -> TaskSource | None:
    """The task's assembly; None after errors that have been reported. Raises InputError when there is no tool chain."""
    try:
        code = _read_body(call, declaration)
    except _WrongCode as error:
        call.fatal_error(error.code, error.text)
        return None
    references = _resolve_references(call, code)
    if references is None:
        return None
    text = code.text
    if code.kind != "Class":
        is_fragment = code.kind == "Fragment"
        text = class_text(
            declaration.task_name, text, is_fragment=is_fragment, parameters=declaration.parameters, namespaces=code.namespaces
        )
    assembly = _compiled(call, declaration.task_name, text, references)
    if assembly is None:
        return None
    # A class that declares no parameters has those of its properties.
    declared = declaration.parameters if code.kind != "Class" or declaration.parameters else ()
    return TaskSource(
        declaration.task_name,
        str(assembly),
        is_file=True,
        is_inline=True,
        folders=tuple(dict.fromkeys(os.path.dirname(path) for path in references)),
        parameters=tuple((one.name, one.type_name, one.is_output, one.is_required) for one in declared),
    )


def _read_body(call: TaskCall, declaration: UsingTask) -> InlineCode:
    name = declaration.task_name
    try:
        root = read_project_xml(f"<Task>{declaration.body}</Task>", declaration.element.file)
    except XmlSyntaxError as error:
        raise _WrongCode("MSB3761", f"The specified task XML is invalid.  {error.message}") from error
    code: XmlElement | None = None
    references: list[str] = []
    namespaces: list[str] = []
    for child in root.children:
        if isinstance(child, XmlText):
            raise _misplaced("Text")
        if not isinstance(child, XmlElement):
            continue
        match child.name:
            case "Code":
                if code is not None:
                    raise _WrongCode("MSB3757", "Only one <Code> element can be specified.")
                code = child
            case "Reference":
                if not child.value("Include").strip():
                    text = f'The "Include" attribute of the <Reference> element in the task "{name}" has been set but is empty. '
                    raise _WrongCode("MSB3752", text + "Make sure the attribute has a proper value.")
                references.append(child.value("Include").strip())
            case "Using":
                if not child.value("Namespace").strip():
                    raise _empty("Namespace", "Using")
                namespaces.append(child.value("Namespace").strip())
            case _:
                raise _misplaced(child.name)
    if code is None:
        raise _WrongCode("MSB3751", f'The <Code> element is missing for the "{name}" task. This element is required.')
    return _read_code(call, code, tuple(references), tuple(namespaces))


def _read_code(call: TaskCall, code: XmlElement, references: tuple[str, ...], namespaces: tuple[str, ...]) -> InlineCode:
    for attribute in code.attributes:
        if attribute.name not in ("Language", "Source", "Type") and not attribute.name.startswith("xmlns"):
            text = f'The attribute "{attribute.name}" is not valid for the <Code> element.  Valid attributes are "Language", "Source", and '
            raise _WrongCode("MSB3756", text + '"Type".')
    kind, text = "Fragment", inner_text(code)
    for attribute_name in ("Source", "Type", "Language"):
        if code.attribute(attribute_name) is not None and not code.value(attribute_name).strip():
            raise _empty(attribute_name, "Code")
    if code.value("Source"):
        kind = "Class"
        source = Path(call.path(code.value("Source").strip()))
        try:
            text = source.read_text(encoding="utf-8-sig")
        except FileNotFoundError as error:
            raise _WrongCode("", f"Could not find file '{source}'.") from error
        except OSError as error:
            raise _WrongCode("", f"{error.strerror}: {source}") from error
    if code.value("Type"):
        found = [known for known in _TYPES if known.lower() == code.value("Type").strip().lower()]
        if not found:
            shown = ", ".join(_TYPES)
            raise _WrongCode(
                "MSB3759", f'The specified code type "{code.value("Type")}" is invalid.  The supported code types are "{shown}".'
            )
        kind = found[0]
    language = _LANGUAGES.get((code.value("Language") or "cs").lower())
    if language is None:
        written = code.value("Language")
        raise _WrongCode("MSB3759", f'The specified code language "{written}" is invalid.  The supported code languages are "CS, VB".')
    if language == "VB":
        raise _WrongCode("AOTD0324", "Inline tasks in Visual Basic cannot be compiled: the C# compiler is the only one here.")
    if not text.strip():
        raise _WrongCode("MSB3760", "You must specify source code within the Code element or a path to a file containing source code.")
    return InlineCode(kind, text, references, namespaces)


def _empty(attribute: str, element: str) -> _WrongCode:
    text = f'The "{attribute}" attribute of the <{element}> element has been set but is empty. '
    return _WrongCode("MSB3752", text + f'If the "{attribute}" attribute is set it must not be empty.')


def _misplaced(name: str) -> _WrongCode:
    text = f"The element <{name}> is not a valid child of the <Task> element.  Valid child elements are <Code>, <Reference>, and <Using>."
    return _WrongCode("MSB3756", text)


def _resolve_references(call: TaskCall, code: InlineCode) -> list[str] | None:
    """Paths of what the code is compiled against: as given, or among the tool chain's assemblies by name."""
    places = call.services.task_library().folders
    found: list[str] = []
    complete = True
    for reference in dict.fromkeys((*code.references, *_REFERENCES)):
        given = call.path(reference)
        if Path(given).is_file():
            found.append(given)
            continue
        name = reference if reference.lower().endswith((".dll", ".exe")) else f"{reference}.dll"
        path = next((folder / name for folder in places if (folder / name).is_file()), None)
        if path is None:
            text = f'Could not find reference "{reference}". If this reference is required by your code, you may get compilation errors.'
            call.fatal_error("MSB3755", text)
            complete = False
        else:
            found.append(str(path))
    return list(dict.fromkeys(found)) if complete else None


def _compiled(call: TaskCall, name: str, text: str, references: list[str]) -> Path | None:
    options = CSharpOptions(output_kind=OutputKind.LIBRARY, lang_version="latest", debug=DebugKind.NONE, no_warn=("1701", "1702"))
    digest = hashlib.blake2b(digest_size=16)
    for part in (name, text, *references, *csc_switches("inline", options)):
        digest.update(f"{len(part)}\n{part}".encode())
    for reference in references:
        digest.update(f"{os.stat(reference).st_mtime_ns} {os.stat(reference).st_size}\n".encode())
    key = digest.hexdigest()
    path = call.services.task_library().cache_dir / "inline-tasks" / f"{key}.dll"
    if path.is_file():
        return path
    source = path.with_suffix(".cs")
    library = call.services.task_library().class_library
    request = CSharpRequest(
        project=f"inline task {key}",
        directory=call.instance.directory,
        switches=csc_switches(f"inline-{key}", options),
        sources=(CSharpSource(str(source), text),),
        references=tuple(CSharpReference(reference) for reference in dict.fromkeys((*references, *map(str, library)))),
    )
    result = call.services.compile(request)
    _report(call, result)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if result.pe is None:
            replace_file(source, text.encode())
            call.fatal_error("", f'The source file for this compilation can be found at: "{source}"')
            return None
        replace_file(path, result.pe)
    except OSError as error:
        raise InputError("AOTD0325", f"cannot write the task '{name}' to {path.parent}: {error.strerror}") from error
    return path


def _report(call: TaskCall, result: CSharpResult) -> None:
    for diagnostic in result.diagnostics:
        found = diagnostic.location or Location("CSC")
        place = Location(found.file, found.line, found.column)
        if diagnostic.severity is Severity.ERROR:
            call.error(diagnostic.code, diagnostic.message, location=place)
        elif diagnostic.severity is Severity.WARNING:
            call.warning(diagnostic.code, diagnostic.message, location=place)
