"""Definitions: the rows of one module as named things (types, methods, fields), made on first use.

A definition is open: generic parameters stand in its signatures. Instantiations live in `type_desc`. Nothing here
follows references to other modules; `universe` does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from compiler.metadata.bad_image import BadImage
from compiler.metadata.image import Image
from compiler.metadata.method_body import MethodBody, read_method_body
from compiler.metadata.signatures import MethodSig, SigType, read_field_sig, read_method_sig
from compiler.metadata.tokens import TableId, Token, decode_coded, make_token
from compiler.types.reads import BODY, FIELD, HEADER, MEMBERS, METHOD, Reads
from compiler.types.row_relations import RowRelations
from compiler.types.types_by_name import TypesByName

# Type flags (ECMA-335 II.23.1.15)
TYPE_INTERFACE = 0x20
TYPE_ABSTRACT = 0x80
TYPE_SEALED = 0x100
TYPE_BEFORE_FIELD_INIT = 0x100000
LAYOUT_MASK = 0x18
LAYOUT_SEQUENTIAL = 0x08
LAYOUT_EXPLICIT = 0x10
# Method flags (ECMA-335 II.23.1.10)
METHOD_ACCESS_MASK = 0x7
METHOD_PUBLIC = 0x6
METHOD_STATIC = 0x10
METHOD_FINAL = 0x20
METHOD_VIRTUAL = 0x40
METHOD_NEW_SLOT = 0x100
METHOD_ABSTRACT = 0x400
METHOD_PINVOKE = 0x2000
# Method implementation flags (ECMA-335 II.23.1.11)
IMPL_RUNTIME = 0x3
IMPL_NO_INLINING = 0x8
IMPL_AGGRESSIVE_INLINING = 0x100
IMPL_INTERNAL_CALL = 0x1000
# Field flags (ECMA-335 II.23.1.5)
FIELD_STATIC = 0x10
FIELD_LITERAL = 0x40
FIELD_HAS_RVA = 0x100


class TypeDefinition:
    """A TypeDef row. `generic_count` includes the parameters of enclosing types, as in metadata."""

    __slots__ = (
        "module", "rid", "name", "namespace", "flags", "generic_count", "enclosing", "instances",
        "_fields", "_methods", "_rows_by_name", "_by_name",
    )

    def __init__(self, module: Module, rid: int) -> None:
        image = module.image
        self.module = module
        self.rid = rid
        self.name = image.string(image.column(TableId.TYPE_DEF, "TypeName")[rid - 1])
        self.namespace = image.string(image.column(TableId.TYPE_DEF, "TypeNamespace")[rid - 1])
        self.flags = image.column(TableId.TYPE_DEF, "Flags")[rid - 1]
        self.generic_count = module.n_generic_params(TableId.TYPE_DEF, rid)
        outer = module.enclosing_rid(rid)
        self.enclosing: TypeDefinition | None = module.type_definition(outer) if outer else None
        self._fields: tuple[FieldDefinition, ...] | None = None
        self._methods: tuple[MethodDefinition, ...] | None = None
        self._rows_by_name: dict[str, list[int]] | None = None
        self._by_name: dict[str, list[MethodDefinition]] = {}
        self.instances: dict[object, object] = {}

    @property
    def token(self) -> Token:
        """The TypeDef token."""
        return make_token(TableId.TYPE_DEF, self.rid)

    @property
    def full_name(self) -> str:
        """Namespace and name with `+` between nested names, as Type.FullName writes it."""
        if self.enclosing is not None:
            return f"{self.enclosing.full_name}+{self.name}"
        return f"{self.namespace}.{self.name}" if self.namespace else self.name

    @property
    def path(self) -> tuple[str, ...]:
        """The namespace, the name of the outermost type, and the names of those inside down to this one."""
        return (*self.enclosing.path, self.name) if self.enclosing is not None else (self.namespace, self.name)

    @property
    def is_interface(self) -> bool:
        """Whether the type is an interface."""
        return bool(self.flags & TYPE_INTERFACE)

    @property
    def extends(self) -> Token:
        """The base type's token; 0 for Object, interfaces and <Module>."""
        coded = self.module.image.column(TableId.TYPE_DEF, "Extends")[self.rid - 1]
        return decode_coded("TypeDefOrRef", coded) if coded >> 2 else Token(0)

    @property
    def fields(self) -> tuple[FieldDefinition, ...]:
        """The type's own fields in metadata order."""
        self.note_members()
        return self.all_fields()

    def all_fields(self) -> tuple[FieldDefinition, ...]:
        """As `fields`, for one who reads some of them, not the list."""
        if self._fields is None:
            rids = self.module.member_range(self.rid, "FieldList", TableId.FIELD)
            self._fields = tuple(self.module.field_at(rid) for rid in rids)
        return self._fields

    @property
    def methods(self) -> tuple[MethodDefinition, ...]:
        """The type's own methods in metadata order."""
        self.note_members()
        return self._all_methods()

    def _all_methods(self) -> tuple[MethodDefinition, ...]:
        if self._methods is None:
            rids = self.module.member_range(self.rid, "MethodList", TableId.METHOD_DEF)
            self._methods = tuple(self.module.method_at(rid) for rid in rids)
        return self._methods

    def take_apart(self) -> None:
        """Lets go of members and instances."""
        self._fields = self._methods = self._rows_by_name = None
        self._by_name = {}
        self.instances.clear()

    def note_members(self) -> None:
        """Notes that the list of members is read."""
        if self.module.reads is not None:
            self.module.reads.facts.add(MEMBERS | self.rid)

    def methods_named(self, name: str) -> list[MethodDefinition]:
        """The type's own methods of that name."""
        if self.module.reads is not None:
            self.module.reads.named.add((self.rid, name))
        found = self._by_name.get(name)
        if found is None:
            found = self._by_name[name] = [self.module.method_at(rid) for rid in self._rows_named(name)]
        return found

    def _rows_named(self, name: str) -> list[int]:
        """The rows of the methods of that name; of a type of which one method is wanted the others need not be made."""
        if self._rows_by_name is None:
            names, string = self.module.method_columns[0], self.module.image.string
            table: dict[str, list[int]] = defaultdict(list)
            for rid in self.module.member_range(self.rid, "MethodList", TableId.METHOD_DEF):
                table[string(names[rid - 1])].append(rid)
            self._rows_by_name = dict(table)
        return self._rows_by_name.get(name, [])

    @property
    def interface_tokens(self) -> list[Token]:
        """TypeDefOrRef tokens of the interfaces that the type declares, in metadata order."""
        return self.module.interface_impls(self.rid)

    @property
    def method_impls(self) -> list[tuple[Token, Token]]:
        """(body, declaration) tokens of the type's MethodImpl rows."""
        return self.module.method_impls(self.rid)

    @property
    def class_layout(self) -> tuple[int, int] | None:
        """(packing size, class size) in bytes from the ClassLayout row, or None."""
        return self.module.class_layouts.get(self.rid)

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """The names of the type parameters."""
        names = self.module.image.column(TableId.GENERIC_PARAM, "Name")
        return tuple(self.module.image.string(names[rid - 1]) for rid in self.module.generic_params(self.token))

    def has_attribute(self, full_name: str) -> bool:
        """Whether a custom attribute of that type stands on the type."""
        return self.module.has_attribute(self.token, full_name)

    def __repr__(self) -> str:
        return f"<{self.full_name}>"


