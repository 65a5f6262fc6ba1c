"""Checks that a parsed project file has the shape MSBuild asks for: which element may stand where, with which attributes.

Checked once per file, in document order, before anything is evaluated; the first fault is raised with MSBuild's code and position.
"""

from __future__ import annotations

from collections.abc import Iterator

from server.msbuild.errors import InvalidProjectFile, invalid
from server.msbuild.escaping import unescape
from server.msbuild.item_metadata import is_well_known_metadata
from server.msbuild.names import RESERVED_ELEMENT_NAMES, first_invalid_character, is_reserved_property, is_valid_name
from server.msbuild.shredder import find_item_lists
from server.msbuild.xml import XmlElement, XmlText, inner_text

NAMESPACE = "http://schemas.microsoft.com/developer/msbuild/2003"
_CONDITION_LABEL = frozenset({"Condition", "Label"})
_TARGET = frozenset("Condition Label Name Inputs Outputs KeepDuplicateOutputs DependsOnTargets BeforeTargets AfterTargets Returns".split())
_IMPORT = frozenset("Condition Label Project Sdk Version MinimumVersion".split())
_USING_TASK = frozenset(
    "Condition Label TaskName AssemblyFile AssemblyName TaskFactory Architecture Runtime RequiredPlatform RequiredRuntime Override".split()
)
ITEM_ATTRIBUTES = frozenset(
    "Condition Label Include Remove Exclude KeepMetadata RemoveMetadata KeepDuplicates Update MatchOnMetadata "
    "MatchOnMetadataOptions".split()
)
_ITEM_ATTRIBUTES_FOLDED = frozenset(name.lower() for name in ITEM_ATTRIBUTES)
_SPECIAL_TASK_ATTRIBUTES = frozenset({"Condition", "ContinueOnError", "MSBuildRuntime", "MSBuildArchitecture", "xmlns"})
_SPECIAL_TASK_FOLDED = frozenset(name.lower() for name in _SPECIAL_TASK_ATTRIBUTES)
_MAX_CHOOSE_DEPTH = 50


def check_project(root: XmlElement) -> None:
    """Raises InvalidProjectFile for the first thing in the file that may not be there."""
    local = root.name.rpartition(":")[2]
    if local != "Project":
        raise invalid("MSB4068", root.location, f"The element <{root.name}> is unrecognized, or not supported in this context.")
    if ":" in root.name or (root.namespace and root.namespace.lower() != NAMESPACE.lower()):
        raise invalid(
            "MSB4041",
            root.location,
            "The default XML namespace of the project must be the MSBuild XML namespace or no namespace. If the project is authored in "
            "the MSBuild "
            f'2003 format, please add xmlns="{NAMESPACE}" to the <Project> element. If the project has been authored in the old 1.0 or '
            "1.2 format, "
            "please convert it to MSBuild 2003 format.",
        )
    seen_extensions = False
    for child in _children(root):
        if child.name == "ProjectExtensions":
            _no_attributes(child)
            if seen_extensions:
                raise invalid("MSB4079", child.location, "The <ProjectExtensions> element occurs more than once.")
            seen_extensions = True
        else:
            _check_project_child(child, root)


def _check_project_child(child: XmlElement, root: XmlElement) -> None:
    match child.name:
        case "PropertyGroup":
            _check_property_group(child)
        case "ItemGroup":
            _check_item_group(child, below_target=False)
        case "ImportGroup":
            _attributes(child, _CONDITION_LABEL)
            for grandchild in _children(child):
                if grandchild.name != "Import":
                    raise _unrecognized_child(grandchild, child, grandchild)
                _check_import(grandchild)
        case "Import":
            _check_import(child)
        case "UsingTask":
            _check_using_task(child)
        case "Target":
            _check_target(child)
        case "ItemDefinitionGroup":
            _check_item_definition_group(child)
        case "Choose":
            _check_choose(child, 1)
        case "Sdk":
            if not child.value("Name"):
                raise invalid("MSB4238", child.location, f'The name "{child.name}" is not a valid SDK name.')
        case "Error" | "Warning" | "Message":
            raise invalid(
                "",
                child.location,
                f"The <{child.name}> tag is no longer supported as a child of the <Project> element. Place this tag within a target, "
                "and add the "
                'name of the target to the "InitialTargets" attribute of the <Project> element.',
            )
        case _:
            raise _unrecognized_child(child, root, child)


