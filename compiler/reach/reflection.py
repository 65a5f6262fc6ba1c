"""What reflection can touch: facts about the program's bodies -> members and attributes that are kept, with what a use of them needs.

The facts are those that the analyzers report from (`compiler/flow`): where they warn of nothing, everything that reflection asks for
is here. Nothing is read before the program reaches a runtime call that looks members up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from compiler.diagnostics import InputError
from compiler.flow.annotations import Annotations
from compiler.flow.associations import members_of
from compiler.flow.binder import Reached, hierarchy, reached_members
from compiler.flow.body_reader import Constants
from compiler.flow.custom_attributes import AttributeReader
from compiler.flow.described_members import Described, members_embedded, members_of_assembly, members_of_files
from compiler.flow.dynamic_dependency import dependencies_of
from compiler.flow.facts import Fact, KeptType, MadeInstance, MemberAccess
from compiler.flow.generated import GeneratedCode
from compiler.flow.intrinsics import intrinsic_of
from compiler.flow.member_types import NESTED_TYPE_ACCESS, MemberTypes
from compiler.flow.method_facts import read_facts
from compiler.flow.parameters import parameter_rows
from compiler.flow.reader_kind import ReaderKind
from compiler.flow.root_files import RootFile
from compiler.il.decode import decode
from compiler.metadata.tokens import TableId, Token, decode_coded
from compiler.reach.world import AttributeUse, Node, World, WorldBuilder, is_bare
from compiler.types.casting import can_cast
from compiler.types.definitions import FieldDefinition, MethodDefinition, Module, TypeDefinition
from compiler.types.interfaces import all_interfaces
from compiler.types.type_desc import DeclaredParameter, GenericParameter, MethodDesc, NamedType, TypeDesc
from compiler.types.universe import EMPTY_CONTEXT, GenericContext, TypeUniverse

# Runtime calls by which the class library looks members up.
_MEMBER_CALLS = (
    "ic_RuntimeTypeHandle_GetFirstIntroducedMethod",
    "ic_RuntimeTypeHandle_GetFields",
    "qc_MetadataImport_Enum",
    "ic_Signature_GetSignature",
    "qc_RuntimeTypeHandle_Instantiate",
)
_DELEGATE_METHOD = "rt_delegate_method"
_ATTRIBUTE_CALL = "ic_MetadataImport_GetCustomAttributeProps"

# CustomAttributeData looks the names in blobs up among the members of the attribute's type.
_ATTRIBUTE_DATA = ("System.Reflection", "RuntimeCustomAttributeData")
# An expression tree that a visitor changes is made anew through a type over its delegate that the library looks up.
_EXPRESSION = "System.Linq.Expressions.Expression`1"
_RESOURCE_CALLS = tuple(f"qc_AssemblyNative_Get{name}" for name in ("Resource", "ManifestResourceNames", "ManifestResourceInfo"))
_USES = frozenset({"call", "callvirt", "newobj", "ldftn", "ldvirtftn"})
_STORES = frozenset({"stfld", "stsfld", "ldflda", "ldsflda"})
_ASSEMBLY, _MODULE = 0x20000001, 0x00000001
_USAGE = "System.AttributeUsageAttribute"


def is_framework(universe: TypeUniverse, module: Module) -> bool:
    """Whether a module is one of the class library."""
    return Path(module.image.file).parent == Path(universe.corlib.image.file).parent


def has_resources(universe: TypeUniverse, world: World, module: Module) -> bool:
    """Whether the program can ask for the embedded resources of a module."""
    return not is_framework(universe, module) and any(call in world.natives for call in _RESOURCE_CALLS)


@dataclass(frozen=True, slots=True)
class ReflectionRoots:
    """What a project keeps by itself: descriptors and rd.xml files, assemblies as a whole (lower-case names), feature switches."""

    files: tuple[RootFile, ...]
    whole_assemblies: frozenset[str]
    switches: Mapping[str, bool]


class ReflectionReach:
    """Follows one world. Invariant: nodes before `_position` have been looked at; every kept member stands on each of its owners so far."""

    def __init__(self, universe: TypeUniverse, constants: Constants, roots: ReflectionRoots) -> None:
        self.universe = universe
        self._roots = roots
        self._described: set[Module] = set()
        self._are_files_read = False
        self._attributes = AttributeReader(universe)
        self._generated = GeneratedCode(universe, self._attributes)
        self._annotations = Annotations(universe, self._attributes, self._generated, ReaderKind.PUBLISH)
        self._constants = constants
        self._position = 0
        self._parameters_position = 0
        runtime_type = universe.corlib_type("System", "RuntimeType")
        self._member_triggers: list[Node] = [("native", call) for call in _MEMBER_CALLS]
        self._member_triggers.append(("method", universe.find_method(runtime_type, "GetInterfaces")))
        arguments: Node = ("method", universe.find_method(runtime_type, "GetGenericArguments"))
        self._parameter_triggers: list[Node] = [*self._member_triggers, arguments]
        self._relevant: dict[tuple[Module, int], bool] = {}
        self._depended: set[MethodDefinition] = set()
        self._read: set[MethodDefinition] = set()
        self._facts: dict[MethodDefinition, list[Fact]] = defaultdict(list)
        # Instances of each type, and the members that are kept on all of them.
        self._instances: dict[TypeDefinition, dict[NamedType, None]] = defaultdict(dict)
        self._everywhere: dict[TypeDefinition, dict[MethodDefinition | FieldDefinition, Node]] = defaultdict(dict)
        self._method_instances: dict[MethodDesc, list[MethodDesc]] = defaultdict(list)
        self._delegate_targets: list[MethodDesc] = []
        self._kept: set[tuple[TypeDesc, int]] = set()
        self._attribute_types: list[NamedType] = []
        self._attributed: set[tuple[Module, int]] = set()
        self._waiting: dict[tuple[Module, int], Node] = {}

    def step(self, builder: WorldBuilder) -> None:
        """Marks what the nodes that were reached since the last step ask for."""
        self._keep_type_parameters(builder)
        reasons = builder.world.reasons
        if not any(trigger in reasons for trigger in self._member_triggers):
            return
        self._keep_described(builder)
        nodes = list(islice(reasons, self._position, None))
        self._position = len(reasons)
        for node in nodes:
            self._look_at(builder, node)
        if ("native", _DELEGATE_METHOD) in reasons:
            for method in self._delegate_targets:
                builder.add("reflected_method", method, ("delegate_target", method))
        if ("native", _ATTRIBUTE_CALL) in reasons:
            self._keep_attributes(builder)

    def _keep_type_parameters(self, builder: WorldBuilder) -> None:
        """Open generic types that the program names show their parameters and base types once it asks for such."""
        reasons = builder.world.reasons
        if not any(trigger in reasons for trigger in self._parameter_triggers):
            return
        for node in list(islice(reasons, self._parameters_position, None)):
            kind, target = node
            if kind == "type_object" and isinstance(target, NamedType) and target.definition.generic_count:
                base = self.universe.reflected_base_type(target) if is_bare(target) else None
                for desc in (*self.universe.declared_parameters(target.definition), *((base,) if base is not None else ())):
                    builder.add("type", desc, node)
        self._parameters_position = len(reasons)

    # ---- descriptors ----

    def _keep_described(self, builder: WorldBuilder) -> None:
        """What descriptors and rd.xml files keep, of the assemblies that the program has come to use."""
        switches = self._roots.switches
        if not self._are_files_read:
            self._are_files_read = True
            for member in members_of_files(self.universe, self._roots.files, switches):
                self._keep_one(builder, member)
            for name in sorted(self._roots.whole_assemblies):
                for member in members_of_assembly(self.universe, name):
                    self._keep_one(builder, member)
        for module in [each for each in self.universe.modules.values() if each not in self._described]:
            self._described.add(module)
            if not is_framework(self.universe, module):
                for member in members_embedded(self.universe, module, switches):
                    self._keep_one(builder, member)

    def _keep_one(self, builder: WorldBuilder, member: Described) -> None:
        node: Node = ("described", member)
        match member:
            case TypeDefinition():
                builder.add("type_object", self.universe.named(member, ()), node)
            case NamedType():
                self._keep(builder, member, NESTED_TYPE_ACCESS, node)
            case MethodDesc():
                builder.add("reflected_method", member, node)
            case _:
                self._keep_everywhere(builder, member, node)

    def _look_at(self, builder: WorldBuilder, node: Node) -> None:
        kind, target = node
        if kind == "method":
            assert isinstance(target, MethodDesc)
            self._look_at_method(builder, target, node)
        elif kind == "type" and isinstance(target, NamedType):
            self._look_at_type(builder, target, node)
        elif kind == "delegate_target":
            assert isinstance(target, MethodDesc)
            self._delegate_targets.append(target)
        elif kind in ("constructed", "type_object") and isinstance(target, NamedType) and not is_bare(target):
            self._look_at_visible_type(builder, target, node)

    def _look_at_visible_type(self, builder: WorldBuilder, desc: NamedType, node: Node) -> None:
        """A type that object.GetType or typeof gives: what it promises by itself."""
        promised = self._annotations.type_wide(desc.definition)
        if desc.is_enum:
            promised |= MemberTypes.PUBLIC_FIELDS
        if promised:
            self._keep(builder, desc, promised, node)
        if can_cast(self.universe, desc, self.universe.corlib_type("System", "Attribute")):
            self._keep_attribute_type(builder, desc, node)
        if desc.is_delegate and desc.definition.methods_named("Invoke"):
            builder.add("reflected_method", self.universe.find_method(desc, "Invoke"), node)

    def _keep_attribute_type(self, builder: WorldBuilder, desc: NamedType, node: Node) -> None:
        """Attribute.Equals and GetHashCode read the fields of attributes."""
        current: NamedType | None = desc
        while current is not None and current.full_name != "System.Attribute":
            for member in current.definition.fields:
                if not member.is_static:
                    self._keep_on(builder, current, member, node)
            current = self.universe.base_type(current)

    # ---- code ----

    def _look_at_method(self, builder: WorldBuilder, method: MethodDesc, node: Node) -> None:
        definition = method.definition
        if method.args:
            self._check_arguments(builder, definition, method.args, node)
            self._keep_generic_instance(builder, method, node)
        if self._is_relevant(definition):
            user = self._generated.user_method(definition)
            if user not in self._read:
                self._read.add(user)
                for fact in read_facts(self._annotations, self._generated, self._constants, user):
                    if isinstance(fact.origin.member, MethodDefinition):
                        self._facts[fact.origin.member].append(fact)
        if definition not in self._depended:
            self._depended.add(definition)
            for dependency in dependencies_of(self._annotations, self._attributes, definition):
                for member in dependency.reached:
                    self._reach(builder, {}, member, node)
        facts = self._facts.get(definition)
        if facts:
            self._apply(builder, facts, GenericContext(method.owner.args, method.args), node)

    def _is_relevant(self, definition: MethodDefinition) -> bool:
        """Whether a body has a call or store where values of types matter; others need not be read."""
        try:
            body = definition.body
            if body is None:
                return False
            if self._annotations.of_method(definition).result:
                return True
            return any(
                (i.name in _USES or i.name in _STORES) and isinstance(i.operand, int) and self._asks(definition.module, i.operand)
                for i in decode(body.code)
            )
        except InputError:
            return False

    def _asks(self, module: Module, token: int) -> bool:
        key = (module, token)
        found = self._relevant.get(key)
        if found is None:
            try:
                found = self._asks_for_members(module, Token(token))
            except InputError:
                found = False
            self._relevant[key] = found
        return found

    def _asks_for_members(self, module: Module, token: Token) -> bool:
        if self.universe.is_field_token(module, token):
            return bool(self._annotations.of_field(self.universe.resolve_field(module, token, EMPTY_CONTEXT).definition))
        method = self.universe.resolve_method(module, token, EMPTY_CONTEXT)
        if not isinstance(method, MethodDesc):
            return False
        if intrinsic_of(self.universe, method.definition) is not None:
            return method.name not in ("GetTypeFromHandle", "GetType", "Empty")
        asked = self._annotations.of_method(method.definition)
        return any(asked.parameters.values())

    def _apply(self, builder: WorldBuilder, facts: Iterable[Fact], context: GenericContext, node: Node) -> None:
        precise: dict[object, set[TypeDefinition]] = defaultdict(set)
        for fact in facts:
            if isinstance(fact, KeptType):
                desc = self.universe.substitute(fact.type, context)
                precise[fact.origin].update(hierarchy(self.universe, desc))
                self._keep(builder, desc, fact.members, node)
            elif isinstance(fact, MadeInstance):
                self._make_instance(builder, fact.instance, context, node)
        for fact in facts:
            if isinstance(fact, MemberAccess) and fact.kind is None and fact.member.owner not in precise[fact.origin]:
                self._keep_everywhere(builder, fact.member, node)

    def _make_instance(self, builder: WorldBuilder, instance: TypeDesc | MethodDesc, context: GenericContext, node: Node) -> None:
        """An instance that MakeGenericType or MakeGenericMethod makes of known parts."""
        if isinstance(instance, TypeDesc):
            builder.add("type_object", self.universe.substitute(instance, context), node)
            return
        owner = self.universe.substitute(instance.owner, context)
        args = tuple(self.universe.substitute(arg, context) for arg in instance.args)
        if isinstance(owner, NamedType) and not owner.is_open and not any(arg.is_open for arg in args):
            builder.add("reflected_method", self.universe.method(instance.definition, owner, args), node)

    # ---- type arguments ----

    def _look_at_type(self, builder: WorldBuilder, desc: NamedType, node: Node) -> None:
        definition = desc.definition
        if desc.args:
            self._check_arguments(builder, definition, desc.args, node)
        if definition.full_name == _EXPRESSION and not desc.is_open:
            creator = definition.module.find_type(definition.namespace, "ExpressionCreator`1")
            if creator is not None:
                builder.add("type_object", self.universe.named(creator, desc.args), node)
        self._instances[definition][desc] = None
        for member, reason in list(self._everywhere[definition].items()):
            self._keep_on(builder, desc, member, reason)

    def _check_arguments(
        self, builder: WorldBuilder, owner: TypeDefinition | MethodDefinition, args: tuple[TypeDesc, ...], node: Node
    ) -> None:
        for index, arg in enumerate(args):
            annotation = self._annotations.generic_parameter(owner, index).annotation
            if annotation:
                self._keep(builder, arg, annotation, node)

    # ---- members ----

    def _keep(self, builder: WorldBuilder, desc: TypeDesc, members: int, node: Node) -> None:
        """`members` of a known type are kept."""
        if (desc, members) in self._kept or isinstance(desc, GenericParameter):
            return
        self._kept.add((desc, members))
        builder.add("type_object", desc, node)
        owners = self._owners(desc)
        if members & MemberTypes.INTERFACES and not is_bare(desc):
            for interface in all_interfaces(self.universe, desc):
                builder.add("type", interface, node)
        try:
            for member in reached_members(self.universe, desc, members):
                self._reach(builder, owners, member, node)
        except InputError:
            return

    def _owners(self, desc: TypeDesc) -> dict[TypeDefinition, NamedType]:
        current = desc if isinstance(desc, NamedType) else self.universe.base_type(desc)
        owners: dict[TypeDefinition, NamedType] = {}
        while current is not None:
            owners[current.definition] = current
            current = None if is_bare(current) else self.universe.base_type(current)
        return owners

    def _reach(self, builder: WorldBuilder, owners: dict[TypeDefinition, NamedType], member: Reached, node: Node) -> None:
        if isinstance(member, TypeDefinition):
            builder.add("type_object", self.universe.named(member, ()), node)
            return
        owner = owners.get(member.owner)
        if owner is not None:
            self._keep_on(builder, owner, member, node)
        else:
            self._keep_everywhere(builder, member, node)

    def _keep_everywhere(self, builder: WorldBuilder, member: MethodDefinition | FieldDefinition, node: Node) -> None:
        """A member is kept on every instance of its type."""
        if member in self._everywhere[member.owner]:
            return
        self._everywhere[member.owner][member] = node
        if not member.owner.generic_count:
            builder.add("type", self.universe.named(member.owner, ()), node)
        for desc in list(self._instances[member.owner]):
            self._keep_on(builder, desc, member, node)

    def _keep_on(self, builder: WorldBuilder, owner: NamedType, member: MethodDefinition | FieldDefinition, node: Node) -> None:
        if owner.is_open:
            return
        if isinstance(member, FieldDefinition):
            builder.add("reflected_field", self.universe.field(member, owner), node)
        elif member.name != ".cctor":
            method = self.universe.method(member, owner, ())
            builder.add("reflected_method", method, node)
            for instance in self._method_instances[method]:
                builder.add("reflected_method", instance, node)
        elif not is_bare(owner):
            builder.add("cctor", owner, node)

    def _keep_generic_instance(self, builder: WorldBuilder, method: MethodDesc, node: Node) -> None:
        """An instance of a kept generic method is found by MakeGenericMethod."""
        opened = self.universe.method(method.definition, method.owner, ())
        self._method_instances[opened].append(method)
        if ("reflected_method", opened) in builder.world.reasons:
            builder.add("reflected_method", method, node)

    # ---- attributes ----

    def _keep_attributes(self, builder: WorldBuilder) -> None:
        world = builder.world
        for module, token, reason in list(self._entities(world)):
            if (module, token) in self._attributed:
                continue
            self._attributed.add((module, token))
            for row in module.attribute_rows(token):
                self._waiting[module, row] = reason
        for (module, row), reason in list(self._waiting.items()):
            constructor = self._constructor(module, row)
            if constructor is None:
                del self._waiting[module, row]
            elif self._is_wanted(builder, module, constructor):
                del self._waiting[module, row]
                builder.add("attribute", AttributeUse(module, row, constructor), reason)
                builder.add("reflected_method", constructor, reason)
                self._attribute_types.append(constructor.owner)
        if ("constructed", self.universe.corlib_type(*_ATTRIBUTE_DATA)) in builder.world.reasons:
            for desc in self._attribute_types:
                self._keep(builder, desc, MemberTypes.PUBLIC_FIELDS | MemberTypes.PUBLIC_PROPERTIES, ("type", desc))

    def _is_wanted(self, builder: WorldBuilder, module: Module, constructor: MethodDesc) -> bool:
        """The program's own attributes are kept; of the class library's those whose type the program names."""
        if not is_framework(self.universe, module) or constructor.owner.full_name == _USAGE:
            return True
        reasons = builder.world.reasons
        current: NamedType | None = constructor.owner
        while current is not None and current.full_name not in ("System.Attribute", "System.Object"):
            if ("type_object", current) in reasons:
                return True
            current = self.universe.base_type(current)
        return False

    def _constructor(self, module: Module, row: int) -> MethodDesc | None:
        token = decode_coded("CustomAttributeType", module.image.column(TableId.CUSTOM_ATTRIBUTE, "Type")[row - 1])
        try:
            found = self.universe.resolve_method(module, token, EMPTY_CONTEXT)
            attribute = self.universe.corlib_type("System", "Attribute")
            if isinstance(found, MethodDesc) and not found.is_open and can_cast(self.universe, found.owner, attribute):
                return found
        except InputError:
            return None
        return None

    def _entities(self, world: World) -> Iterator[tuple[Module, int, Node]]:
        """What can carry attributes: the types of the program, its kept members with their parameters, its own assemblies."""
        modules: dict[Module, Node] = {}
        for desc in world.types:
            if isinstance(desc, DeclaredParameter):
                yield desc.owner.module, desc.token, ("type", desc)
            elif isinstance(desc, NamedType):
                modules.setdefault(desc.definition.module, ("type", desc))
                yield desc.definition.module, desc.definition.token, ("type", desc)
        for method in world.reflected_methods:
            reason: Node = ("reflected_method", method)
            definition = method.definition
            yield definition.module, definition.token, reason
            for row in parameter_rows(definition).values():
                yield definition.module, row.token, reason
            yield from self._semantic_entities(definition.owner, reason)
        for found in world.reflected_fields:
            yield found.definition.module, found.definition.token, ("reflected_field", found)
        for module, reason in modules.items():
            if not is_framework(self.universe, module):
                yield module, _ASSEMBLY, reason
                yield module, _MODULE, reason

    def _semantic_entities(self, owner: TypeDefinition, node: Node) -> Iterator[tuple[Module, int, Node]]:
        for events in (False, True):
            for member in members_of(owner, events=events):
                yield owner.module, member.token, node
