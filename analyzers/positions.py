"""Facts and members -> places in source files.

The sequence points of a module's PDB give the statement around an IL offset. With an index of the sources the operation itself is
found: the instruction at the offset names a member, and the operation in the statement that uses this member is meant.
"""

from __future__ import annotations

from bisect import bisect_right

from analyzers.source_index import PlaceReads, SourceIndex
from compiler.diagnostics import InputError, Location
from compiler.flow.associations import SemanticMember, association
from compiler.flow.contexts import open_context
from compiler.flow.documentation_ids import field_id, member_id, method_id, type_id
from compiler.flow.facts import Member, Origin
from compiler.flow.generated import is_lambda, is_lambda_or_local_function, user_type
from compiler.flow.source_functions import SourceFunction
from compiler.il.decode import Instruction, decode
from compiler.metadata.portable_pdb import PortablePdb, SequencePoint
from compiler.metadata.tokens import TableId, Token, decode_coded
from compiler.types.definitions import FieldDefinition, MethodDefinition, Module, TypeDefinition
from compiler.types.type_desc import MethodDesc, NamedType
from compiler.types.universe import EMPTY_CONTEXT, TypeUniverse

_FIELD_SIGNATURE = 6
_CALLS = frozenset(("call", "callvirt", "newobj", "ldftn", "ldvirtftn"))
_LOADS = frozenset(("ldfld", "ldsfld", "ldflda", "ldsflda"))
_STORES = frozenset(("stfld", "stsfld"))
_DYNAMIC = ("Microsoft.CSharp.RuntimeBinder.Binder", "System.Runtime.CompilerServices.CallSite`1")


