"""Rows of an image -> hashes of what is declared: what a reader of a type, a method, a field or a body depends on.

Each fact that an analysis may read has a key that names it in every version, and a value that is another one when the fact is.
Between two versions exactly the keys whose value differs have changed.

- the header of a type: its row, attributes, type parameters, base type and interfaces, with the headers of those and of the types
  around it;
- a method: its row, signature, parameters and attributes, its property or event, the headers of its type and of the types it names;
- a field: likewise; a field that a compiler made for a property also counts the attributes of its type's properties;
- the members of a type: all of them but what a compiler made from bodies; and everything that its declaration is read for, some of
  that too (`generated_rows`);
- the methods of a type that have one name; the body of a method;
- the attributes on the assembly and its module; those on properties that make them feature guards; all generic code in its order,
  with what is instantiated of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import numpy as np

from compiler.metadata.body_digests import Bodies
from compiler.metadata.fact_table import FactKind, FactTable, key_of
from compiler.metadata.generated_rows import Flags, GeneratedRows, KnownNames, attribute_type
from compiler.metadata.hashing import Hashes, Numbers, mix, sum_by
from compiler.metadata.image import Image
from compiler.metadata.row_identity import RowIdentity, by_row, owners_of_rows
from compiler.metadata.tables import SCHEMAS
from compiler.metadata.tokens import CODED_INDICES, TableId

_T = TableId
_MOST_BASES = 200
_LESS_THAN = ord("<")
_DECLARATIONS = (
    _T.TYPE_DEF, _T.FIELD, _T.PARAM, _T.INTERFACE_IMPL, _T.CONSTANT, _T.CUSTOM_ATTRIBUTE, _T.FIELD_MARSHAL, _T.CLASS_LAYOUT,
    _T.FIELD_LAYOUT, _T.EVENT_MAP, _T.EVENT, _T.PROPERTY_MAP, _T.PROPERTY, _T.METHOD_SEMANTICS, _T.METHOD_IMPL, _T.MODULE_REF,
    _T.IMPL_MAP, _T.NESTED_CLASS, _T.GENERIC_PARAM, _T.GENERIC_PARAM_CONSTRAINT,
)
# Columns that identities stand for, and those that are compared by what their indices name.
_OTHERWISE = {
    _T.TYPE_DEF: ("TypeName", "TypeNamespace"), _T.FIELD: ("Name", "Signature"), _T.CUSTOM_ATTRIBUTE: ("Type",),
    _T.METHOD_IMPL: ("MethodDeclaration",),
}
_COLUMNS = {table: [column for column in SCHEMAS[table] if column[0] not in _OTHERWISE.get(table, ())] for table in _DECLARATIONS}
_GUARD = "FeatureGuardAttribute"


def read_facts(
    identity: RowIdentity, bodies: Bodies, names: KnownNames, before: tuple[RowIdentity, Bodies, FactTable] | None
) -> FactTable:
    """All facts of an image; when nothing but code is another than in the version `before`, from there. Raises IndexError."""
    if before is None or not _has_same_declarations(identity, bodies, *before[:2]):
        return _Reader(identity, bodies, names).read()
    facts = before[2]
    values = facts.values.copy()
    values[facts.bodies : facts.bodies + len(bodies.digests)] = bodies.digests
    values[-1:] = _generic_code(identity)
    return FactTable(facts.keys, values, facts.row_keys, facts.ends, facts.bodies)


def _generic_code(identity: RowIdentity) -> Hashes:
    """One digest of which generic types there are, and methods that are generic or in such a type, in which order, and of what is
    instantiated of them."""
    ids = identity.ids
    owners = identity.numbers(_T.GENERIC_PARAM, "Owner")
    is_generic_type = np.zeros(len(ids[_T.TYPE_DEF]), dtype=bool)
    is_generic_type[owners[owners & 1 == 0] >> 1] = True
    is_generic_method = np.concatenate((np.zeros(1, dtype=bool), is_generic_type[identity.method_owner]))
    is_generic_method[owners[owners & 1 == 1] >> 1] = True
    rows = np.concatenate((ids[_T.TYPE_DEF][is_generic_type], ids[_T.METHOD_DEF][is_generic_method]))
    of_own_type = identity.type_specs.heads >> 24 == _T.TYPE_DEF
    of_own_method = identity.numbers(_T.METHOD_SPEC, "Method") & 1 == 0
    specs = np.concatenate((ids[_T.TYPE_SPEC][1:][of_own_type], ids[_T.METHOD_SPEC][1:][of_own_method]))
    hashes = np.concatenate((mix(rows, np.arange(len(rows), dtype=np.uint64)), mix(specs)))
    return sum_by(np.zeros(len(hashes), np.int64), hashes, 1)


def _has_same_declarations(identity: RowIdentity, bodies: Bodies, old: RowIdentity, old_bodies: Bodies) -> bool:
    """Whether two versions differ in code alone, and not in that of accessors, which declarations may rest on."""
    if any(identity.ids[table] is not old.ids[table] for table in (_T.TYPE_DEF, _T.TYPE_REF, _T.TYPE_SPEC, _T.METHOD_DEF, _T.FIELD)):
        return False
    if not np.array_equal(bodies.methods, old_bodies.methods):
        return False
    changed = bodies.methods[bodies.digests != old_bodies.digests]
    if np.isin(changed, identity.numbers(_T.METHOD_SEMANTICS, "Method")).any():
        return False
    if not all(_has_same_rows(identity, old, table, _COLUMNS[table]) for table in _DECLARATIONS):
        return False
    if not _has_same_rows(identity, old, _T.METHOD_DEF, (("ImplFlags", "2"), ("Flags", "2"), ("ParamList", "t:8"))):
        return False
    named = (("CustomAttributeType", _T.CUSTOM_ATTRIBUTE, "Type"), ("MethodDefOrRef", _T.METHOD_IMPL, "MethodDeclaration"))
    return all(
        np.array_equal(identity.coded(kind, identity.numbers(table, name)), old.coded(kind, old.numbers(table, name)))
        for kind, table, name in named
    )


def _has_same_rows(identity: RowIdentity, old: RowIdentity, table: TableId, columns: Sequence[tuple[str, str]]) -> bool:
    """Whether these columns of two versions say the same; signatures and names of what has an identity need not be looked at."""
    if identity.image.rows(table) != old.image.rows(table):
        return False
    for name, kind in columns:
        if kind == "s" and identity.heaps.strings is not old.heaps.strings:
            is_same = np.array_equal(identity.names(table, name), old.names(table, name))
        elif kind == "b" and identity.heaps.blobs is not old.heaps.blobs:
            is_same = np.array_equal(identity.blobs(table, name), old.blobs(table, name))
        else:
            is_same = np.array_equal(identity.numbers(table, name), old.numbers(table, name))
        if not is_same:
            return False
    return True


class _Reader:
    """Digests of the rows of one image, made in the order in which they need each other."""

    def __init__(self, identity: RowIdentity, bodies: Bodies, names: KnownNames) -> None:
        self._identity = identity
        self._names = names
        self._image: Image = identity.image
        self._ids = identity.ids
        self._bodies = np.zeros(self._image.rows(_T.METHOD_DEF) + 1, dtype=np.uint64)
        self._bodies[bodies.methods] = bodies.digests
        self._body_rows = bodies.methods
        self._attributes = self._read_attributes()
        self._constants = self._by_parent(
            "HasConstant", _T.CONSTANT, mix(self._identity.blobs(_T.CONSTANT, "Value"), self._raw(_T.CONSTANT, "Type"))
        )
        self._marshal = self._by_parent("HasFieldMarshal", _T.FIELD_MARSHAL, self._identity.blobs(_T.FIELD_MARSHAL, "NativeType"))

    def read(self) -> FactTable:
        """The table of facts."""
        ids = self._ids
        headers = self._headers()
        properties, of_accessor, of_properties = self._semantics()
        methods = self._methods(headers, of_accessor)
        fields = self._fields(headers, of_properties)
        members, everything = self._members(headers, methods, fields, properties)
        row_keys = {
            FactKind.HEADER: key_of(FactKind.HEADER, ids[_T.TYPE_DEF]),
            FactKind.METHOD: key_of(FactKind.METHOD, ids[_T.METHOD_DEF]),
            FactKind.FIELD: key_of(FactKind.FIELD, ids[_T.FIELD]),
            FactKind.MEMBERS: key_of(FactKind.MEMBERS, ids[_T.TYPE_DEF]),
            FactKind.EVERYTHING: key_of(FactKind.EVERYTHING, ids[_T.TYPE_DEF]),
            FactKind.BODY: key_of(FactKind.BODY, ids[_T.METHOD_DEF]),
        }
        owners = ids[_T.TYPE_DEF][self._identity.method_owner]
        names = key_of(FactKind.NAMED, mix(owners, self._identity.names(_T.METHOD_DEF, "Name")))
        whole = self._attributes[_T.ASSEMBLY].sum(keepdims=True) + self._attributes[_T.MODULE].sum(keepdims=True)
        keys = (
            row_keys[FactKind.HEADER][1:], row_keys[FactKind.METHOD][1:], row_keys[FactKind.FIELD][1:],
            row_keys[FactKind.MEMBERS][1:], row_keys[FactKind.EVERYTHING][1:], names, row_keys[FactKind.BODY][self._body_rows],
            np.array([int(FactKind.WHOLE), int(FactKind.GUARDS), int(FactKind.GENERIC_CODE)], dtype=np.uint64),
        )
        values = (
            headers[1:], methods[1:], fields[1:], members[1:], everything[1:], methods[1:],
            self._bodies[self._body_rows], whole, self._guards(), _generic_code(self._identity),
        )
        ends = tuple(np.cumsum([len(column) for column in keys])[:-1].tolist())
        return FactTable(np.concatenate(keys), np.concatenate(values), row_keys, ends, ends[5])

    # ---- what rows carry ----

    def _raw(self, table: TableId, column: str) -> Hashes:
        return self._identity.numbers(table, column).view(np.uint64)

    def _read_attributes(self) -> dict[int, Hashes]:
        """Per table that carries attributes the digest of those on each row; their order counts."""
        identity = self._identity
        parents = identity.numbers(_T.CUSTOM_ATTRIBUTE, "Parent")
        constructors = identity.coded("CustomAttributeType", identity.numbers(_T.CUSTOM_ATTRIBUTE, "Type"))
        order = np.arange(len(parents))
        if bool((parents[1:] >= parents[:-1]).all()):
            order[1:] -= np.maximum.accumulate(np.where(parents[1:] != parents[:-1], order[1:], 0))
        rows = mix(constructors, identity.blobs(_T.CUSTOM_ATTRIBUTE, "Value"), order.astype(np.uint64))
        return self._by_coded("HasCustomAttribute", parents, rows)

    def _by_parent(self, kind: str, table: TableId, rows: Hashes) -> dict[int, Hashes]:
        return self._by_coded(kind, self._identity.numbers(table, "Parent"), rows)

    def _by_coded(self, kind: str, parents: Numbers, rows: Hashes) -> dict[int, Hashes]:
        """Per table that the coded index can name the sum of what belongs to each of its rows."""
        bits, tables = CODED_INDICES[kind]
        sizes = [self._image.rows(TableId(table)) + 1 for table in tables]
        starts = [0, *accumulate(sizes)]
        tags, places = parents & ((1 << bits) - 1), parents >> bits
        if bool((tags >= len(tables)).any()) or bool((places >= np.array(sizes)[tags]).any()):
            raise IndexError("a coded index names a row that does not exist")
        sums = sum_by(places + np.array(starts)[tags], rows, starts[-1])
        return {table: sums[start : start + size] for table, start, size in zip(tables, starts, sizes, strict=False)}

    def _generics(self) -> dict[int, Hashes]:
        """Type parameters and their constraints, per TypeDef and MethodDef row."""
        identity, n_rows = self._identity, self._image.rows(_T.GENERIC_PARAM)
        constraint = mix(
            identity.coded("TypeDefOrRef", identity.numbers(_T.GENERIC_PARAM_CONSTRAINT, "Constraint")),
            self._attributes[_T.GENERIC_PARAM_CONSTRAINT][1:],
        )
        constraints = sum_by(identity.numbers(_T.GENERIC_PARAM_CONSTRAINT, "Owner"), constraint, n_rows + 1)
        rows = mix(
            self._raw(_T.GENERIC_PARAM, "Number"), self._raw(_T.GENERIC_PARAM, "Flags"), identity.names(_T.GENERIC_PARAM, "Name"),
            self._attributes[_T.GENERIC_PARAM][1:], constraints[1:],
        )
        return self._by_coded("TypeOrMethodDef", identity.numbers(_T.GENERIC_PARAM, "Owner"), rows)

    def _guards(self) -> Hashes:
        """One digest of all properties with an attribute that names them a guard of a feature."""
        identity = self._identity
        parents = identity.numbers(_T.CUSTOM_ATTRIBUTE, "Parent")
        bits, tables = CODED_INDICES["HasCustomAttribute"]
        on_property = np.flatnonzero(parents & ((1 << bits) - 1) == tables.index(_T.PROPERTY))
        constructors = identity.numbers(_T.CUSTOM_ATTRIBUTE, "Type")[on_property]
        wanted = [coded for coded in sorted(set(constructors.tolist())) if attribute_type(self._image, coded)[1] == _GUARD]
        if not wanted:
            return np.zeros(1, dtype=np.uint64)
        chosen = on_property[np.isin(constructors, wanted)]
        properties = parents[chosen] >> bits
        owners = self._owners_of(_T.PROPERTY_MAP, "PropertyList", _T.PROPERTY)[properties - 1]
        names = by_row(identity.names(_T.PROPERTY, "Name"))[properties]
        rows = mix(self._ids[_T.TYPE_DEF][owners], names, identity.blobs(_T.CUSTOM_ATTRIBUTE, "Value")[chosen])
        return sum_by(np.zeros(len(rows), np.int64), rows, 1)

    # ---- declarations ----

    def _headers(self) -> Hashes:
        identity, ids = self._identity, self._ids
        n_types = self._image.rows(_T.TYPE_DEF)
        self._of_generics = self._generics()
        classes = identity.numbers(_T.INTERFACE_IMPL, "Class")
        interfaces = identity.numbers(_T.INTERFACE_IMPL, "Interface")
        impls = mix(identity.coded("TypeDefOrRef", interfaces), self._attributes[_T.INTERFACE_IMPL][1:])
        layouts = mix(self._raw(_T.CLASS_LAYOUT, "PackingSize"), self._raw(_T.CLASS_LAYOUT, "ClassSize"))
        extends = identity.numbers(_T.TYPE_DEF, "Extends")
        own = by_row(
            mix(
                ids[_T.TYPE_DEF][1:], self._raw(_T.TYPE_DEF, "Flags"), identity.coded("TypeDefOrRef", extends),
                self._attributes[_T.TYPE_DEF][1:], self._of_generics[_T.TYPE_DEF][1:],
                sum_by(classes, impls, n_types + 1)[1:],
                sum_by(identity.numbers(_T.CLASS_LAYOUT, "Parent"), layouts, n_types + 1)[1:],
            )
        )
        specs = np.concatenate((np.zeros(1, np.int64), identity.type_specs.heads))
        edges = [
            self._edges(np.arange(1, n_types + 1), extends, specs),
            self._edges(classes, interfaces, specs),
            (identity.numbers(_T.NESTED_CLASS, "NestedClass"), identity.numbers(_T.NESTED_CLASS, "EnclosingClass")),
        ]
        return _along(own, np.concatenate([e[0] for e in edges]), np.concatenate([e[1] for e in edges]))

    def _edges(self, sources: Numbers, coded: Numbers, specs: Numbers) -> tuple[Numbers, Numbers]:
        """(type, type of the module that it names) pairs of a TypeDefOrRef column; `specs` has the generic type of each TypeSpec."""
        tags, rows = coded & 3, coded >> 2
        heads = np.zeros(len(rows), dtype=np.int64)
        heads[tags == 2] = specs[rows[tags == 2]]
        targets = np.where(tags == 0, rows, np.where(heads >> 24 == _T.TYPE_DEF, heads & 0xFFFFFF, 0))
        return sources[targets > 0], targets[targets > 0]

    def _semantics(self) -> tuple[dict[int, Hashes], Hashes, Hashes]:
        """Digests of properties and events by table; per method that of its property or event; per type that of its annotated properties.

        The bodies of accessors count where the property has an attribute: which field is behind it is read from there.
        """
        identity, n_methods = self._identity, self._image.rows(_T.METHOD_DEF)
        accessors = identity.numbers(_T.METHOD_SEMANTICS, "Method")
        associations = identity.numbers(_T.METHOD_SEMANTICS, "Association")
        kinds = self._raw(_T.METHOD_SEMANTICS, "Semantics")
        names = {
            _T.PROPERTY: mix(identity.names(_T.PROPERTY, "Name"), identity.properties.ids, self._raw(_T.PROPERTY, "Flags")),
            _T.EVENT: mix(
                identity.names(_T.EVENT, "Name"), self._raw(_T.EVENT, "EventFlags"),
                identity.coded("TypeDefOrRef", identity.numbers(_T.EVENT, "EventType")),
            ),
        }
        has_attributes = {table: self._attributes[table] != 0 for table in names}
        used = np.zeros(len(accessors), dtype=np.uint64)
        rows: dict[int, Hashes] = {}
        for tag, table in ((0, _T.EVENT), (1, _T.PROPERTY)):
            chosen = associations & 1 == tag
            row = associations[chosen] >> 1
            body = np.where(has_attributes[table][row], self._bodies[accessors[chosen]], np.uint64(0))
            named = mix(kinds[chosen], self._ids[_T.METHOD_DEF][accessors[chosen]], body)
            rows[table] = by_row(mix(names[table], self._attributes[table][1:])) + sum_by(row, named, self._image.rows(table) + 1)
            used[chosen] = mix(by_row(names[table])[row], self._attributes[table][row], kinds[chosen], body)
        of_accessor = sum_by(accessors, used, n_methods + 1)
        annotated = np.where(has_attributes[_T.PROPERTY], rows[_T.PROPERTY], np.uint64(0))
        owners = self._owners_of(_T.PROPERTY_MAP, "PropertyList", _T.PROPERTY)
        return rows, of_accessor, sum_by(owners, annotated[1:], self._image.rows(_T.TYPE_DEF) + 1)

    def _owners_of(self, map_table: TableId, column: str, table: TableId) -> Numbers:
        """The type of each property or event (ECMA-335 II.22.35, II.22.12)."""
        starts, parents = self._identity.numbers(map_table, column), self._identity.numbers(map_table, "Parent")
        if not len(starts):
            return np.zeros(self._image.rows(table), dtype=np.int64)
        which = owners_of_rows(starts, self._image.rows(table)) - 1
        return np.where(which >= 0, parents[which], 0)

    def _methods(self, headers: Hashes, of_accessor: Hashes) -> Hashes:
        identity, ids = self._identity, self._ids
        n_methods = self._image.rows(_T.METHOD_DEF)
        parameters = mix(
            self._raw(_T.PARAM, "Flags"), self._raw(_T.PARAM, "Sequence"), identity.names(_T.PARAM, "Name"),
            self._attributes[_T.PARAM][1:], self._constants[_T.PARAM][1:], self._marshal[_T.PARAM][1:],
        )
        imports = mix(
            self._raw(_T.IMPL_MAP, "MappingFlags"), identity.names(_T.IMPL_MAP, "ImportName"),
            by_row(identity.names(_T.MODULE_REF, "Name"))[identity.numbers(_T.IMPL_MAP, "ImportScope")],
        )
        forwarded = identity.numbers(_T.IMPL_MAP, "MemberForwarded")
        is_method = forwarded & 1 == 1
        has_body = (identity.numbers(_T.METHOD_DEF, "RVA") != 0).astype(np.uint64)
        return by_row(
            mix(
                ids[_T.METHOD_DEF][1:], self._raw(_T.METHOD_DEF, "Flags"), self._raw(_T.METHOD_DEF, "ImplFlags"), has_body,
                self._attributes[_T.METHOD_DEF][1:], sum_by(identity.parameter_owner, parameters, n_methods + 1)[1:],
                self._of_generics[_T.METHOD_DEF][1:], sum_by(forwarded[is_method] >> 1, imports[is_method], n_methods + 1)[1:],
                of_accessor[1:], headers[identity.method_owner], identity.methods.sums(mix(headers)),
            )
        )

    def _fields(self, headers: Hashes, of_properties: Hashes) -> Hashes:
        identity, ids = self._identity, self._ids
        n_fields = self._image.rows(_T.FIELD)
        layouts = sum_by(identity.numbers(_T.FIELD_LAYOUT, "Field"), mix(self._raw(_T.FIELD_LAYOUT, "Offset")), n_fields + 1)
        behind = np.where(identity.begins_with(_T.FIELD, "Name", _LESS_THAN), of_properties[identity.field_owner], np.uint64(0))
        return by_row(
            mix(
                ids[_T.FIELD][1:], self._raw(_T.FIELD, "Flags"), self._attributes[_T.FIELD][1:], self._constants[_T.FIELD][1:],
                self._marshal[_T.FIELD][1:], layouts[1:], behind, headers[identity.field_owner],
                identity.fields.sums(mix(headers)),
            )
        )

    def _members(self, headers: Hashes, methods: Hashes, fields: Hashes, semantics: dict[int, Hashes]) -> tuple[Hashes, Hashes]:
        identity = self._identity
        n_types = self._image.rows(_T.TYPE_DEF)
        total, made = headers.copy(), np.zeros(n_types + 1, dtype=np.uint64)
        generated = GeneratedRows(identity, self._names)
        read_methods, read_fields = generated.read_with_their_types()
        self._add_parts(total, made, identity.method_owner, mix(methods[1:]), ~generated.methods, read_methods)
        self._add_parts(total, made, identity.field_owner, mix(fields[1:]), ~generated.fields, read_fields)
        for map_table, column, table in ((_T.PROPERTY_MAP, "PropertyList", _T.PROPERTY), (_T.EVENT_MAP, "EventList", _T.EVENT)):
            total += sum_by(self._owners_of(map_table, column, table), mix(semantics[table][1:]), n_types + 1)
        pairs = mix(
            identity.coded("MethodDefOrRef", identity.numbers(_T.METHOD_IMPL, "MethodBody")),
            identity.coded("MethodDefOrRef", identity.numbers(_T.METHOD_IMPL, "MethodDeclaration")),
        )
        total += sum_by(identity.numbers(_T.METHOD_IMPL, "Class"), pairs, n_types + 1)
        nested, outer = identity.numbers(_T.NESTED_CLASS, "NestedClass"), identity.numbers(_T.NESTED_CLASS, "EnclosingClass")
        is_shown = ~identity.begins_with(_T.TYPE_DEF, "TypeName", _LESS_THAN)[nested - 1]
        np.add.at(total, outer[is_shown], mix(headers[nested])[is_shown])
        return by_row(mix(total[1:])), by_row(mix(total[1:], made[1:]))

    def _add_parts(self, total: Hashes, made: Hashes, owners: Numbers, parts: Hashes, is_written: Flags, is_read: Flags) -> None:
        """Adds the parts of types: to `total` those that a user wrote, to `made` those of others that are read with the type."""
        np.add.at(total, owners, np.where(is_written, parts, np.uint64(0)))
        also = np.flatnonzero(is_read & ~is_written)
        np.add.at(made, owners[also], parts[also])


def _along(own: Hashes, sources: Numbers, targets: Numbers) -> Hashes:
    """`own` by type, with what is behind its edges, at any distance. Circles, which no valid file has, are cut."""
    result = own
    for _ in range(_MOST_BASES):
        made = own + sum_by(sources, mix(result[targets]), len(own))
        if np.array_equal(made, result):
            break
        result = made
    return result