def _children(element: XmlElement) -> Iterator[XmlElement]:
    """The child elements; text between them is refused when it is reached."""
    for child in element.children:
        if isinstance(child, XmlText):
            raise invalid("MSB4067", element.location, f"The element <#text> beneath element <{element.name}> is unrecognized.")
        if isinstance(child, XmlElement):
            yield child


def _unrecognized_child(child: XmlElement, parent: XmlElement, at: XmlElement) -> InvalidProjectFile:
    return invalid("MSB4067", at.location, f"The element <{child.name}> beneath element <{parent.name}> is unrecognized.")


def _attributes(element: XmlElement, allowed: frozenset[str]) -> None:
    for attribute in element.attributes:
        if attribute.name not in allowed:
            raise _unrecognized_attribute(element, attribute.name)


def _unrecognized_attribute(element: XmlElement, name: str) -> InvalidProjectFile:
    return invalid("MSB4066", element.at(name), f'The attribute "{name}" in element <{element.name}> is unrecognized.')


def _no_attributes(element: XmlElement) -> None:
    _attributes(element, frozenset())


def _required(element: XmlElement, name: str) -> None:
    if not element.value(name):
        raise invalid(
            "MSB4035", element.location, f'The required attribute "{name}" is empty or missing from the element <{element.name}>.'
        )


def _missing_or_filled(element: XmlElement, name: str) -> None:
    attribute = element.attribute(name)
    if attribute is not None and not attribute.value:
        raise invalid("MSB4020", element.at(name), f'The value "" of the "{name}" attribute in element <{element.name}> is invalid.')


def _no_children(element: XmlElement) -> None:
    for child in _children(element):
        raise _unrecognized_child(child, element, element)


def _valid_name(element: XmlElement) -> None:
    if not is_valid_name(element.name):
        raise invalid(
            "MSB5016",
            element.location,
            f'The name "{element.name}" contains an invalid character "{first_invalid_character(element.name)}".',
        )


def _check_property_group(element: XmlElement) -> None:
    _attributes(element, _CONDITION_LABEL)
    for child in _children(element):
        _attributes(child, _CONDITION_LABEL)
        _valid_name(child)
        if child.name in RESERVED_ELEMENT_NAMES or is_reserved_property(child.name):
            raise reserved_property(child.name, child)


def reserved_property(name: str, element: XmlElement) -> InvalidProjectFile:
    """The error for setting a property that belongs to MSBuild."""
    return invalid("MSB4004", element.location, f'The "{name}" property is reserved, and cannot be modified.')


def _check_item_group(element: XmlElement, *, below_target: bool) -> None:
    _attributes(element, _CONDITION_LABEL)
    for child in _children(element):
        _check_item(child, below_target=below_target)


def _check_item(element: XmlElement, *, below_target: bool) -> None:
    given = [name for name in ("Include", "Remove", "Update") if element.attribute(name) is not None]
    if len(given) > 1:
        at = "Remove" if element.value("Remove") else "Update"
        raise invalid(
            "MSB4111", element.at(at), "At most one of the include, remove, and update attributes may be specified for an item element."
        )
    if not given and not below_target:
        raise invalid(
            "MSB4232",
            element.location,
            "Items that are outside Target elements must have one of the following operations: Include, Update, or Remove.",
        )
    if element.value("Exclude") and not element.value("Include"):
        raise _unrecognized_attribute(element, "Exclude")
    for name in ("Include", "Remove", "Update"):
        if element.attribute(name) is not None and not element.value(name):
            raise invalid(
                "MSB4035", element.location, f'The required attribute "{name}" is empty or missing from the element <{element.name}>.'
            )
    _valid_name(element)
    if element.name in RESERVED_ELEMENT_NAMES:
        raise invalid("MSB4117", element.location, f'The "{element.name}" item name is reserved, and cannot be used.')
    for attribute in element.attributes:
        if attribute.name not in ITEM_ATTRIBUTES and attribute.name != "xmlns" and not is_metadata_attribute(attribute.name):
            raise _unrecognized_attribute(element, attribute.name)
    for child in _children(element):
        _check_metadata(child, element, in_definition=False)


