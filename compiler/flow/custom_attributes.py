"""CustomAttribute rows -> decoded attributes of one entity, read on demand and kept per module.

Enum arguments are resolved through the universe. An attribute whose blob is malformed, or whose enum cannot be found,
counts as absent, as it does for .NET's own tools; the image itself is still analysed.
"""

from __future__ import annotations

from dataclasses import dataclass

from compiler.diagnostics import InputError
from compiler.metadata.attributes import AttributeValue, TypeName, Value, read_attribute
from compiler.metadata.signatures import ElementType, MethodSig, read_method_sig
from compiler.metadata.tokens import TableId, Token, decode_coded
from compiler.types.definitions import Module, TypeDefinition
from compiler.types.reads import KeptByMember
from compiler.types.universe import TypeUniverse


@dataclass(frozen=True, slots=True)
class CustomAttribute:
    """One attribute: its row, its constructor's token in the module where it stands, the type's full name and the arguments."""

    row: int
    constructor: Token
    type_name: str
    value: AttributeValue

    def text(self, index: int) -> str:
        """Fixed argument `index` when it is a string, else the empty string."""
        fixed = self.value.fixed
        value = fixed[index] if index < len(fixed) else None
        return value if isinstance(value, str) else ""

    def named_text(self, name: str) -> str:
        """Named argument `name` when it is a string, else the empty string."""
        value = self.value.named.get(name)
        return value if isinstance(value, str) else ""


class AttributeReader:
    """Decodes attributes of any module of a universe. Invariant: answers depend on the image alone, so they are kept."""

    def __init__(self, universe: TypeUniverse) -> None:
        self._universe = universe
        self.volatile = universe.volatile
        self._decoded = KeptByMember[tuple[Module, int], CustomAttribute | None](universe.volatile)

    def named(self, module: Module, token: int, full_name: str) -> list[CustomAttribute]:
        """The attributes of that type on the entity of `token`, in row order."""
        rows = [row for row in module.attribute_rows(token) if module.attribute_type_name(row) == full_name]
        return [found for row in rows if (found := self.decode(module, row)) is not None]

    def first(self, module: Module, token: int, full_name: str) -> CustomAttribute | None:
        """The first attribute of that type on the entity of `token`, or None."""
        for row in module.attribute_rows(token):
            if module.attribute_type_name(row) == full_name:
                found = self.decode(module, row)
                if found is not None:
                    return found
        return None

    def everything(self, module: Module, token: int) -> list[CustomAttribute]:
        """All attributes on the entity of `token` that can be decoded, in row order."""
        return [found for row in module.attribute_rows(token) if (found := self.decode(module, row)) is not None]

    def decode(self, module: Module, row: int) -> CustomAttribute | None:
        """The attribute of CustomAttribute row `row`, or None when it is malformed."""
        key = (module, row)
        if key not in self._decoded:
            try:
                self._decoded[key] = self._read(module, row)
            except InputError:
                self._decoded[key] = None
        return self._decoded[key]

    def _read(self, module: Module, row: int) -> CustomAttribute:
        image = module.image
        constructor = decode_coded("CustomAttributeType", image.column(TableId.CUSTOM_ATTRIBUTE, "Type")[row - 1])
        sig = _constructor_sig(module, constructor)
        blob = image.blob(image.column(TableId.CUSTOM_ATTRIBUTE, "Value")[row - 1])
        value = read_attribute(image.file, blob, sig, lambda enum: self._underlying(module, enum))
        return CustomAttribute(row, constructor, module.attribute_type_name(row), value)

    def _underlying(self, module: Module, enum: Token | str) -> ElementType | None:
        if isinstance(enum, str):
            definition = self._find_by_name(module, enum)
        else:
            if self._universe._type_token_name(module, enum) == "System.Type":
                return None
            definition = self._universe.resolve_definition(module, enum)
        for field in definition.fields:
            if not field.is_static:
                return field.sig.element
        return ElementType.I4

    def _find_by_name(self, module: Module, name: str) -> TypeDefinition:
        full, _, assembly = name.partition(",")
        outer, *nested = full.strip().split("+")
        namespace, _, simple = outer.rpartition(".")
        home = assembly.partition(",")[0].strip() or module.name
        definition = self._universe.find_type(home, namespace, simple)
        for inner in nested:
            found = definition.module.find_nested(definition, inner)
            if found is None:
                raise InputError("AOTD1003", f"enum '{name}' does not exist")
            definition = found
        return definition


def _constructor_sig(module: Module, constructor: Token) -> MethodSig:
    rid = constructor & 0xFFFFFF
    if constructor >> 24 == TableId.METHOD_DEF:
        return module.method_definition(rid).sig
    image = module.image
    return read_method_sig(image.file, image.blob(image.column(TableId.MEMBER_REF, "Signature")[rid - 1]))


def int_argument(value: Value) -> int | None:
    """`value` as an integer (an enum's), or None."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


__all__ = ["AttributeReader", "CustomAttribute", "TypeName", "int_argument"]
