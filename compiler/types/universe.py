"""The type universe: what the tokens and signatures of the loaded modules mean, as interned types, methods and fields.

Resolution errors are `TypeLoadError` and `MissingMember`, with the names that could not be found; a reference is never
answered by a near match.
"""

from __future__ import annotations

from compiler.diagnostics import InputError
from compiler.metadata.signatures import (
    ElementType,
    MethodSig,
    SigType,
    read_field_sig,
    read_local_sig,
    read_method_sig,
    read_method_spec,
    read_type_spec,
)
from compiler.metadata.tokens import TableId, Token, decode_coded
from compiler.types.definitions import FieldDefinition, MethodDefinition, Module, TypeDefinition
from compiler.types.interned import InternedTypes, TypeLoadError
from compiler.types.reads import FIELD
from compiler.types.type_desc import (
    ArrayMethod,
    ArrayType,
    DeclaredParameter,
    FieldDesc,
    FunctionPointerType,
    GenericParameter,
    MethodDesc,
    MethodSignature,
    NamedType,
    PointerType,
    TypeDesc,
)


class MissingMember(InputError):
    """A method or field that is referred to does not exist."""


class GenericContext:
    """The type arguments that VAR and MVAR stand for while reading a signature."""

    __slots__ = ("type_args", "method_args")

    def __init__(self, type_args: tuple[TypeDesc, ...], method_args: tuple[TypeDesc, ...]) -> None:
        self.type_args = type_args
        self.method_args = method_args


EMPTY_CONTEXT = GenericContext((), ())


def _note_named(owner: NamedType, name: str) -> None:
    """Notes a look-up of methods by name whose answer is known already."""
    reads = owner.definition.module.reads
    if reads is not None:
        reads.named.add((owner.definition.rid, name))


