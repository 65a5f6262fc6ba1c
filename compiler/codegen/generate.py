"""Which generator a method gets: IL, an internal call, a P/Invoke, a delegate's runtime method, a substituted body."""

from __future__ import annotations

from compiler.codegen.dynamic_invoke import dynamic_thunk
from compiler.codegen.emitter import ConstantOf, Unsupported, method_declaration
from compiler.codegen.lltypes import quote, result_type
from compiler.codegen.method import CodeItem, compile_body
from compiler.codegen.object_array_thunk import object_array_thunk
from compiler.codegen.pinvoke import pinvoke
from compiler.codegen.reflection_code import attribute_symbol, field_storage, make_attribute
from compiler.codegen.unsafe_accessor import ATTRIBUTE, unsafe_accessor
from compiler.codegen.wrappers import (
    delegate_invoke,
    internal_call_symbol,
    multicast_thunk,
    native_call,
    static_thunk,
    throwing_body,
    throwing_code,
    unboxing_stub,
)
from compiler.contract.substitutions import substitute_for
from compiler.diagnostics import Diagnostic, InputError, Severity
from compiler.reach.features import FeatureConstants
from compiler.reach.world import AttributeUse
from compiler.types.type_desc import FieldDesc, MethodDesc, NamedType
from compiler.types.universe import TypeUniverse

_MAX_DEPTH = 12


class Generator:
    """Generates code items; problems become throwing bodies and diagnostics. Invariant: one item per (kind, desc)."""

    def __init__(self, universe: TypeUniverse, features: FeatureConstants) -> None:
        self.universe = universe
        self.features = features
        self.diagnostics: list[Diagnostic] = []
        self.constants: ConstantOf = features.constant

    def generate(self, kind: str, target: object) -> CodeItem:
        """The code of a node of the world."""
        if kind == "static_thunk":
            assert isinstance(target, NamedType)
            return static_thunk(self.universe, target)
        if kind == "multicast_thunk":
            assert isinstance(target, NamedType)
            return multicast_thunk(self.universe, target)
        if kind == "dynamic_thunk":
            assert isinstance(target, NamedType)
            return dynamic_thunk(self.universe, target, self.constants)
        if kind == "array_thunk":
            assert isinstance(target, NamedType)
            return object_array_thunk(self.universe, target, self.constants)
        if kind == "field_storage":
            assert isinstance(target, FieldDesc)
            return field_storage(self.universe, target, self.constants)
        if kind == "attribute":
            assert isinstance(target, AttributeUse)
            return self._attribute(target)
        assert isinstance(target, MethodDesc)
        if kind == "unboxing_stub":
            return unboxing_stub(self.universe, target)
        try:
            return self._method(target)
        except InputError as error:
            self.diagnostics.append(Diagnostic(error.code, Severity.WARNING, f"{error.message}; calling it throws", error.location))
            return throwing_body(self.universe, target, error.message)

    def _attribute(self, use: AttributeUse) -> CodeItem:
        try:
            return make_attribute(self.universe, use, self.constants)
        except InputError as error:
            self.diagnostics.append(Diagnostic(error.code, Severity.WARNING, f"{error.message}; asking for it throws", error.location))
            return throwing_code(attribute_symbol(use), error.message)

    def _method(self, method: MethodDesc) -> CodeItem:
        if method.depth > _MAX_DEPTH:
            reason = f"was aborted because it nests more than {_MAX_DEPTH} levels deep"
            raise Unsupported("IL3054", f"generic expansion of '{method!r}' {reason}")
        definition = method.definition
        symbol = substitute_for(definition)
        if symbol is not None:
            return native_call(self.universe, method, symbol)
        if self.features.is_empty_stub(method):
            return self._empty(method)
        if definition.pinvoke is not None:
            library, entry, _ = definition.pinvoke
            return pinvoke(self.universe, method, library, entry, self.constants)
        if definition.is_internal_call:
            return native_call(self.universe, method, internal_call_symbol(method))
        if method.owner.is_delegate and definition.body is None:
            if method.name == "Invoke":
                return delegate_invoke(self.universe, method)
            raise Unsupported("AOTD2001", f"'{method!r}': asynchronous delegate calls are not supported by .NET either")
        if definition.body is None and definition.has_attribute(ATTRIBUTE):
            return unsafe_accessor(self.universe, method, self.constants)
        if definition.body is None:
            raise Unsupported("AOTD2001", f"'{method!r}' has no body that can be compiled")
        return compile_body(self.universe, method, self.constants)

    def _empty(self, method: MethodDesc) -> CodeItem:
        name, declaration = method_declaration(self.universe, method, "m")
        result, in_memory = result_type(self.universe, self.universe.signature(method).return_type)
        if result != "void" or in_memory:
            raise Unsupported("AOTD2001", f"'{method!r}': a stub without a value returns something")
        header = declaration.removeprefix("declare ")
        assert header.startswith(f"void {quote(name)}")
        return CodeItem(name, f"define {header} uwtable {{\nret void\n}}", {}, {}, (), 0)
