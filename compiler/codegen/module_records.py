"""The tables of a module that reflection reads by token: rows of kept members, their parameters, constants and attributes, and resources.

Input is the closed world; output is LLVM text in the layouts of `runtime/reflect.h`. A row is `{ token, parent, flags, extra, name,
record }`; rows are sorted by token, and a token has several where its member is kept on several instantiations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from compiler.codegen.data_text import DataText, method_table, signed
from compiler.codegen.lltypes import quote
from compiler.codegen.member_records import field_record, method_record
from compiler.codegen.reflection_code import attribute_symbol
from compiler.flow.associations import AccessorKind, SemanticMember, members_of
from compiler.flow.parameters import parameter_rows
from compiler.metadata.resources import embedded_resource, resource_names
from compiler.metadata.signatures import ElementType
from compiler.metadata.tokens import TableId, Token, decode_coded, make_token
from compiler.reach.reflection import has_resources, is_framework
from compiler.reach.world import AttributeUse, World
from compiler.types.definitions import MethodDefinition, Module, TypeDefinition
from compiler.types.naming import module_display_name
from compiler.types.type_desc import DeclaredParameter, NamedType
from compiler.types.universe import TypeUniverse

_ROW = "{ i32, i32, i32, i32, ptr, ptr }"
_MODULE = "{ ptr, ptr, ptr, ptr, ptr, i32, i32, i32, i32, [16 x i8] }"
_PUBLIC_KEY_CALL = "qc_AssemblyNative_GetPublicKey"
# Numbers of tables that are ours: accessors of properties and events, and records of fields.
_SEMANTICS, _FIELD_RECORDS = 0x18, 0x40
_SEMANTIC_FLAGS = {
    AccessorKind.SETTER: 1, AccessorKind.GETTER: 2, AccessorKind.OTHER: 4, AccessorKind.ADDER: 8, AccessorKind.REMOVER: 0x10,
    AccessorKind.RAISER: 0x20,
}


@dataclass(slots=True)
class _Rows:
    """Rows of one module in the making: (token, order among equal tokens) -> LLVM value."""

    module: Module
    rows: dict[tuple[int, str], str] = field(default_factory=dict)

    def add(self, token: int, parent: int, flags: int, extra: int, name: str, record: str, *, order: str = "") -> None:
        """One row; `name` and `record` in IR syntax."""
        self.rows[token, order] = (
            f"{_ROW} {{ i32 {signed(token)}, i32 {signed(parent)}, i32 {signed(flags)}, i32 {signed(extra)}, ptr {name}, ptr {record} }}"
        )


def emit_modules(universe: TypeUniverse, world: World, out: DataText) -> None:
    """Emits `rt_modules` and `rt_module_count`."""
    tables: dict[Module, _Rows] = {}

    def rows_of(module: Module) -> _Rows:
        return tables.setdefault(module, _Rows(module))

    _method_rows(universe, world, rows_of, out)
    _field_rows(universe, world, rows_of, out)
    for use in world.attributes:
        _attribute_rows(universe, use, rows_of(use.module), out)
    for desc in world.types:
        if isinstance(desc, DeclaredParameter):
            flags = desc.owner.module.image.column(TableId.GENERIC_PARAM, "Flags")[(desc.token & 0xFFFFFF) - 1]
            rows_of(desc.owner.module).add(desc.token, desc.owner.token, flags, 0, out.text(desc.name), method_table(desc))
    for definition in _kept_types(universe, world):
        _type_row(universe, world, definition, rows_of(definition.module), out)
    modules = sorted({*tables, *_more_modules(universe, world)}, key=lambda m: m.name)
    listed = []
    for module in modules:
        rows = tables.get(module, _Rows(module)).rows
        items = [rows[key] for key in sorted(rows)]
        table = out.constant(f"[{len(items)} x {_ROW}]", f"[{', '.join(items)}]", 8) if items else "null"
        n_resources, resources = _resources(universe, world, module, out)
        key = _public_key(module) if _PUBLIC_KEY_CALL in world.natives else b""
        mvid = "".join(f"\\{b:02X}" for b in module.image.mvid)
        listed.append(
            f"{_MODULE} {{ ptr {out.text(module_display_name(module))}, ptr {out.text(Path(module.image.file).name)}, ptr {table}, "
            f"ptr {resources}, ptr {out.octets(key) if key else 'null'}, i32 {len(items)}, i32 {n_resources}, i32 {len(key)}, i32 0, "
            f'[16 x i8] c"{mvid}" }}'
        )
    out.lines.append(f'@"rt_modules" = constant [{len(listed)} x {_MODULE}] [{", ".join(listed)}], align 8')
    out.lines.append(f'@"rt_module_count" = constant i64 {len(listed)}, align 8')


_RowsOf = Callable[[Module], _Rows]


def _more_modules(universe: TypeUniverse, world: World) -> list[Module]:
    """Modules that are asked for something without having rows: resources or a public key."""
    asks_for_keys = _PUBLIC_KEY_CALL in world.natives
    return [module for module in universe.modules.values() if asks_for_keys or has_resources(universe, world, module)]


def _public_key(module: Module) -> bytes:
    return module.image.blob(module.image.column(TableId.ASSEMBLY, "PublicKey")[0])


def _method_rows(universe: TypeUniverse, world: World, rows_of: _RowsOf, out: DataText) -> None:
    """Rows of methods, their parameters, and the properties and events whose accessors they are."""
    definitions: dict[MethodDefinition, None] = {}
    for method in world.reflected_methods:
        definition = method.definition
        definitions[definition] = None
        name = method_record(universe, method)
        rows_of(definition.module).add(
            definition.token, definition.owner.token, definition.flags, 0, out.text(definition.name), quote(name), order=name
        )
    for definition in definitions:
        rows = rows_of(definition.module)
        for row in parameter_rows(definition).values():
            constant = _constant(definition.module, row.token, out)
            rows.add(row.token, definition.token, row.sequence << 16 | row.flags, 0, out.text(row.name), constant)
    for owner in dict.fromkeys(definition.owner for definition in definitions):
        for events in (False, True):
            for member in members_of(owner, events=events):
                kept = {kind: accessor for kind, accessor in member.accessors.items() if accessor in definitions}
                if kept:
                    _semantic_rows(member, kept, rows_of(owner.module), out)


def _semantic_rows(member: SemanticMember, kept: dict[AccessorKind, MethodDefinition], rows: _Rows, out: DataText) -> None:
    image = member.module.image
    table, column = (TableId.PROPERTY, "Flags") if member.is_property else (TableId.EVENT, "EventFlags")
    flags = image.column(table, column)[(member.token & 0xFFFFFF) - 1]
    getter, setter = (kept.get(kind) for kind in (AccessorKind.GETTER, AccessorKind.SETTER))
    signature = out.constant(
        "{ i32, i32, i32, i32, ptr, ptr }",
        f"{{ i32 {table}, i32 {getter.token if getter else 0}, i32 {setter.token if setter else 0}, i32 0, "
        f"ptr {_constant(member.module, member.token, out) if member.is_property else 'null'}, ptr null }}",
        8,
    )
    rows.add(member.token, member.owner.token, flags, 0, out.text(member.name), signature)
    for kind, accessor in kept.items():
        # The row number is the accessor's: a method belongs to one property or event.
        token = _SEMANTICS << 24 | accessor.rid
        rows.add(token, member.token, _SEMANTIC_FLAGS[kind], accessor.token, "null", "null")


def _field_rows(universe: TypeUniverse, world: World, rows_of: _RowsOf, out: DataText) -> None:
    for found in world.reflected_fields:
        definition = found.definition
        rows = rows_of(definition.module)
        declared = out.constant(
            "{ i32, i32, i32, i32, ptr, ptr }",
            f"{{ i32 {TableId.FIELD}, i32 0, i32 0, i32 0, ptr {_constant(definition.module, definition.token, out)}, "
            f"ptr {method_table(universe.reflected_field_type(found))} }}",
            8,
        )
        rows.add(definition.token, definition.owner.token, definition.flags, 0, out.text(definition.name), declared)
        if not definition.is_literal:
            name = field_record(found)
            token = _FIELD_RECORDS << 24 | definition.rid
            rows.add(token, definition.owner.token, definition.flags, 0, "null", quote(name), order=name)


def _constant(module: Module, token: Token, out: DataText) -> str:
    """`{ i32 element, i32 n_chars, i64 value, ptr text }`: the Constant row of a field, parameter or property; null without one."""
    found = module.constant(token)
    if found is None:
        return "null"
    element, raw = found
    if element is ElementType.STRING:
        text = out.octets(raw + b"\0\0")
        return out.constant("{ i32, i32, i64, ptr }", f"{{ i32 {int(element)}, i32 {len(raw) // 2}, i64 0, ptr {text} }}", 8)
    number = int.from_bytes(raw[:8], "little", signed=element in (ElementType.I1, ElementType.I2, ElementType.I4, ElementType.I8))
    number = number - (1 << 64) if number >> 63 > 0 else number
    return out.constant("{ i32, i32, i64, ptr }", f"{{ i32 {int(element)}, i32 0, i64 {number}, ptr null }}", 8)


def attribute_parent(use: AttributeUse) -> Token:
    """The entity that an attribute stands on."""
    return decode_coded("HasCustomAttribute", use.module.image.column(TableId.CUSTOM_ATTRIBUTE, "Parent")[use.row - 1])


def _attribute_rows(universe: TypeUniverse, use: AttributeUse, rows: _Rows, out: DataText) -> None:
    image = use.module.image
    constructor = decode_coded("CustomAttributeType", image.column(TableId.CUSTOM_ATTRIBUTE, "Type")[use.row - 1])
    blob = image.blob(image.column(TableId.CUSTOM_ATTRIBUTE, "Value")[use.row - 1])
    name = attribute_symbol(use)
    out.declares[name] = f"declare ptr {quote(name)}()"
    ll_type = f"{{ ptr, i64, [{len(blob)} x i8] }}"
    text = "".join(f"\\{b:02X}" for b in blob)
    record = out.constant(ll_type, f'{{ ptr {quote(name)}, i64 {len(blob)}, [{len(blob)} x i8] c"{text}" }}', 8)
    rows.add(make_token(TableId.CUSTOM_ATTRIBUTE, use.row), attribute_parent(use), 0, constructor, "null", record)
    if constructor >> 24 == TableId.MEMBER_REF:
        parent = decode_coded("MemberRefParent", image.column(TableId.MEMBER_REF, "Class")[(constructor & 0xFFFFFF) - 1])
        rows.add(constructor, parent, 0, 0, "null", quote(method_record(universe, use.constructor)))
        if parent >> 24 != TableId.TYPE_DEF:
            rows.add(parent, 0, 0, 0, "null", method_table(use.constructor.owner))


def _kept_types(universe: TypeUniverse, world: World) -> list[TypeDefinition]:
    """The types that are asked for by token: those that declare kept members, and the program's own."""
    found: dict[TypeDefinition, None] = {}
    if not (world.reflected_methods or world.reflected_fields or world.attributes):
        return []
    for method in world.reflected_methods:
        found[method.definition.owner] = None
    for member in world.reflected_fields:
        found[member.definition.owner] = None
    for desc in world.types:
        if isinstance(desc, NamedType) and not desc.args and not is_framework(universe, desc.definition.module):
            found[desc.definition] = None
    for use in world.attributes:
        parent = attribute_parent(use)
        if parent >> 24 == TableId.TYPE_DEF:
            found[use.module.type_definition(parent & 0xFFFFFF)] = None
    return sorted(found, key=lambda definition: (definition.module.name, definition.rid))


def _type_row(universe: TypeUniverse, world: World, definition: TypeDefinition, rows: _Rows, out: DataText) -> None:
    desc = universe.named(definition, ())
    outer = definition.enclosing.token if definition.enclosing is not None else 0
    record = method_table(desc) if desc in world.types else "null"
    rows.add(definition.token, outer, definition.flags, 0, out.text(definition.name), record)


def _resources(universe: TypeUniverse, world: World, module: Module, out: DataText) -> tuple[int, str]:
    """(count, table of `{ ptr name, ptr content, i64 n_bytes }`) of the embedded resources that the program can ask for."""
    if not has_resources(universe, world, module):
        return 0, "null"
    rows = []
    for name in resource_names(module.image):
        content = embedded_resource(module.image, name)
        if content is not None and not name.startswith("ILLink."):
            rows.append(f"{{ ptr, ptr, i64 }} {{ ptr {out.text(name)}, ptr {out.octets(content)}, i64 {len(content)} }}")
    if not rows:
        return 0, "null"
    return len(rows), out.constant(f"[{len(rows)} x {{ ptr, ptr, i64 }}]", f"[{', '.join(rows)}]", 8)