class TypeUniverse(InternedTypes):
    """All types of one compilation, and what tokens and signatures of its modules mean."""

    def resolve_sig(self, module: Module, sig: SigType, context: GenericContext) -> TypeDesc:
        """The type that `sig` of `module` means in `context`; modifiers are dropped. Raises TypeLoadError."""
        match sig.element:
            case ElementType.CLASS | ElementType.VALUETYPE:
                return self.resolve_type(module, sig.token, context)
            case ElementType.VAR:
                return self._argument(module, context.type_args, sig)
            case ElementType.MVAR:
                return self._argument(module, context.method_args, sig)
            case ElementType.GENERICINST:
                definition = self.resolve_definition(module, sig.token)
                if definition.generic_count != len(sig.args):
                    counts = f"{definition.generic_count} type arguments, not {len(sig.args)}"
                    raise TypeLoadError("AOTD1004", f"'{definition.full_name}' takes {counts}")
                return self.named(definition, tuple(self.resolve_sig(module, a, context) for a in sig.args))
            case ElementType.SZARRAY:
                return self.array(self.resolve_sig(module, sig.args[0], context), 0)
            case ElementType.ARRAY:
                return self.array(self.resolve_sig(module, sig.args[0], context), sig.number)
            case ElementType.PTR | ElementType.BYREF:
                return self._pointer(sig.element, self.resolve_sig(module, sig.args[0], context))
            case ElementType.CMOD_OPT | ElementType.CMOD_REQD | ElementType.PINNED:
                return self.resolve_sig(module, sig.args[0], context)
            case ElementType.FNPTR:
                assert sig.method is not None
                method = self.resolve_method_sig(module, sig.method, context)
                return self.function_pointer(method.convention, method.return_type, method.parameters)
            case _:
                return self.primitive(sig.element)

    def _argument(self, module: Module, args: tuple[TypeDesc, ...], sig: SigType) -> TypeDesc:
        if not args and sig.number < 1024:
            return self.parameter(sig.element, sig.number)
        if sig.number >= len(args):
            raise TypeLoadError("AOTD1005", f"'{module.name}': generic parameter {sig.number} does not exist in its context")
        return args[sig.number]

    def resolve_method_sig(self, module: Module, sig: MethodSig, context: GenericContext) -> MethodSignature:
        """The resolved signature."""
        return MethodSignature(
            sig.convention,
            sig.generic_count,
            self.resolve_sig(module, sig.return_type, context),
            tuple(self.resolve_sig(module, p, context) for p in sig.parameters),
        )

    def locals_of(self, module: Module, local_sig: Token, context: GenericContext) -> list[tuple[TypeDesc, bool]]:
        """(type, pinned) of each local of a body with that StandAloneSig token."""
        if not local_sig & 0xFFFFFF:
            return []
        rid = local_sig & 0xFFFFFF
        key = ("locals", rid)
        sigs = module.sig_cache.get(key)
        if sigs is None:
            blob = module.image.blob(module.image.column(TableId.STAND_ALONE_SIG, "Signature")[rid - 1])
            sigs = module.sig_cache[key] = read_local_sig(module.image.file, blob)
        assert isinstance(sigs, tuple)
        return [(self.resolve_sig(module, s, context), s.element is ElementType.PINNED) for s in sigs]

    def stand_alone_method_sig(self, module: Module, token: Token, context: GenericContext) -> MethodSignature:
        """The signature that `calli` names by StandAloneSig token."""
        rid = token & 0xFFFFFF
        blob = module.image.blob(module.image.column(TableId.STAND_ALONE_SIG, "Signature")[rid - 1])
        return self.resolve_method_sig(module, read_method_sig(module.image.file, blob), context)

    def resolve_type(self, module: Module, token: Token, context: GenericContext) -> TypeDesc:
        """The type of a TypeDef, TypeRef or TypeSpec token. Raises TypeLoadError."""
        table, rid = token >> 24, token & 0xFFFFFF
        if table == TableId.TYPE_SPEC:
            key = ("spec", rid)
            sig = module.sig_cache.get(key)
            if sig is None:
                specs = module.image.column(TableId.TYPE_SPEC, "Signature")
                if not 0 < rid <= len(specs):
                    raise TypeLoadError("AOTD1003", f"'{module.name}': type specification {rid} does not exist")
                sig = module.sig_cache[key] = read_type_spec(module.image.file, module.image.blob(specs[rid - 1]))
            assert isinstance(sig, SigType)
            return self.resolve_sig(module, sig, context)
        return self.named(self.resolve_definition(module, token), ())

    def resolve_definition(self, module: Module, token: Token) -> TypeDefinition:
        """The definition behind a TypeDef or TypeRef token. Raises TypeLoadError."""
        table, rid = token >> 24, token & 0xFFFFFF
        if table == TableId.TYPE_DEF:
            return module.type_definition(rid)
        if table != TableId.TYPE_REF:
            raise TypeLoadError("AOTD1003", f"'{module.name}': token 0x{token:08X} is no type")
        key = ("ref", rid)
        found = module.sig_cache.get(key)
        if found is None:
            found = module.sig_cache[key] = self._resolve_type_ref(module, rid)
        assert isinstance(found, TypeDefinition)
        return found

    def _resolve_type_ref(self, module: Module, rid: int) -> TypeDefinition:
        image = module.image
        scopes = image.column(TableId.TYPE_REF, "ResolutionScope")
        if not 0 < rid <= len(scopes):
            raise TypeLoadError("AOTD1003", f"'{module.name}': type reference {rid} does not exist")
        scope = decode_coded("ResolutionScope", scopes[rid - 1])
        name = image.string(image.column(TableId.TYPE_REF, "TypeName")[rid - 1])
        namespace = image.string(image.column(TableId.TYPE_REF, "TypeNamespace")[rid - 1])
        table, row = scope >> 24, scope & 0xFFFFFF
        if table == TableId.TYPE_REF:
            outer = self.resolve_definition(module, scope)
            found = outer.module.find_nested(outer, name)
            if found is None:
                raise TypeLoadError("AOTD1003", f"type '{outer.full_name}+{name}' does not exist in '{outer.module.name}'")
            return found
        if table == TableId.ASSEMBLY_REF:
            assembly = image.string(image.column(TableId.ASSEMBLY_REF, "Name")[row - 1])
            return self.find_type(assembly, namespace, name)
        found = module.find_type(namespace, name)
        if found is None:
            raise TypeLoadError("AOTD1003", f"type '{namespace}.{name}' does not exist in '{module.name}'")
        return found

    def signature(self, method: MethodDesc) -> MethodSignature:
        """The method's signature with the arguments of its owner and itself applied."""
        if method._sig is None:
            definition = method.definition
            method._sig = self.resolve_method_sig(definition.module, definition.sig, GenericContext(method.owner.args, method.args))
        return method._sig

    def fields(self, owner: NamedType) -> tuple[FieldDesc, ...]:
        """The type's own fields, static ones too."""
        owner.definition.note_members()
        return self._fields_of(owner)

    def _fields_of(self, owner: NamedType) -> tuple[FieldDesc, ...]:
        if owner.fields_cache is None:
            owner.fields_cache = tuple(FieldDesc(f, owner) for f in owner.definition.all_fields())
        return owner.fields_cache

    def field(self, definition: FieldDefinition, owner: NamedType) -> FieldDesc:
        """The field of `owner` behind `definition`."""
        if definition.module.reads is not None:
            definition.module.reads.facts.add(FIELD | definition.rid)
        fields = self._fields_of(owner)
        return fields[definition.rid - fields[0].definition.rid]

    def field_type(self, field: FieldDesc) -> TypeDesc:
        """The field's type with the owner's arguments applied."""
        if field._type is None:
            definition = field.definition
            field._type = self.resolve_sig(definition.module, definition.sig, GenericContext(field.owner.args, ()))
        return field._type

    def base_type(self, desc: TypeDesc) -> NamedType | None:
        """The base class; None for Object and interfaces. Arrays derive from System.Array."""
        if isinstance(desc, ArrayType):
            return self.corlib_type("System", "Array")
        if not isinstance(desc, NamedType):
            return None
        if "base" not in desc.cache:
            token = desc.definition.extends
            base = self.resolve_type(desc.definition.module, token, GenericContext(desc.args, ())) if token else None
            if base is not None and not isinstance(base, NamedType):
                raise TypeLoadError("AOTD1003", f"'{desc!r}' derives from '{base!r}', which is no class")
            desc.cache["base"] = base
        found = desc.cache["base"]
        assert found is None or isinstance(found, NamedType)
        return found

    def find_method(self, owner: NamedType, name: str, n_parameters: int = -1) -> MethodDesc:
        """The only method of `owner` of that name (and parameter count, when not -1), open in its own arguments. Raises MissingMember."""
        found = [m for m in owner.definition.methods_named(name) if n_parameters < 0 or len(m.sig.parameters) == n_parameters]
        if len(found) != 1:
            raise MissingMember("AOTD1006", f"{len(found)} methods '{owner.full_name}.{name}' where one is expected")
        return self.method(found[0], owner, ())

    def resolve_method(self, module: Module, token: Token, context: GenericContext) -> MethodDesc | ArrayMethod:
        """The method of a MethodDef, MemberRef or MethodSpec token. Raises MissingMember and TypeLoadError."""
        table, rid = token >> 24, token & 0xFFFFFF
        if table == TableId.METHOD_DEF:
            definition = module.method_definition(rid)
            owner_definition = definition.owner
            return self.method(definition, self.named(owner_definition, context.type_args if owner_definition.generic_count else ()), ())
        if table == TableId.METHOD_SPEC:
            return self._resolve_method_spec(module, rid, context)
        if table == TableId.MEMBER_REF:
            return self._resolve_method_ref(module, rid, context)
        raise MissingMember("AOTD1006", f"'{module.name}': token 0x{token:08X} is no method")

    def _resolve_method_spec(self, module: Module, rid: int, context: GenericContext) -> MethodDesc | ArrayMethod:
        image = module.image
        generic = decode_coded("MethodDefOrRef", image.column(TableId.METHOD_SPEC, "Method")[rid - 1])
        method = self.resolve_method(module, generic, context)
        if isinstance(method, ArrayMethod):
            return method
        key = ("mspec", rid)
        sigs = module.sig_cache.get(key)
        if sigs is None:
            blob = image.blob(image.column(TableId.METHOD_SPEC, "Instantiation")[rid - 1])
            sigs = module.sig_cache[key] = read_method_spec(image.file, blob)
        assert isinstance(sigs, tuple)
        return self.method(method.definition, method.owner, tuple(self.resolve_sig(module, s, context) for s in sigs))

    def _resolve_method_ref(self, module: Module, rid: int, context: GenericContext) -> MethodDesc | ArrayMethod:
        image = module.image
        parents = image.column(TableId.MEMBER_REF, "Class")
        if not 0 < rid <= len(parents):
            raise MissingMember("AOTD1006", f"'{module.name}': member reference {rid} does not exist")
        parent = decode_coded("MemberRefParent", parents[rid - 1])
        if parent >> 24 == TableId.METHOD_DEF:
            return self.resolve_method(module, parent, context)
        if parent >> 24 == TableId.MODULE_REF:
            raise MissingMember("AOTD1006", f"'{module.name}': a member of another module of a multi-module assembly is not supported")
        owner = self.resolve_type(module, parent, context)
        name = image.string(image.column(TableId.MEMBER_REF, "Name")[rid - 1])
        key = ("msig", rid)
        sig = module.sig_cache.get(key)
        if sig is None:
            sig = module.sig_cache[key] = read_method_sig(image.file, image.blob(image.column(TableId.MEMBER_REF, "Signature")[rid - 1]))
        assert isinstance(sig, MethodSig)
        if isinstance(owner, ArrayType):
            return ArrayMethod(owner, name, self._array_sig(name, owner, len(sig.parameters)))
        if not isinstance(owner, NamedType):
            raise MissingMember("AOTD1006", f"'{owner!r}' has no method '{name}'")
        definition = self._match_method(module, owner, name, sig, rid)
        return self.method(definition[0], definition[1], ())

    def _array_sig(self, name: str, owner: ArrayType, n_parameters: int) -> MethodSignature:
        # Read from the name and rank, not from the reference: that is written over the open parent's own parameters.
        int32, void = self.primitive(ElementType.I4), self.primitive(ElementType.VOID)
        indices = (int32,) * max(owner.rank, 1)
        if name == "Get":
            return MethodSignature(0x20, 0, owner.item, indices)
        if name == "Set":
            return MethodSignature(0x20, 0, void, (*indices, owner.item))
        if name == "Address":
            return MethodSignature(0x20, 0, self.byref(owner.item), indices)
        if name == ".ctor":
            return MethodSignature(0x20, 0, void, (int32,) * n_parameters)
        raise MissingMember("AOTD1006", f"array type '{owner!r}' has no method '{name}'")

    def _match_method(self, module: Module, owner: NamedType, name: str, sig: MethodSig, rid: int) -> tuple[MethodDefinition, NamedType]:
        key = ("mmatch", rid)
        current: NamedType | None = owner
        depth = 0
        cached = module.sig_cache.get(key)
        if isinstance(cached, tuple) and cached[0] is owner.definition:
            found_definition, up = cached[1], cached[2]
            for _ in range(up):
                assert current is not None
                _note_named(current, name)
                current = self.base_type(current)
            assert isinstance(found_definition, MethodDefinition) and current is not None
            _note_named(current, name)
            return found_definition, current
        while current is not None:
            for candidate in current.definition.methods_named(name):
                if self._same_open_sig(module, sig, candidate):
                    module.sig_cache[key] = (owner.definition, candidate, depth)
                    return candidate, current
            current = self.base_type(current)
            depth += 1
        place = owner.definition.module.name
        raise MissingMember("AOTD1006", f"method '{owner.full_name}.{name}' that '{module.name}' calls does not exist in '{place}'")

    def _same_open_sig(self, module: Module, sig: MethodSig, candidate: MethodDefinition) -> bool:
        other = candidate.sig
        if len(sig.parameters) != len(other.parameters) or sig.generic_count != other.generic_count or sig.has_this != other.has_this:
            return False
        open_context = EMPTY_CONTEXT
        mine = self.resolve_method_sig(module, sig, open_context)
        theirs = self.resolve_method_sig(candidate.module, other, open_context)
        return mine.same_shape(theirs)

    def resolve_field(self, module: Module, token: Token, context: GenericContext) -> FieldDesc:
        """The field of a Field or MemberRef token. Raises MissingMember and TypeLoadError."""
        table, rid = token >> 24, token & 0xFFFFFF
        if table == TableId.FIELD:
            definition = module.field_definition(rid)
            owner_definition = definition.owner
            owner = self.named(owner_definition, context.type_args if owner_definition.generic_count else ())
            return self.field(definition, owner)
        if table != TableId.MEMBER_REF:
            raise MissingMember("AOTD1006", f"'{module.name}': token 0x{token:08X} is no field")
        image = module.image
        parent = decode_coded("MemberRefParent", image.column(TableId.MEMBER_REF, "Class")[rid - 1])
        found_owner = self.resolve_type(module, parent, context)
        name = image.string(image.column(TableId.MEMBER_REF, "Name")[rid - 1])
        sig = self.resolve_sig(
            module, read_field_sig(image.file, image.blob(image.column(TableId.MEMBER_REF, "Signature")[rid - 1])), EMPTY_CONTEXT
        )
        current: TypeDesc | None = found_owner
        while isinstance(current, NamedType):
            for definition in current.definition.fields:
                if definition.name == name and self.resolve_sig(definition.module, definition.sig, EMPTY_CONTEXT) is sig:
                    return self.field(definition, current)
            current = self.base_type(current)
        raise MissingMember("AOTD1006", f"field '{found_owner!r}.{name}' that '{module.name}' uses does not exist")

    def is_field_token(self, module: Module, token: Token) -> bool:
        """Whether a Field or MemberRef token names a field (ldtoken needs to know)."""
        if token >> 24 == TableId.FIELD:
            return True
        if token >> 24 != TableId.MEMBER_REF:
            return False
        image = module.image
        blob = image.blob(image.column(TableId.MEMBER_REF, "Signature")[(token & 0xFFFFFF) - 1])
        return bool(blob) and blob[0] & 0x0F == 0x06

    def substitute(self, desc: TypeDesc, context: GenericContext) -> TypeDesc:
        """`desc` with its generic parameters replaced by the arguments in `context`."""
        if not desc.is_open:
            return desc
        if isinstance(desc, GenericParameter):
            args = context.type_args if desc.element is ElementType.VAR else context.method_args
            return args[desc.index] if desc.index < len(args) else desc
        if isinstance(desc, NamedType):
            return self.named(desc.definition, tuple(self.substitute(a, context) for a in desc.args))
        if isinstance(desc, ArrayType):
            return self.array(self.substitute(desc.item, context), desc.rank)
        if isinstance(desc, PointerType):
            return self._pointer(desc.element, self.substitute(desc.item, context))
        if isinstance(desc, FunctionPointerType):
            return self.function_pointer(
                desc.convention, self.substitute(desc.return_type, context), tuple(self.substitute(p, context) for p in desc.parameters)
            )
        if isinstance(desc, DeclaredParameter):
            return desc
        raise AssertionError(desc)

    def reflected_signature(self, method: MethodDesc) -> MethodSignature:
        """The signature of a method as reflection shows it: open ones over the parameters that their type and method declare."""
        signature = self.signature(method)
        if not any(desc.is_open for desc in (signature.return_type, *signature.parameters)):
            return signature
        owner = method.owner
        type_args = owner.args or self.declared_parameters(owner.definition)
        context = GenericContext(type_args, method.args or self.declared_parameters(method.definition))
        parameters = tuple(self.substitute(desc, context) for desc in signature.parameters)
        return MethodSignature(signature.convention, signature.generic_count, self.substitute(signature.return_type, context), parameters)

    def reflected_base_type(self, desc: TypeDesc) -> TypeDesc | None:
        """The base type of an open type as reflection shows it: over the parameters that the type declares."""
        if not isinstance(desc, NamedType) or desc.is_interface:
            return None
        context = GenericContext(desc.args or self.declared_parameters(desc.definition), ())
        base = self.base_type(self.open_type(desc.definition))
        return self.substitute(base, context) if base is not None else None

    def reflected_field_type(self, field: FieldDesc) -> TypeDesc:
        """The type of a field as reflection shows it."""
        owner = field.owner
        return self.substitute(self.field_type(field), GenericContext(owner.args or self.declared_parameters(owner.definition), ()))
