"""DynamicallyAccessedMembers attributes -> what each field, parameter, return value, `this`, type parameter and type asks for.

An attribute on a property holds for its accessors and its backing field. Attributes on things that can hold neither a Type nor a
string, and conflicts between a property and its accessors, are problems of the type that declares them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from compiler.diagnostics import InputError
from compiler.flow.associations import AccessorKind, SemanticMember, members_of
from compiler.flow.custom_attributes import AttributeReader, int_argument
from compiler.flow.generated import GeneratedCode
from compiler.flow.parameters import PARAM_IN, PARAM_OUT, constraints, generic_parameter_token, parameter_rows
from compiler.flow.reader_kind import FIRST_RULES, FlowRules, ReaderKind
from compiler.flow.source_functions import MethodAnnotations, SourceFunction
from compiler.flow.values import THIS, FieldValue, GenericParameterValue, ParameterValue, ReturnValue
from compiler.il.decode import decode
from compiler.metadata.signatures import ElementType, SigType, read_method_sig
from compiler.metadata.tokens import TableId, Token, decode_coded, make_token
from compiler.types.definitions import FieldDefinition, MethodDefinition, Module, TypeDefinition
from compiler.types.reads import KeptByMember
from compiler.types.type_desc import FieldDesc, MethodDesc, NamedType, PointerType, TypeDesc
from compiler.types.universe import EMPTY_CONTEXT, TypeUniverse

ATTRIBUTE = "System.Diagnostics.CodeAnalysis.DynamicallyAccessedMembersAttribute"
_GENERATED = "System.Runtime.CompilerServices.CompilerGeneratedAttribute"
_IREFLECT = "System.Reflection.IReflect"
_NEW_CONSTRAINT = 0x10
_VALUE_CONSTRAINT = 0x08


class ProblemKind(Enum):
    """What is wrong with an annotation."""

    ON_METHOD = "on a method"
    FIELD_TYPE = "field of another type"
    PARAMETER_TYPE = "parameter of another type"
    PROPERTY_TYPE = "property of another type"
    RETURN_TYPE = "return value of another type"
    NO_UNIQUE_FIELD = "property without a unique backing field"
    ACCESSOR_CONFLICT = "property and accessor annotated"
    FIELD_CONFLICT = "property and backing field annotated"


@dataclass(frozen=True, slots=True)
class AnnotationProblem:
    """A wrong annotation: where it stands, and the parameter (index from 0) or property that it is about."""

    kind: ProblemKind
    member: MethodDefinition | FieldDefinition | TypeDefinition
    parameter: int = 0
    property: SemanticMember | None = None


@dataclass(slots=True)
class TypeAnnotations:
    """The annotations in one type."""

    fields: dict[FieldDefinition, int] = field(default_factory=dict)
    methods: dict[MethodDefinition, MethodAnnotations] = field(default_factory=dict)
    generics: dict[int, int] = field(default_factory=dict)
    own: int = 0
    problems: list[AnnotationProblem] = field(default_factory=list)


_NONE = TypeAnnotations()
_NO_METHOD = MethodAnnotations()


class AnnotatedTokens:
    """Token -> annotation of the annotated entities of one module, each read when it is asked for."""

    def __init__(self, module: Module, attributes: AttributeReader) -> None:
        self._module = module
        self._attributes = attributes
        self._types = module.image.column(TableId.CUSTOM_ATTRIBUTE, "Type")
        self._constructors = frozenset(
            coded for coded in set(self._types) if module.constructor_type_name(decode_coded("CustomAttributeType", coded)) == ATTRIBUTE
        )
        self._known: dict[int, int | None] = {}

    @property
    def has_any(self) -> bool:
        """Whether there may be any."""
        return bool(self._constructors)

    def get(self, token: Token, default: int) -> int:
        """The annotation of an entity."""
        found = self._find(token)
        return default if found is None else found

    def __contains__(self, token: Token) -> bool:
        return self._find(token) is not None

    def __getitem__(self, token: Token) -> int:
        found = self._find(token)
        assert found is not None, "asked for what is there"
        return found

    def _find(self, token: Token) -> int | None:
        if token not in self._known:
            self._known[token] = self._read(token)
        return self._known[token]

    def _read(self, token: Token) -> int | None:
        result: int | None = None
        for row in self._module.attribute_rows(token):
            if self._types[row - 1] in self._constructors:
                attribute = self._attributes.decode(self._module, row)
                value = int_argument(attribute.value.fixed[0]) if attribute is not None and attribute.value.fixed else None
                result = value if value is not None else result
        return result


class Annotations:
    """Looks annotations up, type by type. Invariant: answers depend on metadata and accessor bodies alone, so they are kept."""

    def __init__(
        self,
        universe: TypeUniverse,
        attributes: AttributeReader,
        generated: GeneratedCode,
        reader: ReaderKind,
        rules: FlowRules = FIRST_RULES,
    ) -> None:
        self.reader, self.rules = reader, rules
        self.universe = universe
        self._attributes = attributes
        self._generated = generated
        self._parameters = KeptByMember[tuple[TypeDefinition | MethodDefinition, int], GenericParameterValue](universe.volatile)
        self._types = KeptByMember[TypeDefinition, TypeAnnotations](universe.volatile)
        self._interesting = KeptByMember[TypeDefinition, bool](universe.volatile)
        self._type_wide = KeptByMember[TypeDefinition, int](universe.volatile)

    # ---- look-ups ----

    def of_type(self, definition: TypeDefinition) -> TypeAnnotations:
        """Everything that is annotated in a type, its problems included."""
        found = self._types.get(definition)
        if found is None:
            found = self._types[definition] = self._read_unnoted(definition)
        return found

    def of_method(self, method: MethodDefinition) -> MethodAnnotations:
        """The annotations of a method."""
        if isinstance(method, SourceFunction):
            return method.annotations
        return self.of_type(method.owner).methods.get(method, _NO_METHOD)

    def of_field(self, field_: FieldDefinition) -> int:
        """The annotation of a field."""
        return self.of_type(field_.owner).fields.get(field_, 0)

    def type_wide(self, definition: TypeDefinition) -> int:
        """The annotation on a type, on its base types and its interfaces: what object.GetType on it promises."""
        found = self._type_wide.get(definition)
        if found is None:
            self._type_wide[definition] = 0
            found = self.of_type(definition).own
            for token in (definition.extends, *definition.interface_tokens):
                if token:
                    found |= self._of_type_token(definition.module, token)
            self._type_wide[definition] = found
        return found

    def _of_type_token(self, module: Module, token: Token) -> int:
        try:
            desc = self.universe.resolve_type(module, token, EMPTY_CONTEXT)
        except InputError:
            return 0
        return self.type_wide(desc.definition) if isinstance(desc, NamedType) else 0

    # ---- values ----

    def parameter_value(self, method: MethodDesc, index: int, annotation: int | None = None) -> ParameterValue:
        """Parameter `index` (THIS for `this`) of a method as a value; `annotation` replaces the declared one."""
        declared = self.of_method(method.definition).parameters.get(index, 0)
        static_type: TypeDesc | None = method.owner
        if index != THIS:
            static_type = self.universe.signature(method).parameters[index]
            if isinstance(static_type, PointerType):
                static_type = static_type.item
        return ParameterValue(method, index, declared if annotation is None else annotation, static_type)

    def return_value(self, method: MethodDesc, annotation: int | None = None, *, creates: bool = False) -> ReturnValue:
        """What a call of a method returns; `creates` for a constructor's object."""
        declared = self.of_method(method.definition).result
        static_type = method.owner if creates else self.universe.signature(method).return_type
        return ReturnValue(method, declared if annotation is None else annotation, static_type)

    def field_value(self, field_: FieldDesc) -> FieldValue:
        """What a field holds."""
        return FieldValue(field_, self.of_field(field_.definition), self.universe.field_type(field_))

    def generic_parameter(self, owner: TypeDefinition | MethodDefinition, index: int) -> GenericParameterValue:
        """Type parameter `index` of a type or method. A new() or struct constraint is kept apart from the annotation.

        A generated type has copies of the parameters of the user's method; they are annotated as those are.
        """
        found = self._parameters.get((owner, index))
        if found is None:
            if isinstance(owner, SourceFunction):
                return GenericParameterValue(owner, index, owner.annotations.generics.get(index, 0), index in owner.new_constraints)
            declared, number = self._generated.declared_parameter(owner, index)
            generics = self.of_type(declared).generics if isinstance(declared, TypeDefinition) else self.of_method(declared).generics
            token = generic_parameter_token(owner.module, owner.token, index)
            flags = owner.module.image.column(TableId.GENERIC_PARAM, "Flags")[(token & 0xFFFFFF) - 1] if token else 0
            has_new = bool(flags & (_NEW_CONSTRAINT | _VALUE_CONSTRAINT))
            found = self._parameters[owner, index] = GenericParameterValue(owner, index, generics.get(number, 0), has_new)
        return found

    def is_enum_parameter(self, owner: TypeDefinition | MethodDefinition, index: int) -> bool:
        """Whether a type parameter is constrained to System.Enum."""
        token = generic_parameter_token(owner.module, owner.token, index) if owner.rid else None
        return token is not None and any(
            self._type_name(owner.module, each) == "System.Enum" for each in constraints(owner.module, token & 0xFFFFFF)
        )

    def _type_name(self, module: Module, token: Token) -> str:
        try:
            desc = self.universe.resolve_type(module, token, EMPTY_CONTEXT)
        except InputError:
            return ""
        return desc.full_name if isinstance(desc, NamedType) else ""

    def is_out(self, method: MethodDefinition, index: int) -> bool:
        """Whether parameter `index` is an `out` parameter: it takes nothing."""
        row = parameter_rows(method).get(index + 1)
        return row is not None and row.flags & PARAM_OUT != 0 and row.flags & PARAM_IN == 0

    def has_annotated_parameters(self, desc: TypeDesc) -> bool:
        """Whether a type parameter of the type is annotated."""
        return isinstance(desc, NamedType) and bool(desc.args) and bool(self.of_type(desc.definition).generics)

    def is_interesting(self, desc: TypeDesc) -> bool:
        """Whether a value of the type can name a type: Type or IReflect, what derives from them, a string; or a reference to one."""
        if isinstance(desc, PointerType) and desc.element is ElementType.BYREF:
            desc = desc.item
        if not isinstance(desc, NamedType):
            return False
        return desc.element is ElementType.STRING or self._is_type_like(desc)

    def _is_type_like(self, desc: NamedType) -> bool:
        definition = desc.definition
        found = self._interesting.get(definition)
        if found is None:
            if definition.full_name in ("System.Type", _IREFLECT):
                found = True
            else:
                base = self.universe.base_type(desc)
                found = (base is not None and self._is_type_like(base)) or any(
                    self._type_name(definition.module, token) == _IREFLECT for token in definition.interface_tokens
                )
            self._interesting[definition] = found
        return found

    # ---- reading ----

    def _annotated_tokens(self, module: Module) -> AnnotatedTokens:
        """The annotated entities of a module; kept with the module, which outlives one analysis."""
        known = module.sig_cache.get("annotated tokens")
        if not isinstance(known, AnnotatedTokens):
            known = module.sig_cache["annotated tokens"] = AnnotatedTokens(module, self._attributes)
        return known

    def _read_unnoted(self, definition: TypeDefinition) -> TypeAnnotations:
        """Reads a type; who asks for a member of it notes that member, whose declaration has all that counts here."""
        module, reads = definition.module, definition.module.reads
        module.reads = None
        try:
            return self._read(definition) if self._annotated_tokens(module).has_any else _NONE
        finally:
            module.reads = reads

    def _read(self, definition: TypeDefinition) -> TypeAnnotations:
        tokens = self._annotated_tokens(definition.module)
        result = TypeAnnotations(own=tokens.get(definition.token, 0))
        result.generics = self._generics(definition, tokens)
        for field_ in definition.fields:
            if field_.token in tokens:
                if self._is_interesting_sig(definition.module, field_.sig):
                    result.fields[field_] = tokens[field_.token]
                else:
                    result.problems.append(AnnotationProblem(ProblemKind.FIELD_TYPE, field_))
        for method in definition.methods:
            found = self._read_method(method, tokens, result)
            if found.parameters or found.result or found.generics:
                result.methods[method] = found
        for member in members_of(definition, events=False):
            if tokens.get(member.token, 0):
                self._read_property(member, tokens[member.token], result)
        if self.rules.annotates_captured_parameters and self.reader is ReaderKind.PUBLISH:
            _annotate_captured_parameters(definition, result)
        return result if result != _NONE else _NONE

    def _generics(self, owner: TypeDefinition | MethodDefinition, tokens: AnnotatedTokens) -> dict[int, int]:
        module = owner.module
        numbers = module.image.column(TableId.GENERIC_PARAM, "Number")
        found = ((rid, tokens.get(make_token(TableId.GENERIC_PARAM, rid), 0)) for rid in module.generic_params(owner.token))
        return {numbers[rid - 1]: value for rid, value in found if value}

    def _read_method(self, method: MethodDefinition, tokens: AnnotatedTokens, result: TypeAnnotations) -> MethodAnnotations:
        found = MethodAnnotations(generics=self._generics(method, tokens))
        if method.token in tokens:
            owner = self.universe.open_type(method.owner)
            if not method.is_static and self.is_interesting(owner):
                found.parameters[THIS] = tokens[method.token]
            else:
                result.problems.append(AnnotationProblem(ProblemKind.ON_METHOD, method))
        for sequence, row in parameter_rows(method).items():
            value = tokens.get(row.token, 0)
            if not value or sequence > len(method.sig.parameters):
                continue
            if sequence == 0:
                is_type = self._is_interesting_sig(method.module, method.sig.return_type)
                if not is_type:
                    result.problems.append(AnnotationProblem(ProblemKind.RETURN_TYPE, method))
                if is_type or self.reader is ReaderKind.PUBLISH:
                    found.result = value
            elif self._is_interesting_sig(method.module, method.sig.parameters[sequence - 1]):
                found.parameters[sequence - 1] = value
            else:
                result.problems.append(AnnotationProblem(ProblemKind.PARAMETER_TYPE, method, sequence - 1))
                if self.reader is ReaderKind.BUILD and not self.rules.checks_parameter_types:
                    found.parameters[sequence - 1] = value
        return found

    def _is_interesting_sig(self, module: Module, sig: SigType) -> bool:
        try:
            return self.is_interesting(self.universe.resolve_sig(module, sig, EMPTY_CONTEXT))
        except InputError:
            return False

    def _read_property(self, member: SemanticMember, annotation: int, result: TypeAnnotations) -> None:
        module = member.owner.module
        blob = module.image.blob(module.image.column(TableId.PROPERTY, "Type")[(member.token & 0xFFFFFF) - 1])
        if not self._is_interesting_sig(module, read_method_sig(module.image.file, blob).return_type):
            result.problems.append(AnnotationProblem(ProblemKind.PROPERTY_TYPE, member.owner, property=member))
            return
        backing: list[FieldDefinition] = []
        for kind in (AccessorKind.SETTER, AccessorKind.GETTER):
            accessor = member.accessors.get(kind)
            if accessor is None:
                continue
            found = self._backing_field(member, accessor, writes=kind is AccessorKind.SETTER)
            if found is not None and found not in backing:
                backing.append(found)
            own = result.methods.setdefault(accessor, MethodAnnotations())
            value_index = len(accessor.sig.parameters) - 1
            taken = own.parameters.get(value_index, 0) if kind is AccessorKind.SETTER else own.result
            if taken:
                result.problems.append(AnnotationProblem(ProblemKind.ACCESSOR_CONFLICT, accessor, property=member))
            elif kind is AccessorKind.SETTER:
                own.parameters[value_index] = annotation
            else:
                own.result = annotation
        self._annotate_backing(member, backing, annotation, result)

    def _annotate_backing(self, member: SemanticMember, backing: list[FieldDefinition], annotation: int, result: TypeAnnotations) -> None:
        if len(backing) > 1:
            result.problems.append(AnnotationProblem(ProblemKind.NO_UNIQUE_FIELD, member.owner, property=member))
        elif backing and backing[0] in result.fields:
            if self.rules.passes_equal_fields and result.fields[backing[0]] == annotation:
                return
            result.problems.append(AnnotationProblem(ProblemKind.FIELD_CONFLICT, backing[0], property=member))
        elif backing:
            result.fields[backing[0]] = annotation

    def _backing_field(self, member: SemanticMember, accessor: MethodDefinition, *, writes: bool) -> FieldDefinition | None:
        """The one compiler-generated field that an accessor reads or writes, or None."""
        if accessor.owner.generic_count and self.reader is ReaderKind.PUBLISH:
            return None
        names = ("stfld", "stsfld") if writes else ("ldfld", "ldsfld", "ldflda", "ldsflda")
        try:
            body = accessor.body
            tokens = [i.operand for i in decode(body.code) if i.name in names] if body is not None else []
            if len(tokens) != 1 or not isinstance(tokens[0], int):
                return None
            found = self.universe.resolve_field(accessor.module, Token(tokens[0]), EMPTY_CONTEXT).definition
        except InputError:
            return None
        if self.reader is ReaderKind.BUILD and found.name != f"<{member.name}>k__BackingField":
            # Source tells which field a compiler made; its attribute can stand on others.
            return None
        is_backing = found.owner is accessor.owner and found.is_static == accessor.is_static and found.has_attribute(_GENERATED)
        return found if is_backing else None


def _annotate_captured_parameters(definition: TypeDefinition, result: TypeAnnotations) -> None:
    """Gives the fields in which a primary constructor keeps parameters (`<name>P`) what the parameters have."""
    fields = {field_.name[1:-2]: field_ for field_ in definition.fields if field_.name.startswith("<") and field_.name.endswith(">P")}
    for constructor in definition.methods_named(".ctor") if fields else ():
        annotated = result.methods[constructor].parameters if constructor in result.methods else {}
        for sequence, row in parameter_rows(constructor).items():
            value = annotated.get(sequence - 1, 0)
            if value and row.name in fields:
                result.fields[fields[row.name]] = value
