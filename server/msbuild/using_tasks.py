"""A <UsingTask> element -> the declaration: names and paths expanded, the parameters of an inline task, the text of its body.

The types of parameters are names of .NET types; the ones that MSBuild can fill from text are known here by name.
"""

from __future__ import annotations

from server.msbuild import paths
from server.msbuild.conditions import to_boolean
from server.msbuild.errors import InvalidProjectFile, invalid
from server.msbuild.expand import Expander, expand_escaped, expand_text
from server.msbuild.model import InlineParameter, UsingTask
from server.msbuild.xml import XmlElement, outer_xml

_ITEM = "microsoft.build.framework.itaskitem"
# .NET's types whose values have a text form, by lower-case name.
_VALUE_TYPES = {
    name.lower(): name
    for name in (
        "System.Boolean System.Byte System.Char System.DateTime System.DateTimeOffset System.Decimal System.Double System.Guid "
        "System.Int16 System.Int32 System.Int64 System.SByte System.Single System.String System.TimeSpan System.UInt16 System.UInt32 "
        "System.UInt64 System.AttributeTargets System.ConsoleColor System.DateTimeKind System.DayOfWeek System.StringComparison "
        "System.StringSplitOptions System.Globalization.CultureTypes System.IO.FileAccess System.IO.FileAttributes System.IO.FileMode "
        "System.IO.FileShare System.IO.SearchOption System.IO.DirectoryInfo System.IO.FileInfo "
        "Microsoft.Build.Framework.MessageImportance Microsoft.Build.Framework.AbsolutePath"
    ).split()
}
_OTHER_TYPES = {name.lower(): name for name in ("System.Object", "System.Type", "System.Version", "System.Exception", "System.Void")}


def read_using_task(expander: Expander, element: XmlElement, directory: str) -> UsingTask:
    """The declaration; relative assembly files are those of `directory`, the folder of the file it stands in. Raises InvalidProjectFile."""

    def text(name: str) -> str:
        written = element.value(name)
        return expand_text(expander, written, element.at(name)) if written else ""

    task_name = text("TaskName")
    if not task_name:
        written = element.value("TaskName")
        message = f'The result "" of evaluating the value "{written}" of the "Name" attribute in element <UsingTask> is not valid.'
        raise invalid("MSB4022", element.at("TaskName"), message)
    file = text("AssemblyFile").replace("\\", "/")
    for attribute, value in (("AssemblyFile", file), ("AssemblyName", text("AssemblyName"))):
        if element.value(attribute) and not value:
            raise _bad_value("", element.value(attribute), attribute, "UsingTask", element)
    factory = text("TaskFactory")
    if factory.lower() in ("", "assemblytaskfactory", "taskhostfactory") and element.elements():
        child = element.elements()[0]
        raise invalid("MSB4067", child.location, f"The element <{child.name}> beneath element <{element.name}> is unrecognized.")
    return UsingTask(
        task_name,
        text("AssemblyName"),
        paths.full_path(file, directory) if file else "",
        factory,
        element,
        tuple(_parameters(expander, element)),
        _body(expander, element),
        text("Runtime"),
        text("Architecture"),
        to_boolean(text("Override") or "false") is True,
    )


def _parameters(expander: Expander, element: XmlElement) -> list[InlineParameter]:
    found: list[InlineParameter] = []
    for group in element.elements():
        if group.name != "ParameterGroup":
            continue
        for child in group.elements():
            written = child.value("ParameterType") or "System.String"
            given = expand_escaped(expander, written, child.at("ParameterType"))
            is_output = _boolean(expander, child, "Output")
            type_name = _type_name(given)
            if type_name is None:
                raise _bad_value(given, written, "ParameterType", "Parameter", child)
            if type_name.removesuffix("[]").lower() in _OTHER_TYPES:
                raise invalid(
                    "MSB4069",
                    child.location,
                    f'The "{type_name}" type of the "{written}" parameter of the "{child.name}" task is not supported by MSBuild.',
                )
            found.append(InlineParameter(child.name, type_name, is_output, _boolean(expander, child, "Required")))
    return found


def _type_name(text: str) -> str | None:
    """The full name of a .NET type as it is spelled there; None for a type that is not known."""
    name = text.partition(",")[0].strip()
    element = name.removesuffix("[]")
    array = name[len(element) :]
    if element.lower() == _ITEM:
        return "Microsoft.Build.Framework.ITaskItem" + array
    known = _VALUE_TYPES.get(element.lower()) or _OTHER_TYPES.get(element.lower())
    return known + array if known is not None else None


def _boolean(expander: Expander, element: XmlElement, name: str) -> bool:
    written = element.value(name) or "False"
    text = expand_escaped(expander, written, element.at(name))
    if text.strip().lower() not in ("true", "false"):
        raise _bad_value(text, written, name, "Parameter", element)
    return text.strip().lower() == "true"


def _body(expander: Expander, element: XmlElement) -> str:
    """The XML inside <Task>, with properties and items expanded unless Evaluate says not to."""
    for child in element.elements():
        if child.name != "Task":
            continue
        text = "".join(outer_xml(node, child.namespace) for node in child.children)
        written = child.value("Evaluate") or "True"
        evaluate = expand_escaped(expander, written, child.at("Evaluate"))
        if evaluate.strip().lower() not in ("true", "false"):
            raise _bad_value(evaluate, written, "Evaluate", "Task", child)
        return expand_escaped(expander, text, child.location) if evaluate.strip().lower() == "true" else text
    return ""


def _bad_value(result: str, written: str, attribute: str, element_name: str, element: XmlElement) -> InvalidProjectFile:
    text = f'The result "{result}" of evaluating the value "{written}" of the "{attribute}" attribute in element <{element_name}> '
    return invalid("MSB4022", element.at(attribute), text + "is not valid.")
