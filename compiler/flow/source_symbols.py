"""The symbols that the bodies of a source file name -> types, methods and fields of the universe.

What has no definition there (lambdas, local functions, members of anonymous types) becomes a
`SourceFunction`; what cannot be found is None.
"""

from __future__ import annotations

from typing import cast

from compiler.csharp.bodies import Row, SourceFile
from compiler.diagnostics import InputError
from compiler.flow.source_functions import MethodAnnotations, SourceFunction
from compiler.metadata.signatures import ElementType
from compiler.types.definitions import MethodDefinition, TypeDefinition
from compiler.types.type_desc import FieldDesc, MethodDesc, MethodSignature, NamedType, PointerType, TypeDesc
from compiler.types.universe import TypeUniverse

_HAS_THIS = 0x20
_DOES_NOT_RETURN = 1


class DisplayedField(FieldDesc):
    """A field whose display name depends on its use: an element of a tuple."""

    __slots__ = ("display",)

    def __init__(self, field: FieldDesc, display: str) -> None:
        super().__init__(field.definition, field.owner)
        self.display = display


class SourceSymbols:
    """Looks rows of one file up. Invariant: a row gives the same object each time."""

    def __init__(self, universe: TypeUniverse, file: SourceFile) -> None:
        self._universe = universe
        self._file = file
        self._types: list[TypeDesc | None] = [None] * len(file.types)
        self._has_type = [False] * len(file.types)
        self._methods: dict[int, MethodDesc | None] = {}
        self._fields: dict[int, FieldDesc | None] = {}

    # ---- types ----

    def type(self, index: int) -> TypeDesc | None:
        """The type of a row; None for what has no type of that name."""
        if not self._has_type[index]:
            self._has_type[index] = True
            try:
                self._types[index] = self._read_type(self._file.types[index])
            except InputError:
                self._types[index] = None
        return self._types[index]

    def _read_type(self, row: Row) -> TypeDesc | None:
        kind = row[0]
        if kind == "n":
            return self._named(row)
        if kind == "t":
            return self._universe.parameter(ElementType.VAR, cast(int, row[1]))
        if kind == "m":
            return self._universe.parameter(ElementType.MVAR, cast(int, row[1]))
        item = self.type(cast(int, row[1])) if len(row) > 1 else None
        if item is None:
            return None
        return self._universe.pointer(item) if kind == "p" else self._universe.array(item, cast(int, row[2]))

    def _named(self, row: Row) -> TypeDesc | None:
        _, assembly, namespace, names, arguments = row
        top, *nested = cast("list[str]", names)
        definition: TypeDefinition | None = self._universe.find_type(str(assembly), str(namespace), top)
        for name in nested:
            definition = definition.module.find_nested(definition, name) if definition is not None else None
        if definition is None:
            return None
        found = [self.type(index) for index in cast("list[int]", arguments)]
        if len(found) != definition.generic_count:
            return self._universe.named(definition, ())
        object_type = self._universe.corlib_type("System", "Object")
        return self._universe.named(definition, tuple(arg if arg is not None else object_type for arg in found))

    # ---- methods ----

    def method(self, index: int) -> MethodDesc | None:
        """The method of a row, as code uses it."""
        if index not in self._methods:
            self._methods[index] = None
            row = self._file.methods[index]
            self._methods[index] = self._local(row) if row[0] == "" else self._declared(row)
        return self._methods[index]

    def does_not_return(self, index: int) -> bool:
        """Whether a call of the row's method never comes back."""
        row = self._file.methods[index]
        return row[0] != "" and len(row) > 5 and row[5] == _DOES_NOT_RETURN

    def overridden(self) -> dict[MethodDesc, MethodDesc]:
        """For each method that was asked for and overrides another one: the one that it overrides in the end."""
        pairs = ((method, self._file.methods[index]) for index, method in list(self._methods.items()) if method is not None)
        found = ((method, self.method(cast(int, row[6]))) for method, row in pairs if row[0] != "" and cast(int, row[6]) >= 0)
        return {method: root for method, root in found if root is not None}

    def _declared(self, row: Row) -> MethodDesc | None:
        if len(row) < 7:
            return None
        name, owner_row, arguments, parameters, by_reference, *_ = row
        owner = self.type(cast(int, owner_row))
        if not isinstance(owner, NamedType):
            return None
        args = [self.type(each) for each in cast("list[int]", arguments)]
        types = cast("list[int]", parameters)
        candidates = [
            each
            for each in owner.definition.methods_named(str(name))
            if len(each.sig.parameters) == len(types) and each.generic_count == len(args)
        ]
        if len(candidates) > 1:
            candidates = [each for each in candidates if self._fits(each, types, cast("list[int]", by_reference))]
        if not candidates:
            return self._without_row(owner, str(name), cast("list[int]", parameters)) if name == ".ctor" else None
        object_type = self._universe.corlib_type("System", "Object")
        return self._universe.method(candidates[0], owner, tuple(arg if arg is not None else object_type for arg in args))

    def _fits(self, candidate: MethodDefinition, types: list[int], by_reference: list[int]) -> bool:
        universe = self._universe
        owner = universe.open_type(candidate.owner)
        args = tuple(universe.parameter(ElementType.MVAR, i) for i in range(candidate.generic_count))
        try:
            declared = universe.signature(universe.method(candidate, owner, args)).parameters
        except InputError:
            return False
        for desc, row, is_reference in zip(declared, types, by_reference, strict=True):
            wanted = self.type(row)
            is_by_reference = isinstance(desc, PointerType) and desc.element is ElementType.BYREF
            if is_by_reference != bool(is_reference):
                return False
            if wanted is not None and (desc.item if isinstance(desc, PointerType) and is_by_reference else desc) is not wanted:
                return False
        return True

    def _without_row(self, owner: NamedType, name: str, parameters: list[int]) -> MethodDesc:
        """A constructor that a struct has without declaring it, or that is not compiled because of errors in its declaration."""
        function = SourceFunction(
            owner.definition,
            name,
            name,
            ("",) * len(parameters),
            (),
            frozenset(),
            MethodAnnotations(),
            {},
            frozenset(),
            None,
            is_static=False,
        )
        object_type = self._universe.corlib_type("System", "Object")
        types = tuple(self.type(each) or object_type for each in parameters)
        signature = MethodSignature(_HAS_THIS, 0, self._universe.primitive(ElementType.VOID), types)
        return MethodDesc.of_signature(function, owner, (), signature)

    def _local(self, row: Row) -> MethodDesc | None:
        _, display, owner_row, result, parameters, generics, promised, requires, suppressed, is_static, outer, arguments = row
        owner = self.type(cast(int, owner_row))
        rows = cast("list[Row]", parameters)
        type_parameters = cast("list[Row]", generics)
        home = owner if isinstance(owner, NamedType) else self._universe.corlib_type("System", "Object")
        annotations = MethodAnnotations(
            {i: cast(int, each[3]) for i, each in enumerate(rows) if each[3]},
            cast(int, promised),
            {i: cast(int, each[1]) for i, each in enumerate(type_parameters) if each[1]},
        )
        around = self.method(cast(int, outer)) if cast(int, outer) >= 0 else None
        function = SourceFunction(
            home.definition,
            "",
            str(display),
            tuple(str(each[0]) for each in rows),
            tuple(str(each[0]) for each in type_parameters),
            frozenset(i for i, each in enumerate(type_parameters) if each[2]),
            annotations,
            {str(name): (str(message), str(url)) for name, message, url in cast("list[Row]", requires)},
            frozenset(str(each) for each in cast("list[Row]", suppressed)),
            around.definition if around is not None and isinstance(around.definition, SourceFunction) else None,
            is_static=bool(is_static),
        )
        args = tuple(self.type(each) or home for each in cast("list[int]", arguments))
        return MethodDesc.of_signature(function, home, args, self._signature(rows, cast(int, result), is_static=bool(is_static)))

    def _signature(self, rows: list[Row], result: int, *, is_static: bool) -> MethodSignature:
        universe = self._universe
        object_type = universe.corlib_type("System", "Object")
        types: list[TypeDesc] = []
        for each in rows:
            desc = self.type(cast(int, each[1])) or object_type
            types.append(universe.byref(desc) if each[2] else desc)
        returned = self.type(result) or universe.primitive(ElementType.VOID)
        return MethodSignature(0 if is_static else _HAS_THIS, 0, returned, tuple(types))

    # ---- fields ----

    def field(self, index: int) -> FieldDesc | None:
        """The field of a row."""
        if index not in self._fields:
            self._fields[index] = self._read_field(self._file.fields[index])
        return self._fields[index]

    def _read_field(self, row: Row) -> FieldDesc | None:
        owner = self.type(cast(int, row[1])) if len(row) > 1 else None
        if not isinstance(owner, NamedType):
            return None
        found = next((each for each in owner.definition.fields if each.name == row[0]), None)
        if found is None:
            return None
        field = self._universe.field(found, owner)
        return DisplayedField(field, str(row[2])) if len(row) > 2 else field