class Positions:
    """Places of one module. Without a PDB, or for what the user did not write, the answer is None."""

    def __init__(self, universe: TypeUniverse, module: Module, pdb: PortablePdb | None, index: SourceIndex | None) -> None:
        self._universe = universe
        self._module = module
        self._pdb = pdb
        self._index = index
        self._points: dict[int, list[SequencePoint]] = {}
        self._instructions: dict[MethodDefinition, list[Instruction]] = {}
        self._reads = PlaceReads()

    def note_in(self, reads: PlaceReads) -> None:
        """From now on what is looked at is noted in `reads`."""
        self._reads = reads
        if self._index is not None:
            self._index.reads = reads

    @property
    def has_symbols(self) -> bool:
        """Whether there are symbols."""
        return self._pdb is not None

    def code_of(self, method: MethodDefinition) -> list[Location]:
        """The places of a method's statements."""
        return [_location(point) for point in self._visible_points(method)]

    def files_of(self, definition: TypeDefinition) -> list[str]:
        """The files that declare a type, or the type around it that a user wrote."""
        return self._index.files_of(type_id(user_type(definition))) if self._index is not None else []

    def at(self, origin: Origin) -> Location | None:
        """The place of a fact: the operation, else the statement, else the declaration of the member."""
        member = origin.member
        if origin.place is not None:
            return origin.place
        if origin.attribute:
            return self._attribute(origin)
        if origin.il_offset < 0 or not isinstance(member, MethodDefinition):
            return self.declaration(member)
        statement, operation = self._found(origin)
        return operation or statement or self._in_implicit_code(member)

    def local_origin(self, origin: Origin, index: int) -> str:
        """See `SourceIndex.local_origin`."""
        if self._index is None or origin.il_offset < 0 or not isinstance(origin.member, MethodDefinition):
            return ""
        place = self._found(origin)[1]
        return self._index.local_origin(place, index) if place is not None else ""

    def reference(self, origin: Origin) -> Location | None:
        """The place of a fact about a field: where its name stands, also when it is stored to."""
        if not isinstance(origin.member, MethodDefinition) or origin.il_offset < 0:
            return self.at(origin)
        return self._found(origin, is_store=False)[1] or self.at(origin)

    def _found(self, origin: Origin, *, is_store: bool = True) -> tuple[Location | None, Location | None]:
        """The statement and the operation of an instruction, each None where it is not known."""
        method = origin.member
        assert isinstance(method, MethodDefinition)
        points = self._visible_points(method)
        if not points:
            return None, None
        number = max(bisect_right([point.il_offset for point in points], origin.il_offset) - 1, 0)
        statement = _location(points[number])
        self._reads.note(statement)
        if self._index is None:
            return statement, None
        start, end = points[number].il_offset, points[number + 1].il_offset if number + 1 < len(points) else 1 << 30
        return statement, self._operation(method, origin.il_offset, statement, (start, end), is_store=is_store)

    def is_suppressed_in_source(self, member: Member, place: Location | None, rule_id: str) -> bool:
        """Whether a SuppressMessage attribute stands on the member, on what it belongs to, or on the field being initialized."""
        if self._index is None:
            return False
        keys = [self._key(member)]
        if isinstance(member, MethodDefinition) and (accessed := association(member)) is not None:
            keys.append(member_id(self._universe, accessed.module, accessed.token))
        owner: TypeDefinition | None = member if isinstance(member, TypeDefinition) else member.owner
        while owner is not None:
            keys.append(type_id(owner))
            owner = owner.enclosing
        if place is not None:
            keys.append(self._index.initialized_at(place))
        return any(key and self._index.has_suppression(key, rule_id) for key in keys)

    def initialized_field(self, member: Member, place: Location | None) -> FieldDefinition | None:
        """The field in whose initializer `place` is, when `member` is a constructor."""
        if self._index is None or place is None or not isinstance(member, MethodDefinition) or member.name not in (".ctor", ".cctor"):
            return None
        key = self._index.initialized_at(place)
        return next((f for f in member.owner.fields if field_id(f) == key or _backs(f, key)), None) if key else None

    def is_written(self, method: MethodDefinition) -> bool:
        """Whether the user wrote the body of `method`; True when there are no symbols to tell."""
        return self._pdb is None or bool(self._visible_points(method))

    def statements(self, method: MethodDefinition) -> frozenset[int]:
        """The IL offsets where the statements of `method` begin."""
        points = self._visible_points(method)
        for point in points:
            self._reads.note(_location(point))
        return frozenset(point.il_offset for point in points)

    def is_operation(self, origin: Origin) -> bool:
        """Whether an instruction stands for an operation of the source; True when there is no index to tell."""
        if self._index is None or origin.il_offset < 0 or not isinstance(origin.member, MethodDefinition):
            return True
        return self._found(origin)[1] is not None

    def declaration(self, member: Member) -> Location | None:
        """The name in a member's declaration; None where it is not known."""
        return self._index.declaration(self._key(member)) if self._index is not None else None

    def syntax(self, member: Member, suffix: str = "", target: str = "") -> tuple[Location | None, Location | None]:
        """A member's declaration behind its attribute lists, and the arguments of its DynamicallyAccessedMembers attribute for `target`
        ("return: "); None where there are none. A suffix `#` or `<` with an index stands for a parameter or type parameter of it."""
        if self._index is None or member.module is not self._module:
            return None, None
        key = self._key(member) + suffix
        return self._index.declaration(f"^{key}"), self._index.declaration(f"[{target}{key}")

    def expression_statement(self, origin: Origin) -> Location | None:
        """The statement around an instruction when it is an expression alone, which can be put in a block."""
        if self._index is not None and origin.place is not None:
            return self._index.enclosing(origin.place, (";",))
        if self._index is None or origin.il_offset < 0 or not isinstance(origin.member, MethodDefinition):
            return None
        statement = self._found(origin)[0]
        return self._index.operation(statement, (";",), 0) if statement is not None else None

    def parameter(self, method: MethodDefinition, index: int) -> Location | None:
        """The name of a parameter in a method's declaration."""
        found = self._index.declaration(f"{self._key(method)}#{index}") if self._index is not None else None
        return found or self.declaration(method)

    def type_parameter(self, owner: MethodDefinition | TypeDefinition, index: int) -> Location | None:
        """The name of a type parameter in a declaration."""
        found = self._index.declaration(f"{self._key(owner)}<{index}") if self._index is not None else None
        return found or self.declaration(owner)

    def _in_implicit_code(self, method: MethodDefinition) -> Location | None:
        """The declaration that made a compiler write `method`: itself, or its type for a constructor that nobody wrote."""
        return self.declaration(method) or self.declaration(method.owner)

    def _attribute(self, origin: Origin) -> Location | None:
        if self._index is None:
            return None
        module = origin.member.module
        coded = module.image.column(TableId.CUSTOM_ATTRIBUTE, "Type")[origin.attribute - 1]
        constructor = self._method_key(module, decode_coded("CustomAttributeType", coded), None)
        key = f"@{self._key(origin.member)}@{constructor}"
        place = self._index.attribute(f"{key}={origin.argument}") if origin.argument else None
        return place or self._index.attribute(key) or self.declaration(origin.member)

    # ---- operations ----

    def _operation(
        self, method: MethodDefinition, offset: int, statement: Location, span: tuple[int, int], *, is_store: bool
    ) -> Location | None:
        instructions = self._instructions.get(method)
        if instructions is None:
            body = method.body
            instructions = self._instructions[method] = decode(body.code) if body is not None else []
        found = next((each for each in instructions if each.offset == offset), None)
        if found is None or self._index is None:
            return None
        alike = [i for i in instructions if span[0] <= i.offset < span[1] and i.name == found.name and i.operand == found.operand]
        keys, ordinal = self._keys(method, found), alike.index(found) if found in alike else 0
        if not is_store:
            keys = tuple(key.removeprefix("=") for key in keys)
        place = self._index.operation(statement, keys, ordinal)
        if place is None and method.name == ".ctor" and found.name == "call":
            return self._index.enclosing(statement, keys)
        return place

    def _keys(self, method: MethodDefinition, instruction: Instruction) -> tuple[str, ...]:
        """The keys of the operations that an instruction can come from, the likeliest first."""
        name, operand = instruction.name, instruction.operand
        if name in ("ret", "stloc"):
            return ("return",)
        if name.startswith(("stind", "stobj")):
            return ("=*",)
        if not isinstance(operand, int):
            return ()
        if name == "starg":
            return (f"=#{operand if method.is_static else operand - 1}",)
        token = Token(operand)
        try:
            if name in _CALLS:
                return (self._method_key(method.module, token, method),)
            if name in _LOADS or name in _STORES:
                definition = self._universe.resolve_field(method.module, token, open_context(self._universe, method)).definition
                return (f"={field_id(definition)}" if name in _STORES else field_id(definition), *_backed_property(definition, name))
            if name == "ldtoken":
                return self._token_keys(method, token)
        except InputError:
            return ()
        return ()

    def _token_keys(self, method: MethodDefinition, token: Token) -> tuple[str, ...]:
        """The keys of what `ldtoken` loads: a type, a method, or a field (an expression tree names its members so)."""
        context = open_context(self._universe, method)
        table = token >> 24
        if table in (TableId.TYPE_DEF, TableId.TYPE_REF, TableId.TYPE_SPEC):
            desc = self._universe.resolve_type(method.module, token, context)
            return (type_id(desc.definition),) if isinstance(desc, NamedType) else ()
        if table == TableId.FIELD or (table == TableId.MEMBER_REF and _is_field(method.module, token & 0xFFFFFF)):
            return (field_id(self._universe.resolve_field(method.module, token, context).definition),)
        return (self._method_key(method.module, token, method),)

    def generic_name(self, origin: Origin, owner: TypeDefinition | MethodDefinition) -> Location | None:
        """The name with type arguments of `owner` in the statement of `origin`; the operation's place where there is none."""
        statement = origin.place
        if origin.il_offset >= 0 and isinstance(origin.member, MethodDefinition):
            statement = self._found(origin)[0]
        if statement is None or self._index is None:
            return self.at(origin)
        key = type_id(owner) if isinstance(owner, TypeDefinition) else f"<{self._key(owner)}"
        return self._index.operation(statement, (key,), 0) or self.at(origin)

    def _method_key(self, module: Module, token: Token, context: MethodDefinition | None) -> str:
        generic = open_context(self._universe, context) if context is not None else EMPTY_CONTEXT
        found = self._universe.resolve_method(module, token, generic)
        if not isinstance(found, MethodDesc):
            return ""
        if found.owner.full_name in _DYNAMIC:
            return "dynamic"
        return self._key(found.definition)

    def _key(self, member: Member) -> str:
        if isinstance(member, SourceFunction):
            return ""
        if isinstance(member, MethodDefinition):
            if is_lambda(member.name):
                return "lambda"
            if is_lambda_or_local_function(member.name):
                return "L:" + member.name.partition("|")[0].rpartition(">g__")[2]
            return method_id(self._universe, member)
        if isinstance(member, SemanticMember):
            return member_id(self._universe, member.module, member.token)
        return type_id(member) if isinstance(member, TypeDefinition) else field_id(member)

    def _visible_points(self, method: MethodDefinition) -> list[SequencePoint]:
        if self._pdb is None or method.module is not self._module:
            return []
        points = self._points.get(method.rid)
        if points is None:
            points = self._points[method.rid] = [p for p in self._pdb.sequence_points(method.rid) if p.line]
        return points


def _is_field(module: Module, member_reference: int) -> bool:
    blob = module.image.blob(module.image.column(TableId.MEMBER_REF, "Signature")[member_reference - 1])
    return blob[:1] == bytes((_FIELD_SIGNATURE,))


def _backs(field: FieldDefinition, key: str) -> bool:
    return key in _backed_property(field, "stfld") or f"={key}" in _backed_property(field, "stfld")


def _backed_property(field: FieldDefinition, instruction: str) -> tuple[str, ...]:
    """The property behind a backing field, for a store that an initializer or a constructor makes."""
    if instruction not in _STORES or not field.name.endswith(">k__BackingField"):
        return ()
    prefix = field_id(field).rpartition(".")[0].replace("F:", "P:", 1)
    return (f"={prefix}.{field.name[1:].partition('>')[0]}",)


def _location(point: SequencePoint) -> Location:
    return Location(point.document, point.line, point.column, point.end_line, point.end_column)
