"""What one program taught about the class library, kept for the next one: its types and the code of its methods.

Both are functions of the library and the feature switches. Everything that mentions another assembly is forgotten before a request.
**Invariant:** a program compiled with a memory is the same, to the byte, as one compiled without.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from compiler.codegen.generate import Generator
from compiler.codegen.method import CodeItem
from compiler.diagnostics import Diagnostic
from compiler.reach.world import AttributeUse, Generate
from compiler.request import CompileRequest
from compiler.types.definitions import Module
from compiler.types.interned import AssemblyFinder
from compiler.types.type_desc import (
    ArrayType,
    DeclaredParameter,
    FieldDesc,
    FunctionPointerType,
    MethodDesc,
    NamedType,
    PointerType,
    TypeDesc,
)
from compiler.types.universe import TypeUniverse

CORE = "System.Private.CoreLib"

# The library's folder, time and size of its core, and the switches that are folded into its code.
LibraryKey = tuple[Path, int, int, tuple[tuple[str, bool], ...]]


@dataclass(slots=True)
class _Library:
    """One class library under one set of switches; `code` has, per node, its item and what its generation said."""

    key: LibraryKey
    universe: TypeUniverse
    code: dict[tuple[str, object], tuple[CodeItem, tuple[Diagnostic, ...]]] = field(default_factory=dict)


class LibraryMemory:
    """Memory of the last class library that was asked for; one compilation at a time.

    Invariant: between compilations of different programs nothing in it mentions an assembly outside the library's folder.
    """

    def __init__(self) -> None:
        self._library: _Library | None = None
        self._find: AssemblyFinder | None = None

    def universe_for(self, request: CompileRequest, find_assembly: AssemblyFinder) -> TypeUniverse:
        """A universe that finds what `find_assembly` finds, with the library's types when they are known."""
        key = library_key(request)
        self._find = find_assembly
        library = self._library
        if library is None or library.key != key:
            # Not known while it is built: an error on the way leaves no half of it behind.
            self._library = None
            library = _Library(key, TypeUniverse(self._find_now))
            self._library = library
        else:
            _forget_programs(library, request.framework_dir)
        return library.universe

    def remembering(self, generator: Generator) -> Generate:
        """`generator.generate`, asked once per node of the library; what it said is said again."""
        library = self._library
        assert library is not None and library.universe is generator.universe

        def generate(kind: str, target: object) -> CodeItem:
            known = library.code.get((kind, target))
            if known is None:
                n_said = len(generator.diagnostics)
                item = generator.generate(kind, target)
                library.code[kind, target] = (item, tuple(generator.diagnostics[n_said:]))
                return item
            generator.diagnostics.extend(known[1])
            return known[0]

        return generate

    def forget(self) -> None:
        """Frees everything."""
        self._library = None

    def _find_now(self, name: str) -> tuple[str, bytes] | None:
        assert self._find is not None
        return self._find(name)


def library_key(request: CompileRequest) -> LibraryKey:
    """What a memory is about. Raises OSError when the library has no core."""
    status = (request.framework_dir / f"{CORE}.dll").stat()
    return request.framework_dir, status.st_mtime_ns, status.st_size, tuple(sorted(request.feature_switches.items()))


def _forget_programs(library: _Library, framework_dir: Path) -> None:
    """Takes every assembly outside the library's folder out, with all that mentions it."""
    universe = library.universe
    modules = {name: module for name, module in universe.modules.items() if Path(module.image.file).parent != framework_dir}
    for name in modules:
        universe.forget_module(name)
    if modules:
        gone = frozenset(modules.values())
        library.code = {node: kept for node, kept in library.code.items() if not mentions(node[1], gone)}


def mentions(target: object, modules: frozenset[Module]) -> bool:
    """True when a type of one of `modules` occurs in a type or method."""
    match target:
        case MethodDesc():
            return mentions(target.owner, modules) or any(mentions(argument, modules) for argument in target.args)
        case NamedType():
            return target.definition.module in modules or any(mentions(argument, modules) for argument in target.args)
        case ArrayType() | PointerType():
            return mentions(target.item, modules)
        case FunctionPointerType():
            return any(mentions(part, modules) for part in (target.return_type, *target.parameters))
        case FieldDesc():
            return mentions(target.owner, modules)
        case AttributeUse():
            return target.module in modules or mentions(target.constructor, modules)
        case DeclaredParameter():
            return target.owner.module in modules
        case TypeDesc():
            return False
    raise AssertionError(f"{target!r} is neither a type nor a method")