class FieldDefinition:
    """A Field row."""

    __slots__ = ("module", "rid", "name", "flags", "_sig")

    def __init__(self, module: Module, rid: int) -> None:
        image = module.image
        self.module = module
        self.rid = rid
        self.name = image.string(image.column(TableId.FIELD, "Name")[rid - 1])
        self.flags = image.column(TableId.FIELD, "Flags")[rid - 1]
        self._sig: SigType | None = None

    @property
    def token(self) -> Token:
        """The Field token."""
        return make_token(TableId.FIELD, self.rid)

    @property
    def owner(self) -> TypeDefinition:
        """The type that declares the field."""
        return self.module.type_definition(self.module.field_owner(self.rid))

    @property
    def sig(self) -> SigType:
        """The field's type, modifiers kept."""
        if self._sig is None:
            image = self.module.image
            self._sig = read_field_sig(image.file, image.blob(image.column(TableId.FIELD, "Signature")[self.rid - 1]))
        return self._sig

    @property
    def is_static(self) -> bool:
        """Whether the field is static (literals are)."""
        return bool(self.flags & FIELD_STATIC)

    @property
    def is_literal(self) -> bool:
        """Whether the field is a compile-time constant without storage."""
        return bool(self.flags & FIELD_LITERAL)

    @property
    def rva(self) -> int:
        """The address of the field's initial bytes; 0 without any."""
        return self.module.field_rvas.get(self.rid, 0)

    @property
    def explicit_offset(self) -> int | None:
        """The FieldLayout offset in bytes, or None."""
        return self.module.field_layouts.get(self.rid)

    def has_attribute(self, full_name: str) -> bool:
        """Whether a custom attribute of that type stands on the field."""
        return self.module.has_attribute(self.token, full_name)

    def __repr__(self) -> str:
        return f"<{self.owner.full_name}::{self.name}>"


