"""Feature switches and substitutions: which methods have a result that is known before anything is reached.

Reads the ILLink.Substitutions.xml that assemblies embed, [FeatureSwitchDefinition] attributes, and what the target
decides (no hardware vectors). Small getters that only combine such constants are constants too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from compiler.flow.link_signatures import definition_name, method_signature
from compiler.flow.link_xml import InvalidLinkXml, XmlElement, read_linker
from compiler.il.decode import Instruction, InvalidProgram, decode
from compiler.metadata.resources import embedded_resource
from compiler.metadata.signatures import ElementType
from compiler.metadata.tokens import TableId, Token, make_token
from compiler.types.definitions import TYPE_BEFORE_FIELD_INIT, MethodDefinition, Module
from compiler.types.interned import TypeLoadError
from compiler.types.reads import KeptByMember, NotedAnswers
from compiler.types.type_desc import MethodDesc, NamedType
from compiler.types.universe import GenericContext, MissingMember, TypeUniverse

# What a Native AOT publish sets when the project says nothing (Microsoft.NETCore.Native.targets, Microsoft.NET.Sdk.targets).
AOT_DEFAULTS: dict[str, bool] = {
    "System.Runtime.CompilerServices.RuntimeFeature.IsDynamicCodeSupported": False,
    "System.Diagnostics.Tracing.EventSource.IsSupported": False,
    "System.Diagnostics.Debugger.IsSupported": False,
    "System.Globalization.Invariant": True,
    "System.Globalization.PredefinedCulturesOnly": True,
    "System.Resources.UseSystemResourceKeys": False,
    "System.Resources.ResourceManager.AllowCustomResourceTypes": False,
    "System.Runtime.InteropServices.BuiltInComInterop.IsSupported": False,
    "System.Runtime.InteropServices.EnableConsumingManagedCodeFromNativeHosting": False,
    "System.Runtime.InteropServices.EnableCppCLIHostActivation": False,
    "System.StartupHookProvider.IsSupported": False,
    "System.Runtime.Serialization.EnableUnsafeBinaryFormatterSerialization": False,
    "System.Text.Encoding.EnableUnsafeUTF7Encoding": False,
    "System.Reflection.Metadata.MetadataUpdater.IsSupported": False,
    "System.Threading.Thread.EnableAutoreleasePool": False,
    "System.Text.Json.JsonSerializer.IsReflectionEnabledByDefault": False,
    "System.Linq.Enumerable.IsSizeOptimized": True,
}
_FEATURE_SWITCH = "System.Diagnostics.CodeAnalysis.FeatureSwitchDefinitionAttribute"
_MAX_STEPS = 40
_MAX_DEPTH = 6
_MAX_CODE_BYTES = 40


class FeatureConstants:
    """Answers "what does this method always return". Invariant: answers depend on the assemblies and switches only."""

    def __init__(self, universe: TypeUniverse, switches: Mapping[str, bool]) -> None:
        self._universe = universe
        self._switches = {**AOT_DEFAULTS, **switches}
        self._stubs = KeptByMember[Module, dict[str, int | None]](universe.volatile)
        self._known = NotedAnswers[MethodDefinition, int | None](universe.volatile)

    def constant(self, method: MethodDesc) -> int | None:
        """The integer or boolean that `method` always returns, or None when it is not known."""
        definition = method.definition
        return self._known.answer(definition, lambda: self._find(definition, 0))

    def is_empty_stub(self, method: MethodDesc) -> bool:
        """Whether a substitution replaces the body by one that does nothing (a stub without value)."""
        stubs = self._module_stubs(method.definition.module)
        key = _method_key(self._universe, method.definition)
        return key in stubs and stubs[key] is None

    def _find(self, definition: MethodDefinition, depth: int) -> int | None:
        fixed = self._target_constant(definition)
        if fixed is not None:
            return fixed
        if definition.sig.return_type.element not in (ElementType.BOOLEAN, ElementType.I4):
            return None
        stubs = self._module_stubs(definition.module)
        if stubs:
            key = _method_key(self._universe, definition)
            if stubs.get(key) is not None:
                return stubs[key]
        switch = self._feature_switch(definition)
        if switch is not None:
            return int(switch)
        return self._evaluate(definition, depth)

    def _target_constant(self, definition: MethodDefinition) -> int | None:
        owner = definition.owner
        if owner.module.name != "System.Private.CoreLib":
            return None
        outer = owner
        while outer.enclosing is not None:
            outer = outer.enclosing
        if definition.name == "get_IsSupported" and outer.namespace.startswith("System.Runtime.Intrinsics."):
            return 0
        if definition.name == "get_IsHardwareAccelerated" and (
            owner.namespace == "System.Runtime.Intrinsics" or owner.full_name == "System.Numerics.Vector"
        ):
            return 0
        return None

    def _feature_switch(self, definition: MethodDefinition) -> bool | None:
        """The value of a property's [FeatureSwitchDefinition] when the switch is set."""
        if not definition.name.startswith("get_") or not definition.is_static:
            return None
        module = definition.module
        token = module.property_of_getter(definition.rid)
        if token == 0:
            return None
        image = module.image
        for rid in module.attribute_rows(make_token(TableId.PROPERTY, token)):
            if module.attribute_type_name(rid) == _FEATURE_SWITCH:
                blob = image.blob(image.column(TableId.CUSTOM_ATTRIBUTE, "Value")[rid - 1])
                name = blob[3 : 3 + blob[2]].decode("utf-8", "replace")
                return self._switches.get(name)
        return None

    def _evaluate(self, definition: MethodDefinition, depth: int) -> int | None:
        """Runs a parameterless static getter that only combines constants."""
        instructions = _short_getter(definition) if depth <= _MAX_DEPTH else []
        by_offset: dict[object, int] = {ins.offset: i for i, ins in enumerate(instructions)}
        stack: list[int] = []
        position = 0
        for _ in range(_MAX_STEPS):
            if position >= len(instructions):
                return None
            ins = instructions[position]
            position += 1
            match ins.name:
                case "nop":
                    continue
                case "ldc.i4":
                    assert isinstance(ins.operand, int)
                    stack.append(ins.operand)
                case "call":
                    value = self._called(definition, ins.token, depth)
                    if value is None:
                        return None
                    stack.append(value)
                case "ceq" | "and" | "or" if len(stack) >= 2:
                    b, a = stack.pop(), stack.pop()
                    stack.append({"ceq": int(a == b), "and": a & b, "or": a | b}[ins.name])
                case "brtrue" | "brfalse" if stack:
                    taken = (stack.pop() != 0) == (ins.name == "brtrue")
                    position = by_offset.get(ins.operand if taken else ins.next_offset, len(instructions))
                case "br":
                    position = by_offset.get(ins.operand, len(instructions))
                case "ret" if len(stack) == 1:
                    return stack[0]
                case _:
                    return None
        return None

    def _called(self, caller: MethodDefinition, token: Token, depth: int) -> int | None:
        try:
            owner = self._universe.open_type(caller.owner)
            from_context = self._universe.resolve_method(caller.module, token, _context_of(owner))
        except (TypeLoadError, MissingMember):
            return None
        if not isinstance(from_context, MethodDesc) or from_context.definition.sig.parameters or not from_context.is_static:
            return None
        found = from_context.definition
        # How deep the search went decides what is not known: only what is known holds everywhere.
        return self._known.answer(found, lambda: self._find(found, depth + 1), keep=lambda value: value is not None)

    def _module_stubs(self, module: Module) -> dict[str, int | None]:
        found = self._stubs.get(module)
        if found is None:
            found = self._stubs[module] = {}
            raw = embedded_resource(module.image, "ILLink.Substitutions.xml")
            if raw is not None:
                self._read_substitutions(raw, module, found)
        return found

    def _read_substitutions(self, raw: bytes, module: Module, stubs: dict[str, int | None]) -> None:
        """Notes the stubs of a file; what is wrong with it is reported where findings are."""
        try:
            root = read_linker(raw)
        except InvalidLinkXml:
            return
        if root is None or not root.applies(self._switches):
            return
        # An embedded file may leave its assembly out.
        assemblies = [each for each in root.named("assembly") if each.get("fullname").partition(",")[0].strip() == module.name]
        for element in (root, *(each for each in assemblies if each.applies(self._switches))):
            for type_element in self._applying(element, "type"):
                for method in self._applying(type_element, "method"):
                    value = method.get("value")
                    if method.get("body") == "stub" and (not value or _parse_value(value) is not None):
                        # A stub with a value that is no number replaces nothing.
                        stubs[f"{type_element.get('fullname')}::{method.get('signature')}"] = _parse_value(value)

    def _applying(self, element: XmlElement, name: str) -> Iterator[XmlElement]:
        return (child for child in element.named(name) if child.applies(self._switches))


def _parse_value(value: str) -> int | None:
    lowered = value.strip().lower()
    if lowered in ("true", "false"):
        return int(lowered == "true")
    try:
        return int(lowered, 0)
    except ValueError:
        return None


def _context_of(owner: NamedType) -> GenericContext:
    return GenericContext(owner.args, ())


def _method_key(universe: TypeUniverse, definition: MethodDefinition) -> str:
    """`Type::ReturnType name(Param,Param)` as substitution files write signatures."""
    return f"{definition_name(definition.owner)}::{method_signature(universe, definition, with_arity=True)}"


def _short_getter(definition: MethodDefinition) -> list[Instruction]:
    """The instructions of a parameterless static method that a few steps may run through; empty for any other."""
    owner = definition.owner
    if owner.methods_named(".cctor") and not owner.flags & TYPE_BEFORE_FIELD_INIT:
        return []  # The call runs the type's initializer.
    body = None if not definition.is_static or definition.sig.parameters or definition.generic_count else definition.body
    if body is None or len(body.code) > _MAX_CODE_BYTES or body.clauses:
        return []
    try:
        return decode(body.code)
    except InvalidProgram:
        return []
