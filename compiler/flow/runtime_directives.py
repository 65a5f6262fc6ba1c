"""rd.xml files -> the methods that they keep, and what .NET's native compiler refuses in them.

It supports part of the format: assemblies, types and methods by name, each as a whole with `Dynamic="Required All"`. What is outside of
that ends a publish.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from compiler.diagnostics import InputError
from compiler.flow.contexts import open_context
from compiler.flow.link_members import module_named
from compiler.flow.link_xml import XmlElement
from compiler.flow.type_names import resolve_in_assembly, resolve_type_name
from compiler.types.definitions import MethodDefinition, Module
from compiler.types.type_desc import MethodDesc, NamedType, TypeDesc
from compiler.types.universe import GenericContext, TypeUniverse

_ALL = "Required All"
_ROOTS = ("Library", "Application")
_DEGREES = ("Dynamic", "MarshalStructure", "MarshalDelegate")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a file means nothing, at an element of it."""

    element: XmlElement
    reason: str


@dataclass(slots=True)
class KeptByDirectives:
    """What a file keeps: assemblies as a whole by name, types with all members, methods, and instances of generic methods. After a
    refusal the rest of the file is not read."""

    assemblies: set[str] = field(default_factory=set)
    types: list[NamedType] = field(default_factory=list)
    methods: list[MethodDefinition] = field(default_factory=list)
    instances: list[MethodDesc] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)


class _Refused(Exception):
    def __init__(self, element: XmlElement, reason: str) -> None:
        super().__init__(reason)
        self.refusal = Refusal(element, reason)


def read_directives(universe: TypeUniverse, root: XmlElement) -> KeptByDirectives:
    """What the document keeps of the assemblies that `universe` finds."""
    kept = KeptByDirectives()
    try:
        _read(universe, root, kept)
    except _Refused as refused:
        kept.refusals.append(refused.refusal)
    return kept


def _read(universe: TypeUniverse, root: XmlElement, kept: KeptByDirectives) -> None:
    if len(root.children) != 1:
        raise _Refused(root, f"there is one element, Library or Application, below <{root.local_name}>, and not {len(root.children)}")
    top = root.children[0]
    if top.local_name not in _ROOTS:
        raise _Refused(top, f"<{top.local_name}> stands where Library or Application is expected")
    if top.attributes:
        raise _Refused(top, f"<{top.local_name}> takes no attributes")
    for element in _children(top, "Assembly"):
        name = _required(element, "Name")
        module = module_named(universe, name)
        if module is None:
            raise _Refused(element, f"there is no assembly '{name}'")
        if _has_degree(element, "Dynamic"):
            kept.assemblies.add(module.name)
        for child in _children(element, "Type"):
            _type(universe, module, child, kept)


def _type(universe: TypeUniverse, module: Module, element: XmlElement, kept: KeptByDirectives) -> None:
    name = _required(element, "Name")
    found = _resolved(universe, module, name)
    if found is None:
        raise _Refused(element, f"there is no type '{name}' in '{module.name}'")
    degrees = [_has_degree(element, degree) for degree in _DEGREES]
    named = found if isinstance(found, NamedType) else None
    if degrees[0] and named is not None:
        kept.types.append(named)
    for child in _children(element, "Method"):
        if named is None:
            raise _Refused(child, f"'{name}' has no methods of its own")
        _methods(universe, module, named, child, kept)


def _methods(universe: TypeUniverse, module: Module, owner: NamedType, element: XmlElement, kept: KeptByDirectives) -> None:
    name, definition = _required(element, "Name"), owner.definition
    parameters: list[TypeDesc] = []
    arguments: list[TypeDesc] = []
    for child in element.children:
        lists = {"Parameter": parameters, "GenericArgument": arguments}
        if child.local_name not in lists:
            raise _Refused(child, f"<{child.local_name}> is not supported in <{element.local_name}>")
        type_name = _required(child, "Name")
        found = _resolved(universe, module, type_name)
        if found is None:
            raise _Refused(child, f"there is no type '{type_name}'")
        lists[child.local_name].append(found)
    methods = [each for each in definition.methods_named(name) if _fits(universe, each, parameters, arguments)]
    if not methods:
        instantiated = f"<{', '.join(map(repr, arguments))}>" if arguments else ""
        signature = f"({', '.join(map(repr, parameters))})" if parameters else ""
        raise _Refused(element, f"there is no method '{definition.full_name}.{name}{instantiated}{signature}'")
    if arguments or owner.args:
        kept.instances += [universe.method(each, owner, tuple(arguments)) for each in methods]
    else:
        kept.methods += methods


def _fits(universe: TypeUniverse, method: MethodDefinition, parameters: list[TypeDesc], arguments: list[TypeDesc]) -> bool:
    """Whether a method has so many type parameters and, where some are given, these parameters."""
    if method.generic_count != len(arguments):
        return False
    if not parameters:
        return True
    if len(parameters) != len(method.sig.parameters):
        return False
    context = GenericContext(open_context(universe, method).type_args, tuple(arguments))
    try:
        return [universe.resolve_sig(method.module, each, context) for each in method.sig.parameters] == parameters
    except InputError:
        return False


def _resolved(universe: TypeUniverse, module: Module, name: str) -> TypeDesc | None:
    """A type by its reflection name: in the assembly, where the name says, or in the core library."""
    found = resolve_in_assembly(universe, name, module.name)
    return found if found is not None else resolve_type_name(universe, name, module)


def _children(element: XmlElement, name: str) -> Iterator[XmlElement]:
    """The children, all of which are to be of that name."""
    for child in element.children:
        if child.local_name != name:
            raise _Refused(child, f"<{child.local_name}> is not supported in <{element.local_name}>")
        yield child


def _required(element: XmlElement, attribute: str) -> str:
    value = element.get(attribute)
    if not value:
        raise _Refused(element, f"<{element.local_name}> needs the attribute '{attribute}'")
    return value


def _has_degree(element: XmlElement, attribute: str) -> bool:
    """Whether everything is asked for."""
    value = element.attributes.get(attribute)
    if value is not None and value != _ALL:
        raise _Refused(element, f"'{value}' is not supported as {attribute} of <{element.local_name}>; only '{_ALL}' is")
    return value is not None
