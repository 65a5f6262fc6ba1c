"""What an evaluated project is: properties, items, targets and where everything came from. Typed results, no behaviour beyond lookups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from compiler.diagnostics import Diagnostic, Location
from server.msbuild import paths
from server.msbuild.escaping import unescape
from server.msbuild.functions.surroundings import Surroundings
from server.msbuild.items import Item, Metadata, ProjectHome
from server.msbuild.xml import XmlElement


@dataclass(frozen=True, slots=True)
class PropertyValue:
    """A property: its name as last written and its escaped value."""

    name: str
    value: str


class PropertyTable:
    """Properties by name without case. Values are escaped.

    `file_properties` are MSBuildThisFile and its kin, which depend on the file that asks.
    """

    __slots__ = ("values",)

    def __init__(self) -> None:
        self.values: dict[str, PropertyValue] = {}

    def get(self, name: str, location: Location) -> str | None:
        """The escaped value; see expand.PropertyProvider."""
        key = name.lower()
        found = self.values.get(key)
        if found is not None:
            return found.value
        if key.startswith("msbuildthisfile"):
            return this_file_property(key, location.file)
        return None

    def set(self, name: str, value: str) -> None:
        """Sets a property; it is spelled as it was set last."""
        self.values[name.lower()] = PropertyValue(name, value)

    def value(self, name: str) -> str:
        """The unescaped value, "" when not defined."""
        found = self.values.get(name.lower())
        return unescape(found.value) if found is not None else ""

    def copy(self) -> PropertyTable:
        """A table that can be changed on its own."""
        table = PropertyTable()
        table.values = dict(self.values)
        return table


def this_file_property(key: str, file: str) -> str | None:
    """MSBuildThisFile... for a reference in `file`; None for another name."""
    if not file:
        return ""
    directory = paths.ensure_trailing_slash(paths.directory_name(file) or "")
    known = {
        "msbuildthisfile": paths.file_name(file),
        "msbuildthisfilename": paths.file_name_without_extension(file),
        "msbuildthisfilefullpath": file,
        "msbuildthisfileextension": paths.extension(file),
        "msbuildthisfiledirectory": directory,
        "msbuildthisfiledirectorynoroot": directory.lstrip("/"),
    }
    return known.get(key)


class ItemTable:
    """Items by type without case, types in order of appearance."""

    __slots__ = ("names", "lists")

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.lists: dict[str, list[Item]] = {}

    def items(self, item_type: str) -> list[Item]:
        """See expand.ItemProvider."""
        return self.lists.get(item_type.lower(), [])

    def add(self, items: list[Item]) -> None:
        """Appends items, each to the list of its type."""
        for item in items:
            key = item.item_type.lower()
            self.names.setdefault(key, item.item_type)
            self.lists.setdefault(key, []).append(item)

    def extend(self, item_type: str, items: Sequence[Item]) -> None:
        """Appends items that are all of one type."""
        key = item_type.lower()
        self.names.setdefault(key, item_type)
        self.lists.setdefault(key, []).extend(items)

    def replace(self, item_type: str, items: list[Item]) -> None:
        """Puts `items` in place of the list of a type."""
        key = item_type.lower()
        self.names.setdefault(key, item_type)
        self.lists[key] = items

    def copy(self) -> ItemTable:
        """Lists that can be changed on their own; the items are shared."""
        table = ItemTable()
        table.names = dict(self.names)
        table.lists = {key: list(items) for key, items in self.lists.items()}
        return table


@dataclass(frozen=True, slots=True)
class InlineParameter:
    """A parameter that a <ParameterGroup> declares; `type_name` is the full name of a .NET type."""

    name: str
    type_name: str
    is_output: bool
    is_required: bool


@dataclass(frozen=True, slots=True)
class UsingTask:
    """A task declaration, expanded; paths are absolute. `body` is the XML inside <Task>.

    `runtime` and `architecture` are those of the process that the task wants. One that `overrides` wins over others of its name.
    """

    task_name: str
    assembly_name: str
    assembly_file: str
    task_factory: str
    element: XmlElement
    parameters: tuple[InlineParameter, ...] = ()
    body: str = ""
    runtime: str = ""
    architecture: str = ""
    overrides: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """A target as written. Attribute texts are unexpanded; `element` holds the children and the positions."""

    name: str
    element: XmlElement
    file_has_returns: bool

    @property
    def location(self) -> Location:
        """Where the target stands."""
        return self.element.location


@dataclass(frozen=True, slots=True)
class TargetHook:
    """A target that asked to run before or after another one."""

    target: str
    location: Location


@dataclass(frozen=True, slots=True)
class ImportTrace:
    """What became of an Import: `imported` is "" when nothing was; `text` says it as MSBuild's logs do; `sdk` is its Sdk attribute."""

    text: str
    location: Location
    imported: str
    unexpanded: str
    sdk: str


@dataclass(slots=True, eq=False)
class ProjectInstance:
    """One project evaluated with one set of global properties.

    `imports` are all project files read, the project itself first; `probed` are files whose appearance would change the result.
    `globs` are (folder, pattern) of every wildcard that items were made from. `variables` are environment variables that tasks of
    this project have set, or removed (None), for those after them. `import_traces` is None when imports are not traced;
    `environment_reads` are properties that were read while they had a variable's value: name and value, when that is traced.
    """

    path: str
    directory: str
    global_properties: Mapping[str, str]
    surroundings: Surroundings
    home: ProjectHome
    properties: PropertyTable = field(default_factory=PropertyTable)
    items: ItemTable = field(default_factory=ItemTable)
    item_definitions: dict[str, Metadata] = field(default_factory=dict)
    targets: dict[str, Target] = field(default_factory=dict)
    target_order: list[str] = field(default_factory=list)
    before_targets: dict[str, list[TargetHook]] = field(default_factory=dict)
    after_targets: dict[str, list[TargetHook]] = field(default_factory=dict)
    initial_targets: list[str] = field(default_factory=list)
    default_targets: list[str] = field(default_factory=list)
    using_tasks: list[UsingTask] = field(default_factory=list)
    imports: list[str] = field(default_factory=list)
    probed: list[str] = field(default_factory=list)
    globs: list[tuple[str, str]] = field(default_factory=list)
    variables: dict[str, str | None] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    import_traces: list[ImportTrace] | None = None
    environment_reads: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def property(self, name: str) -> str:
        """The unescaped value of a property, "" when not defined."""
        return self.properties.value(name)

    def is_true(self, name: str) -> bool:
        """Is the property `true` in any case?"""
        return self.property(name).strip().lower() == "true"

    def is_false(self, name: str) -> bool:
        """Is the property `false` in any case?"""
        return self.property(name).strip().lower() == "false"

    def items_of(self, item_type: str) -> list[Item]:
        """The items of a type, in order."""
        return self.items.items(item_type)

    def path_property(self, name: str) -> str:
        """A property that names a path, made absolute with slashes; "" stays."""
        value = self.property(name)
        return paths.full_path(value.replace("\\", "/"), self.directory) if value else ""