def is_metadata_attribute(name: str) -> bool:
    """May an attribute of this name on an item be metadata?"""
    if not is_valid_name(name) or name.lower() in _ITEM_ATTRIBUTES_FOLDED or name.startswith("_"):
        return False
    return not is_well_known_metadata(name) and name not in RESERVED_ELEMENT_NAMES


def _check_metadata(element: XmlElement, parent: XmlElement, *, in_definition: bool) -> None:
    _attributes(element, _CONDITION_LABEL)
    _valid_name(element)
    if not in_definition and parent.value("Remove"):
        raise invalid(
            "MSB4162", element.location, f"<{element.name}> is not valid. Child elements are not allowed below a item remove element."
        )
    if is_well_known_metadata(element.name):
        raise invalid(
            "MSB4033",
            element.location,
            f'"{element.name}" is a reserved item metadata, and cannot be redefined as a custom metadata on the item.',
        )
    if element.name in RESERVED_ELEMENT_NAMES:
        raise invalid("MSB4118", element.location, f'The "{element.name}" item metadata name is reserved, and cannot be used.')
    if in_definition:
        value = inner_text(element)
        if find_item_lists(value):
            raise invalid(
                "MSB4164",
                element.location,
                f'The value "{value}" of metadata "{element.name}" contains an item list expression. '
                "Item list expressions are not allowed on default metadata values.",
            )


def _check_import(element: XmlElement) -> None:
    _attributes(element, _IMPORT)
    _required(element, "Project")
    _no_children(element)


def _check_using_task(element: XmlElement) -> None:
    _attributes(element, _USING_TASK)
    if not element.value("TaskName"):
        raise invalid("", element.location, "Task name cannot be empty.")
    if bool(element.value("AssemblyName")) == bool(element.value("AssemblyFile")):
        raise invalid(
            "MSB4072",
            element.location,
            'A <UsingTask> element must contain either the "AssemblyName" attribute or the "AssemblyFile" attribute (but not both).',
        )
    _missing_or_filled(element, "AssemblyName")
    _missing_or_filled(element, "AssemblyFile")
    seen: set[str] = set()
    for child in _children(element):
        if child.name not in ("ParameterGroup", "Task"):
            raise _unrecognized_child(child, element, element)
        _required(element, "TaskFactory")
        if child.name in seen:
            raise _duplicate_child(child, element)
        seen.add(child.name)
        if child.name == "Task":
            _attributes(child, frozenset({"Evaluate"}))
        else:
            _check_parameter_group(child)


def _duplicate_child(child: XmlElement, parent: XmlElement) -> InvalidProjectFile:
    return invalid(
        "MSB4173",
        child.location,
        f"The element <{child.name}> beneath element <{parent.name}> is invalid because a child element with that name already exists",
    )


def _check_parameter_group(element: XmlElement) -> None:
    _no_attributes(element)
    seen: set[str] = set()
    for child in _children(element):
        if child.name in seen:
            raise _duplicate_child(child, element)
        seen.add(child.name)
        _attributes(child, frozenset({"ParameterType", "Output", "Required"}))
        _valid_name(child)


def _check_target(element: XmlElement) -> None:
    _attributes(element, _TARGET)
    _required(element, "Name")
    name = unescape(element.value("Name"))
    for character in name:
        if character in "$@()%*?.":
            raise invalid("MSB5016", element.at("Name"), f'The name "{name}" contains an invalid character "{character}".')
    on_error: XmlElement | None = None
    for child in _children(element):
        if on_error is not None and child.name != "OnError":
            raise invalid(
                "MSB4038",
                on_error.location,
                f"The element <OnError> must be last under element <Target>. Found element <{child.name}> instead.",
            )
        match child.name:
            case "PropertyGroup":
                _check_property_group(child)
            case "ItemGroup":
                _check_item_group(child, below_target=True)
            case "OnError":
                _attributes(child, frozenset({"Condition", "Label", "ExecuteTargets"}))
                _required(child, "ExecuteTargets")
                _no_children(child)
                on_error = child
            case "ItemDefinitionGroup":
                raise invalid("MSB4163", child.location, "<ItemDefinitionGroup> is not allowed inside a target.")
            case _:
                _check_task(child, element)