class MethodDefinition:
    """A MethodDef row."""

    __slots__ = (
        "module", "rid", "name", "flags", "impl_flags", "rva", "owner", "_sig", "_body", "generic_count", "is_virtual", "is_static",
    )

    def __init__(self, module: Module, rid: int) -> None:
        image = module.image
        self.module = module
        self.rid = rid
        names, flags, impl_flags, rvas = module.method_columns
        self.name = image.string(names[rid - 1])
        self.flags = flags[rid - 1]
        self.impl_flags = impl_flags[rid - 1]
        self.rva = rvas[rid - 1]
        self.owner: TypeDefinition = module.type_definition(module.method_owner(rid))
        self._sig: MethodSig | None = None
        self._body: MethodBody | None = None
        self.generic_count = module.n_generic_params(TableId.METHOD_DEF, rid)
        self.is_virtual = bool(self.flags & METHOD_VIRTUAL)
        self.is_static = bool(self.flags & METHOD_STATIC)

    @property
    def token(self) -> Token:
        """The MethodDef token."""
        return make_token(TableId.METHOD_DEF, self.rid)

    @property
    def sig(self) -> MethodSig:
        """The open signature."""
        if self._sig is None:
            image = self.module.image
            self._sig = read_method_sig(image.file, image.blob(image.column(TableId.METHOD_DEF, "Signature")[self.rid - 1]))
        return self._sig

    @property
    def body(self) -> MethodBody | None:
        """The IL body, or None for abstract, runtime and native methods. Raises BadImage."""
        if self.module.reads is not None:
            self.module.reads.facts.add(BODY | self.rid)
        if self.rva == 0 or self.impl_flags & 0x3:
            return None
        if self._body is None:
            self._body = read_method_body(self.module.image, self.rva)
        return self._body

    @property
    def is_abstract(self) -> bool:
        """Whether the method has no body by declaration."""
        return bool(self.flags & METHOD_ABSTRACT)

    @property
    def is_new_slot(self) -> bool:
        """Whether a virtual method starts a slot of its own."""
        return bool(self.flags & METHOD_NEW_SLOT)

    @property
    def is_internal_call(self) -> bool:
        """Whether the runtime provides the body."""
        return bool(self.impl_flags & IMPL_INTERNAL_CALL)

    @property
    def pinvoke(self) -> tuple[str, str, int] | None:
        """(module, entry point, flags) of a P/Invoke, or None."""
        return self.module.pinvokes.get(self.rid) if self.flags & METHOD_PINVOKE else None

    def has_attribute(self, full_name: str) -> bool:
        """Whether a custom attribute of that type stands on the method."""
        return self.module.has_attribute(self.token, full_name)

    def __repr__(self) -> str:
        return f"<{self.owner.full_name}::{self.name}>"


