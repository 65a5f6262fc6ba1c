"""The modules of one compilation by name, and all types and methods over them, interned.

Invariant: equality of descs is identity. Nothing here reads a reference or a signature; `universe` does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from compiler.diagnostics import InputError
from compiler.metadata.image import Image, open_image
from compiler.metadata.signatures import ElementType
from compiler.metadata.tokens import TableId, Token, decode_coded, make_token
from compiler.types.definitions import MethodDefinition, Module, TypeDefinition
from compiler.types.reads import HEADER, METHOD, VolatileModule
from compiler.types.type_desc import (
    ArrayType,
    DeclaredParameter,
    FunctionPointerType,
    GenericParameter,
    MethodDesc,
    NamedType,
    PointerType,
    TypeDesc,
)

_PRIMITIVE_NAMES = {
    "Void": ElementType.VOID, "Boolean": ElementType.BOOLEAN, "Char": ElementType.CHAR, "SByte": ElementType.I1, "Byte": ElementType.U1,
    "Int16": ElementType.I2, "UInt16": ElementType.U2, "Int32": ElementType.I4, "UInt32": ElementType.U4, "Int64": ElementType.I8,
    "UInt64": ElementType.U8, "Single": ElementType.R4, "Double": ElementType.R8, "String": ElementType.STRING,
    "IntPtr": ElementType.I, "UIntPtr": ElementType.U, "Object": ElementType.OBJECT, "TypedReference": ElementType.TYPEDBYREF,
}
_NAME_OF_ELEMENT = {element: name for name, element in _PRIMITIVE_NAMES.items()}


class TypeLoadError(InputError):
    """A type or assembly that is referred to does not exist."""


# Finds the bytes of an assembly by simple name: (path, content), or None.
AssemblyFinder = Callable[[str], tuple[str, bytes] | None]


class InternedTypes:
    """Loaded modules and the types made over them. `corlib` is the module that defines System.Object."""

    def __init__(self, find_assembly: AssemblyFinder) -> None:
        self._find_assembly = find_assembly
        self.volatile = VolatileModule()
        self.modules: dict[str, Module] = {}
        self._serial = 0
        self._arrays: dict[tuple[TypeDesc, int], ArrayType] = {}
        self._pointers: dict[tuple[ElementType, TypeDesc], PointerType] = {}
        self._function_pointers: dict[tuple[object, ...], FunctionPointerType] = {}
        self._parameters: dict[tuple[ElementType, int], GenericParameter] = {}
        self._methods: dict[tuple[object, ...], MethodDesc] = {}
        self._elements: dict[ElementType, NamedType] = {}
        self._forwarded: dict[tuple[str, str, str], TypeDefinition] = {}
        self.declarations: dict[tuple[str, MethodDesc], tuple[str, str]] = {}
        self.corlib = self.load("System.Private.CoreLib")

    def load(self, name: str) -> Module:
        """The module of assembly `name`. Raises TypeLoadError when no file has it, BadImage when the file is malformed."""
        found = self.modules.get(name)
        if found is None:
            file = self._find_assembly(name)
            if file is None:
                raise TypeLoadError("AOTD1002", f"assembly '{name}' is referred to but was not found; add a reference to it")
            found = self.add_module(open_image(file[0], file[1]), name)
        return found

    def add_module(self, image: Image, name: str) -> Module:
        """Registers an opened image under assembly name `name`."""
        module = Module(image, name)
        self.modules[name] = module
        return module

    def replace_volatile(self, image: Image, name: str) -> Module:
        """Registers the version in `image` of the one assembly that comes in versions; everything about the one before is forgotten.

        Cheaper than `forget_module`: what was made over its types is known from the time when it was made.
        """
        old = self.volatile.module
        self.volatile.forget()
        if old is not None:
            self.modules.pop(old.name, None)
            old.take_apart()
            self._forwarded = {key: found for key, found in self._forwarded.items() if found.module is not old}
        self.modules.pop(name, None)
        self.volatile.module = self.add_module(image, name)
        return self.volatile.module

    def _note_made(self, table: dict[object, object], key: object, made_of: TypeDesc | tuple[TypeDesc, ...]) -> None:
        """Remembers what is to be forgotten with the module that comes in versions."""
        module = self.volatile.module
        if module is not None and any(_mentions(each, module) for each in (made_of if isinstance(made_of, tuple) else (made_of,))):
            self.volatile.made_over.append((table, key))

    def forget_module(self, name: str) -> None:
        """Takes assembly `name` out with everything that was made over its types, so that another version can be added.

        Modules that refer to it must be forgotten too: they keep the definitions that they resolved.
        """
        module = self.modules.pop(name, None)
        if module is None:
            return
        self._forwarded = {key: found for key, found in self._forwarded.items() if found.module is not module and key[0] != name}
        self._arrays = {key: found for key, found in self._arrays.items() if not _mentions(found, module)}
        self._pointers = {key: found for key, found in self._pointers.items() if not _mentions(found, module)}
        self._function_pointers = {key: found for key, found in self._function_pointers.items() if not _mentions(found, module)}
        self._methods = {
            key: found
            for key, found in self._methods.items()
            if not _mentions(found.owner, module) and not any(_mentions(arg, module) for arg in found.args)
        }
        for other in self.modules.values():
            for definition in other.known_types():
                stale = [args for args, made in definition.instances.items() if isinstance(made, NamedType) and _mentions(made, module)]
                for args in stale:
                    del definition.instances[args]

    def corlib_type(self, namespace: str, name: str, *args: TypeDesc) -> NamedType:
        """A type of the core library. Raises TypeLoadError when it has none of that name."""
        definition = self.corlib.find_type(namespace, name)
        if definition is None:
            raise TypeLoadError("AOTD1003", f"the core library has no type '{namespace}.{name}'")
        return self.named(definition, args)

    def primitive(self, element: ElementType) -> NamedType:
        """The core library's type of a built-in element type."""
        found = self._elements.get(element)
        if found is None:
            found = self._elements[element] = self.corlib_type("System", _NAME_OF_ELEMENT[element])
        return found

    def find_type(self, assembly: str, namespace: str, name: str) -> TypeDefinition:
        """The top-level type of that name in `assembly`, following type forwarders (ECMA-335 II.22.14). Raises TypeLoadError."""
        key = (assembly, namespace, name)
        found = self._forwarded.get(key)
        if found is not None:
            return found
        seen: set[str] = set()
        current = assembly
        while current not in seen:
            seen.add(current)
            module = self.load(current)
            found = module.find_type(namespace, name)
            if found is not None:
                self._forwarded[key] = found
                return found
            target = self._forward_target(module, namespace, name)
            if target is None:
                break
            current = target
        full = f"{namespace}.{name}" if namespace else name
        raise TypeLoadError("AOTD1003", f"type '{full}' does not exist in assembly '{assembly}'")

    def _forward_target(self, module: Module, namespace: str, name: str) -> str | None:
        key = "forwards"
        known = module.sig_cache.get(key)
        if known is None:
            image = module.image
            table: dict[tuple[str, str], str] = {}
            for type_name, space, coded in zip(
                image.column(TableId.EXPORTED_TYPE, "TypeName"),
                image.column(TableId.EXPORTED_TYPE, "TypeNamespace"),
                image.column(TableId.EXPORTED_TYPE, "Implementation"),
                strict=True,
            ):
                token = decode_coded("Implementation", coded)
                if token >> 24 == TableId.ASSEMBLY_REF:
                    ref = image.column(TableId.ASSEMBLY_REF, "Name")[(token & 0xFFFFFF) - 1]
                    table[image.string(space), image.string(type_name)] = image.string(ref)
            known = module.sig_cache[key] = table
        assert isinstance(known, dict)
        return known.get((namespace, name))

    def named(self, definition: TypeDefinition, args: tuple[TypeDesc, ...]) -> NamedType:
        """`definition` with `args`; an empty tuple on a generic definition is its bare definition (typeof(List<>))."""
        if definition.module.reads is not None:
            definition.module.reads.facts.add(HEADER | definition.rid)
        found = definition.instances.get(args)
        if found is None:
            element, kind = self._classify(definition)
            found = NamedType(definition, args, element, kind)
            self._number(found)
            definition.instances[args] = found
            if args:
                self._note_made(definition.instances, args, args)
        assert isinstance(found, NamedType)
        return found

    def open_type(self, definition: TypeDefinition) -> NamedType:
        """`definition` over its own parameters."""
        return self.named(definition, tuple(self.parameter(ElementType.VAR, i) for i in range(definition.generic_count)))

    def _classify(self, definition: TypeDefinition) -> tuple[ElementType, str]:
        is_core = definition.module.name == "System.Private.CoreLib" and definition.enclosing is None
        full = definition.full_name if is_core else ""
        if is_core and definition.namespace == "System":
            if definition.name in _PRIMITIVE_NAMES:
                element = _PRIMITIVE_NAMES[definition.name]
                return element, "class" if element in (ElementType.STRING, ElementType.OBJECT) else "value"
            if definition.name == "Nullable`1":
                return ElementType.VALUETYPE, "nullable"
        base = definition.extends
        base_name = self._type_token_name(definition.module, base) if base else ""
        if base_name == "System.Enum":
            return ElementType.VALUETYPE, "enum"
        if base_name == "System.ValueType" and full != "System.Enum":
            return ElementType.VALUETYPE, "value"
        if base_name == "System.MulticastDelegate":
            return ElementType.CLASS, "delegate"
        return ElementType.CLASS, "class"

    def _type_token_name(self, module: Module, token: Token) -> str:
        table, rid = token >> 24, token & 0xFFFFFF
        image = module.image
        if table == TableId.TYPE_DEF:
            return module.type_definition(rid).full_name
        if table == TableId.TYPE_REF:
            space = image.string(image.column(TableId.TYPE_REF, "TypeNamespace")[rid - 1])
            name = image.string(image.column(TableId.TYPE_REF, "TypeName")[rid - 1])
            return f"{space}.{name}" if space else name
        return ""

    def _number(self, desc: TypeDesc) -> None:
        self._serial += 1
        desc.serial = self._serial

    def array(self, item: TypeDesc, rank: int) -> ArrayType:
        """T[] for rank 0, else the general array of that rank."""
        found = self._arrays.get((item, rank))
        if found is None:
            found = self._arrays[item, rank] = ArrayType(item, rank)
            self._number(found)
            self._note_made(cast("dict[object, object]", self._arrays), (item, rank), item)
        return found

    def pointer(self, item: TypeDesc) -> PointerType:
        """The unmanaged pointer to `item`."""
        return self._pointer(ElementType.PTR, item)

    def byref(self, item: TypeDesc) -> PointerType:
        """The managed pointer to `item`."""
        return self._pointer(ElementType.BYREF, item)

    def _pointer(self, element: ElementType, item: TypeDesc) -> PointerType:
        found = self._pointers.get((element, item))
        if found is None:
            found = self._pointers[element, item] = PointerType(element, item)
            self._number(found)
            self._note_made(cast("dict[object, object]", self._pointers), (element, item), item)
        return found

    def function_pointer(self, convention: int, return_type: TypeDesc, parameters: tuple[TypeDesc, ...]) -> FunctionPointerType:
        """The function pointer type of that signature."""
        key = (convention, return_type, *parameters)
        found = self._function_pointers.get(key)
        if found is None:
            found = self._function_pointers[key] = FunctionPointerType(convention, return_type, parameters)
            self._number(found)
            self._note_made(cast("dict[object, object]", self._function_pointers), key, (return_type, *parameters))
        return found

    def parameter(self, element: ElementType, index: int) -> GenericParameter:
        """The unbound parameter !index (VAR) or !!index (MVAR)."""
        found = self._parameters.get((element, index))
        if found is None:
            found = self._parameters[element, index] = GenericParameter(element, index)
            self._number(found)
        return found

    def declared_parameters(self, owner: TypeDefinition | MethodDefinition) -> tuple[DeclaredParameter, ...]:
        """The type parameters of a type or method as reflection shows them."""
        module = owner.module
        key = ("declared parameters", owner.token)
        found = module.sig_cache.get(key)
        if found is None:
            names = module.image.column(TableId.GENERIC_PARAM, "Name")
            rows = module.generic_params(owner.token)
            found = module.sig_cache[key] = tuple(
                DeclaredParameter(owner, index, module.image.string(names[rid - 1]), make_token(TableId.GENERIC_PARAM, rid))
                for index, rid in enumerate(rows)
            )
            for parameter in found:
                self._number(parameter)
        return cast("tuple[DeclaredParameter, ...]", found)

    def method(self, definition: MethodDefinition, owner: NamedType, args: tuple[TypeDesc, ...]) -> MethodDesc:
        """The method of `owner` with method arguments `args`."""
        if definition.module.reads is not None:
            definition.module.reads.facts.add(METHOD | definition.rid)
        key = (definition, owner, args)
        found = self._methods.get(key)
        if found is None:
            found = self._methods[key] = MethodDesc(definition, owner, args)
            self._serial += 1
            found.serial = self._serial
            self._note_made(cast("dict[object, object]", self._methods), key, (owner, *args))
        return found


def _mentions(desc: TypeDesc, module: Module) -> bool:
    """Whether a type of `module` occurs in `desc`."""
    if isinstance(desc, NamedType):
        return desc.definition.module is module or any(_mentions(arg, module) for arg in desc.args)
    if isinstance(desc, ArrayType | PointerType):
        return _mentions(desc.item, module)
    if isinstance(desc, FunctionPointerType):
        return _mentions(desc.return_type, module) or any(_mentions(p, module) for p in desc.parameters)
    if isinstance(desc, DeclaredParameter):
        return desc.owner.module is module
    return False