def _check_task(element: XmlElement, target: XmlElement) -> None:
    if len(element.children) == 1 and isinstance(element.children[0], XmlText):
        raise invalid(
            "MSB4067",
            element.location,
            f"The element <{element.name}> beneath element <{target.name}> is unrecognized. "
            "If you intended this to be a property, enclose it within a <PropertyGroup> element.",
        )
    for attribute in element.attributes:
        if attribute.name not in _SPECIAL_TASK_ATTRIBUTES and attribute.name.lower() in _SPECIAL_TASK_FOLDED:
            raise invalid(
                "MSB4003",
                element.at(attribute.name),
                f'"{attribute.name}" is a reserved attribute of the <{element.name}> element, and must be spelled with the correct casing. '
                f'This attribute cannot be used as a parameter to the "{element.name}" task.',
            )
    for child in _children(element):
        if child.name != "Output":
            raise _unrecognized_child(child, element, child)
        _check_output(child, element)


def _check_output(element: XmlElement, task: XmlElement) -> None:
    _attributes(element, frozenset({"Condition", "Label", "TaskParameter", "ItemName", "PropertyName"}))
    _required(element, "TaskParameter")
    _no_children(element)
    item, property_name = element.value("ItemName").strip(), element.value("PropertyName").strip()
    if bool(item) == bool(property_name):
        raise invalid(
            "MSB4029",
            element.location,
            f'The "{task.name}" task has an invalid output specification. The "TaskParameter" attribute is required, '
            'and either the "ItemName" or "PropertyName" attribute must be specified (but not both).',
        )
    _missing_or_filled(element, "ItemName")
    _missing_or_filled(element, "PropertyName")
    if property_name and is_reserved_property(property_name):
        raise reserved_property(element.value("PropertyName"), element)


def _check_item_definition_group(element: XmlElement) -> None:
    _attributes(element, _CONDITION_LABEL)
    for child in _children(element):
        for attribute in child.attributes:
            if attribute.name not in _CONDITION_LABEL and not is_metadata_attribute(attribute.name):
                raise _unrecognized_attribute(child, attribute.name)
        for metadata in _children(child):
            _check_metadata(metadata, child, in_definition=True)


def _check_choose(element: XmlElement, depth: int) -> None:
    _no_attributes(element)
    if depth > _MAX_CHOOSE_DEPTH:
        raise invalid("MSB4114", element.location, f"<Choose> elements cannot be nested more than {_MAX_CHOOSE_DEPTH} levels deep.")
    found_when = found_otherwise = False
    for child in _children(element):
        if child.name == "When":
            if found_otherwise:
                raise invalid("MSB4084", child.location, "A <When> element may not follow an <Otherwise> element in a <Choose>.")
            _required(child, "Condition")
            found_when = True
        elif child.name == "Otherwise":
            if found_otherwise:
                raise invalid("MSB4082", child.location, "Choose has more than one <Otherwise> element.")
            _no_attributes(child)
            found_otherwise = True
        else:
            raise _unrecognized_child(child, element, element)
        _check_branch(child, depth)
    if not found_when:
        raise invalid("MSB4085", element.location, "A <Choose> must contain at least one <When>.")


def _check_branch(element: XmlElement, depth: int) -> None:
    for child in _children(element):
        match child.name:
            case "PropertyGroup":
                _check_property_group(child)
            case "ItemGroup":
                _check_item_group(child, below_target=False)
            case "Choose":
                _check_choose(child, depth + 1)
            case "ItemDefinitionGroup":
                _check_item_definition_group(child)
            case _:
                raise _unrecognized_child(child, element, element)