class Module(RowRelations):
    """One loaded module: its image, and its definitions interned by row. Invariant: one object per row.

    `reads`, when it is set, is told what is read of the module.
    """

    def __init__(self, image: Image, name: str) -> None:
        super().__init__(image)
        self.name = name
        self.reads: Reads | None = None
        self._types: dict[int, TypeDefinition] = {}
        self._methods: dict[int, MethodDefinition] = {}
        self._fields: dict[int, FieldDefinition] = {}
        self._by_name = TypesByName(image, self._enclosing)
        self._attribute_names: dict[int, str] = {}
        self.sig_cache: dict[object, object] = {}

    def take_apart(self) -> None:
        """Lets go of what was made of the rows: definitions refer to each other in circles, which nothing else would free soon."""
        for definition in self._types.values():
            definition.take_apart()
        for table in (self._types, self._methods, self._fields, self.sig_cache):
            table.clear()

    def type_definition(self, rid: int) -> TypeDefinition:
        """TypeDef row `rid`. Raises BadImage when there is none."""
        if self.reads is not None:
            self.reads.facts.add(HEADER | rid)
        found = self._types.get(rid)
        if found is None:
            if not 0 < rid <= self.image.rows(TableId.TYPE_DEF):
                raise BadImage(self.image.file, f"type row {rid} does not exist")
            found = self._types.get(rid) or TypeDefinition(self, rid)
            self._types[rid] = found
        return found

    def method_definition(self, rid: int) -> MethodDefinition:
        """MethodDef row `rid`. Raises BadImage when there is none."""
        if self.reads is not None:
            self.reads.facts.add(METHOD | rid)
        return self.method_at(rid)

    def method_at(self, rid: int) -> MethodDefinition:
        """As `method_definition`, without a note that the method is read."""
        found = self._methods.get(rid)
        if found is None:
            if not 0 < rid <= self.image.rows(TableId.METHOD_DEF):
                raise BadImage(self.image.file, f"method row {rid} does not exist")
            found = MethodDefinition(self, rid)
            self._methods[rid] = found
        return found

    def field_definition(self, rid: int) -> FieldDefinition:
        """Field row `rid`. Raises BadImage when there is none."""
        if self.reads is not None:
            self.reads.facts.add(FIELD | rid)
        return self.field_at(rid)

    def field_at(self, rid: int) -> FieldDefinition:
        """As `field_definition`, without a note that the field is read."""
        found = self._fields.get(rid)
        if found is None:
            if not 0 < rid <= self.image.rows(TableId.FIELD):
                raise BadImage(self.image.file, f"field row {rid} does not exist")
            found = FieldDefinition(self, rid)
            self._fields[rid] = found
        return found

    def types(self) -> Iterator[TypeDefinition]:
        """All TypeDef rows in order, <Module> first."""
        return (self.type_definition(rid) for rid in range(1, self.image.rows(TableId.TYPE_DEF) + 1))

    def known_types(self) -> Iterator[TypeDefinition]:
        """The TypeDef rows that were asked for so far."""
        return iter(list(self._types.values()))

    def find_type(self, namespace: str, name: str) -> TypeDefinition | None:
        """The top-level type of that name, or None."""
        if self.reads is not None:
            self.reads.types_by_name.add((namespace, name))
        rid = self._by_name.row(0, namespace, name)
        return self.type_definition(rid) if rid else None

    def find_nested(self, outer: TypeDefinition, name: str) -> TypeDefinition | None:
        """The type of that name nested in `outer`, or None."""
        if self.reads is not None:
            self.reads.types_by_name.add((*outer.path, name))
        rid = self._by_name.row(outer.rid, "", name)
        return self.type_definition(rid) if rid else None

    def attribute_type_name(self, rid: int) -> str:
        """The full name of the attribute's type of CustomAttribute row `rid` (nested types by their own name)."""
        coded = self.image.column(TableId.CUSTOM_ATTRIBUTE, "Type")[rid - 1]
        name = self._attribute_names.get(coded)
        if name is None:
            name = self._attribute_names[coded] = self.constructor_type_name(decode_coded("CustomAttributeType", coded))
        return name

    def constructor_type_name(self, constructor: Token) -> str:
        """The full name of the type of a constructor (nested types by their own name)."""
        rid = constructor & 0xFFFFFF
        if constructor >> 24 == TableId.METHOD_DEF:
            return self.type_definition(self.method_owner(rid)).full_name
        parent = decode_coded("MemberRefParent", self.image.column(TableId.MEMBER_REF, "Class")[rid - 1])
        table, row = parent >> 24, parent & 0xFFFFFF
        if table == TableId.TYPE_REF:
            image = self.image
            space = image.string(image.column(TableId.TYPE_REF, "TypeNamespace")[row - 1])
            name = image.string(image.column(TableId.TYPE_REF, "TypeName")[row - 1])
            return f"{space}.{name}" if space else name
        if table == TableId.TYPE_DEF:
            return self.type_definition(row).full_name
        return ""

    def has_attribute(self, token: int, full_name: str) -> bool:
        """Whether an attribute of that type stands on the entity of `token`."""
        return any(self.attribute_type_name(rid) == full_name for rid in self.attribute_rows(token))

    def __repr__(self) -> str:
        return f"<module {self.name}>"
