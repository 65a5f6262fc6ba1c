"""Generic code of one module -> where it asks for ever deeper instantiations of itself (see ECMA-335 II.9.2 for types).

Type parameters are the nodes of a graph. An edge says that an argument for the parameter at its end mentions the one at its start; it
expands when the argument is more than that parameter. A cycle with such an edge never comes to an end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from compiler.diagnostics import InputError
from compiler.flow.contexts import open_context, open_type_context
from compiler.flow.overrides import overrides_of
from compiler.flow.reader_kind import ReaderKind
from compiler.il.decode import decode
from compiler.metadata.signatures import ElementType
from compiler.metadata.tokens import TableId, Token, decode_coded
from compiler.types.definitions import MethodDefinition, Module, TypeDefinition
from compiler.types.type_desc import ArrayType, FieldDesc, GenericParameter, MethodDesc, NamedType, PointerType, TypeDesc
from compiler.types.universe import GenericContext, TypeUniverse

Owner = TypeDefinition | MethodDefinition
_Parameter = tuple[Owner, int]
# What may be a token of a MemberRef, TypeSpec or MethodSpec.
_OPERANDS = re.compile(rb"(?=(...[\x0a\x1b\x2b]))", re.DOTALL)
_COMPOUND = (ElementType.GENERICINST, ElementType.SZARRAY, ElementType.ARRAY, ElementType.PTR)


@dataclass(frozen=True, slots=True)
class Expansion:
    """Code of `owner` that asks for `referent`, an instantiation of generic code that comes back to `owner`."""

    owner: Owner
    referent: MethodDesc | NamedType


@dataclass(frozen=True, slots=True)
class GenericCycles:
    """The expansions of a module and all types and methods that take part, in the order of the module."""

    expansions: tuple[Expansion, ...]
    members: tuple[Owner, ...]


@dataclass(frozen=True, slots=True)
class _Edge:
    start: _Parameter
    end: _Parameter
    expands: bool
    use: Expansion


def generic_cycles(universe: TypeUniverse, module: Module) -> GenericCycles:
    """Where generic code of `module` expands without end."""
    if not _may_expand(module):
        return GenericCycles((), ())
    edges = _reached_edges(universe, module)
    component = _components({node for edge in edges for node in (edge.start, edge.end)}, edges)
    inner = [edge for edge in edges if component[edge.start] == component[edge.end]]
    endless = {component[edge.start] for edge in inner if edge.expands}
    members = dict.fromkeys(node[0] for edge in inner if component[edge.start] in endless for node in (edge.start, edge.end))
    expansions = dict.fromkeys(edge.use for edge in inner if edge.expands)
    return GenericCycles(tuple(expansions), tuple(members))


def _reached_edges(universe: TypeUniverse, module: Module) -> list[_Edge]:
    """The edges of code that has an expanding one, and of all code that these lead to, in the order of the module.

    A cycle with an expanding edge is among them, for all of it is reached from the end of that edge.
    """
    tokens, expanding = _telling_tokens(module)
    owners = list(_generic_owners(module))
    known = {owner: list(_edges(universe, owner, tokens)) for owner in owners if _may_have(owner, expanding)}
    pending = [edge.end for edges in known.values() for edge in edges if edge.expands]
    if not pending:
        return []
    overrides = [
        edge
        for rid, methods in _generic_types(module).items()
        if any(module.method_at(method).is_virtual for method in methods)
        for edge in _override_edges(universe, module.type_definition(rid))
    ]
    seen = set(pending)
    while pending:
        owner, _ = node = pending.pop()
        following = [edge.end for edge in overrides if edge.start == node]
        sources: list[Owner] = [owner, *owner.methods] if isinstance(owner, TypeDefinition) else [owner]
        for source in sources:
            if source not in known:
                known[source] = list(_edges(universe, source, tokens))
            following += [edge.end for edge in known[source] if edge.start == node]
        pending += [each for each in dict.fromkeys(following) if each not in seen]
        seen.update(following)
    return [*(edge for owner in owners for edge in known.get(owner, ())), *overrides]


def _may_have(owner: Owner, tokens: frozenset[int]) -> bool:
    """Whether a declaration or a body names one of `tokens`; sometimes True without one. Fields are looked at by their signatures."""
    if isinstance(owner, TypeDefinition):
        image = owner.module.image
        signatures = (image.blob(image.column(TableId.FIELD, "Signature")[(field.token & 0xFFFFFF) - 1]) for field in owner.fields)
        named = (owner.extends, *owner.interface_tokens)
        return any(token in tokens for token in named) or any(_mentions_more(each) for each in signatures)
    try:
        body = owner.body
    except InputError:
        return False
    return body is not None and any(int.from_bytes(each, "little") in tokens for each in _OPERANDS.findall(body.code))


def _may_expand(module: Module) -> bool:
    """Whether a signature gives generic code of the module an argument that is more than a type parameter; sometimes True without one."""
    image = module.image
    specs = TableId.METHOD_SPEC
    for coded, arguments in zip(image.column(specs, "Method"), image.column(specs, "Instantiation"), strict=True):
        is_own = decode_coded("MethodDefOrRef", coded) >> 24 == TableId.METHOD_DEF
        if is_own and _mentions_more(image.blob(arguments)):
            return True
    for signature in image.column(TableId.TYPE_SPEC, "Signature"):
        blob = image.blob(signature)
        # GENERICINST, CLASS or VALUETYPE, and a TypeDef in the lowest bits of its token's last byte.
        if len(blob) > 3 and blob[0] == ElementType.GENERICINST and _is_definition(blob) and _mentions_more(blob[3:]):
            return True
    return False


def _telling_tokens(module: Module) -> tuple[frozenset[int], frozenset[int]]:
    """The tokens whose arguments mention type parameters, for no other one makes an edge; those of them that may make an expanding one."""
    image = module.image
    telling: set[int] = set()
    expanding: set[int] = set()

    def note(token: int, blob: bytes, of: int = 0) -> None:
        if of in telling or ElementType.VAR in blob or ElementType.MVAR in blob:
            telling.add(token)
        if of in expanding or _mentions_more(blob):
            expanding.add(token)

    for rid, signature in enumerate(image.column(TableId.TYPE_SPEC, "Signature"), 1):
        # The instantiation itself is no argument: its own GENERICINST does not count.
        blob = image.blob(signature)
        note(TableId.TYPE_SPEC << 24 | rid, blob[1:] if blob[:1] == bytes((ElementType.GENERICINST,)) else blob)
    for rid, coded in enumerate(image.column(TableId.MEMBER_REF, "Class"), 1):
        note(TableId.MEMBER_REF << 24 | rid, b"", decode_coded("MemberRefParent", coded))
    columns = (image.column(TableId.METHOD_SPEC, "Method"), image.column(TableId.METHOD_SPEC, "Instantiation"))
    for rid, (coded, signature) in enumerate(zip(*columns, strict=True), 1):
        note(TableId.METHOD_SPEC << 24 | rid, image.blob(signature)[1:], decode_coded("MethodDefOrRef", coded))
    return frozenset(telling), frozenset(expanding)


def _is_definition(blob: bytes) -> bool:
    size = 1 if not blob[2] & 0x80 else 2 if not blob[2] & 0x40 else 4
    return len(blob) >= 2 + size and not blob[1 + size] & 0x03


def _mentions_more(blob: bytes) -> bool:
    has_parameter = ElementType.VAR in blob or ElementType.MVAR in blob
    return has_parameter and any(kind in blob for kind in _COMPOUND)


def _generic_types(module: Module) -> dict[int, list[int]]:
    """The rows of the types that are generic or have a generic method, each with the rows of its generic methods, in order."""
    found: dict[int, list[int]] = {}
    for coded in sorted(set(module.image.column(TableId.GENERIC_PARAM, "Owner"))):
        token = decode_coded("TypeOrMethodDef", coded)
        rid = token & 0xFFFFFF
        if token >> 24 == TableId.TYPE_DEF:
            found.setdefault(rid, [])
        else:
            found.setdefault(module.method_owner(rid), []).append(rid)
    return dict(sorted(found.items()))


def _generic_owners(module: Module) -> Iterator[Owner]:
    for rid, methods in _generic_types(module).items():
        definition = module.type_definition(rid)
        if definition.generic_count:
            yield definition
            yield from definition.methods
        else:
            yield from (module.method_at(method) for method in methods)


def _edges(universe: TypeUniverse, owner: Owner, tokens: frozenset[int]) -> Iterator[_Edge]:
    for used in _uses(universe, owner, tokens):
        yield from _edges_to(owner, used)


def _override_edges(universe: TypeUniverse, definition: TypeDefinition) -> Iterator[_Edge]:
    """A call of a virtual method is one of what overrides it."""
    for pair in overrides_of(universe, definition, ReaderKind.PUBLISH):
        if pair.base.module is definition.module and pair.method.module is definition.module:
            used = universe.method(pair.method, universe.named(pair.method.owner, ()), ())
            for index in range(pair.method.generic_count):
                yield _Edge((pair.base, index), (pair.method, index), False, Expansion(pair.base, used))  # noqa: FBT003 (expands)


def _edges_to(owner: Owner, used: TypeDesc | MethodDesc) -> Iterator[_Edge]:
    if isinstance(used, MethodDesc):
        yield from _arguments(owner, used.definition, used.args, Expansion(owner, used))
        yield from _edges_to(owner, used.owner)
    elif isinstance(used, NamedType):
        yield from _arguments(owner, used.definition, used.args, Expansion(owner, used))
        for arg in used.args:
            yield from _edges_to(owner, arg)
    elif isinstance(used, ArrayType | PointerType):
        yield from _edges_to(owner, used.item)


def _arguments(owner: Owner, target: Owner, args: tuple[TypeDesc, ...], use: Expansion) -> Iterator[_Edge]:
    if target.module is not owner.module:
        return
    for index, arg in enumerate(args):
        for parameter in _parameters_in(arg):
            yield _Edge(_declared(owner, parameter), (target, index), arg is not parameter, use)


def _declared(owner: Owner, parameter: GenericParameter) -> _Parameter:
    if parameter.element is ElementType.MVAR or isinstance(owner, TypeDefinition):
        return owner, parameter.index
    return owner.owner, parameter.index


def _parameters_in(desc: TypeDesc) -> Iterator[GenericParameter]:
    if isinstance(desc, GenericParameter):
        yield desc
    elif isinstance(desc, NamedType):
        for arg in desc.args:
            yield from _parameters_in(arg)
    elif isinstance(desc, ArrayType | PointerType):
        yield from _parameters_in(desc.item)


# ---- uses ----


def _uses(universe: TypeUniverse, owner: Owner, tokens: frozenset[int]) -> Iterator[TypeDesc | MethodDesc]:
    """The generic types and methods that a declaration or a body names with arguments that mention type parameters."""
    if isinstance(owner, TypeDefinition):
        context = open_type_context(universe, owner)
        for field in owner.fields:
            yield from _resolved_field(universe, owner.module, field.token, context)
        for token in (owner.extends, *owner.interface_tokens):
            if token:
                yield from _resolved(universe, owner.module, token, context)
        return
    try:
        body = owner.body
        instructions = decode(body.code) if body is not None else []
    except InputError:
        return
    context = open_context(universe, owner)
    operands = {each.operand for each in instructions if isinstance(each.operand, int) and _names(each.name)}
    for operand in sorted(operands & tokens):
        yield from _resolved(universe, owner.module, Token(operand), context)


def _names(instruction: str) -> bool:
    """Whether the operand of an instruction is a token."""
    return not instruction.startswith(("ldc.", "br", "b", "leave", "ldarg", "ldloc", "starg", "stloc", "switch")) or instruction == "box"


def _resolved(universe: TypeUniverse, module: Module, token: Token, context: GenericContext) -> Iterator[TypeDesc | MethodDesc]:
    try:
        if token >> 24 in (TableId.TYPE_DEF, TableId.TYPE_REF, TableId.TYPE_SPEC):
            yield universe.resolve_type(module, token, context)
        elif universe.is_field_token(module, token):
            yield universe.resolve_field(module, token, context).owner
        else:
            found = universe.resolve_method(module, token, context)
            if isinstance(found, MethodDesc):
                yield found
    except InputError:
        return


def _resolved_field(universe: TypeUniverse, module: Module, token: Token, context: GenericContext) -> Iterator[TypeDesc]:
    try:
        field: FieldDesc = universe.resolve_field(module, token, context)
        yield universe.resolve_sig(module, field.definition.sig, context)
    except InputError:
        return


# ---- strongly connected components ----


def _components(nodes: set[_Parameter], edges: list[_Edge]) -> dict[_Parameter, int]:
    """Node -> number of its strongly connected component: those that reach it and that it reaches, by two walks of the graph."""
    successors: dict[_Parameter, list[_Parameter]] = {node: [] for node in nodes}
    predecessors: dict[_Parameter, list[_Parameter]] = {node: [] for node in nodes}
    for edge in edges:
        successors[edge.start].append(edge.end)
        predecessors[edge.end].append(edge.start)
    finished: list[_Parameter] = []
    seen: set[_Parameter] = set()
    for node in nodes:
        _walk(node, successors, seen, finished)
    component: dict[_Parameter, int] = {}
    assigned: set[_Parameter] = set()
    for number, node in enumerate(reversed(finished)):
        reached: list[_Parameter] = []
        _walk(node, predecessors, assigned, reached)
        component.update(dict.fromkeys(reached, number))
    return component


def _walk(start: _Parameter, ways: dict[_Parameter, list[_Parameter]], seen: set[_Parameter], finished: list[_Parameter]) -> None:
    """Depth first from `start`; nodes are added to `finished` after all that they lead to."""
    if start in seen:
        return
    seen.add(start)
    stack = [(start, iter(ways[start]))]
    while stack:
        node, rest = stack[-1]
        following = next((each for each in rest if each not in seen), None)
        if following is None:
            finished.append(node)
            stack.pop()
        else:
            seen.add(following)
            stack.append((following, iter(ways[following])))
