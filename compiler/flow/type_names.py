"""Serialized type names (`Ns.Outer+Inner`1[[System.Int32]][], Assembly`) -> parsed names, and types of a universe.

The grammar is that of Type.GetType. A name that does not parse or resolve gives None: asking for a type that is not there is no error.
"""

from __future__ import annotations

from dataclasses import dataclass

from compiler.diagnostics import InputError
from compiler.types.definitions import Module, TypeDefinition
from compiler.types.type_desc import TypeDesc
from compiler.types.universe import TypeUniverse

_SPECIAL = "+,[]*&\\"


@dataclass(frozen=True, slots=True)
class ParsedName:
    """A type name: the names from the outermost type inward, type arguments, array/pointer suffixes and assembly ("" when absent)."""

    names: tuple[str, ...]
    args: tuple[ParsedName, ...]
    suffixes: tuple[str, ...]
    assembly: str


class _Parser:
    """A cursor over one name."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.pos = 0

    def peek(self) -> str:
        return self.text[self.pos] if self.pos < len(self.text) else ""

    def take(self, expected: str) -> bool:
        if self.peek() == expected:
            self.pos += 1
            return True
        return False

    def identifier(self) -> str:
        parts: list[str] = []
        while (char := self.peek()) and char not in _SPECIAL.replace("\\", ""):
            self.pos += 1
            if char == "\\":
                char = self.peek()
                self.pos += 1
            parts.append(char)
        return "".join(parts)

    def name(self, *, bracketed: bool) -> ParsedName | None:
        names = [self.identifier().lstrip()]
        while self.take("+"):
            names.append(self.identifier())
        if not all(names):
            return None
        args: list[ParsedName] = []
        if self.peek() == "[" and self.text[self.pos + 1 : self.pos + 2] not in ("]", ",", "*", ""):
            parsed = self._arguments()
            if parsed is None:
                return None
            args = parsed
        suffixes = self._suffixes()
        if suffixes is None:
            return None
        assembly = self._assembly(bracketed=bracketed)
        return None if assembly is None else ParsedName(tuple(names), tuple(args), suffixes, assembly)

    def _arguments(self) -> list[ParsedName] | None:
        self.pos += 1
        args: list[ParsedName] = []
        while True:
            quoted = self.take("[")
            arg = self.name(bracketed=quoted) if quoted else self._plain_argument()
            if arg is None or (quoted and not self.take("]")):
                return None
            args.append(arg)
            if self.take("]"):
                return args
            if not self.take(","):
                return None
            while self.take(" "):
                pass

    def _plain_argument(self) -> ParsedName | None:
        names = [self.identifier()]
        while self.take("+"):
            names.append(self.identifier())
        args: list[ParsedName] = []
        if self.peek() == "[" and self.text[self.pos + 1 : self.pos + 2] not in ("]", ",", "*", ""):
            parsed = self._arguments()
            if parsed is None:
                return None
            args = parsed
        suffixes = self._suffixes()
        return ParsedName(tuple(names), tuple(args), suffixes, "") if all(names) and suffixes is not None else None

    def _suffixes(self) -> tuple[str, ...] | None:
        found: list[str] = []
        while (char := self.peek()) in ("[", "*", "&") and char:
            if char != "[":
                found.append(char)
                self.pos += 1
                continue
            end = self.text.find("]", self.pos)
            if end < 0 or self.text[self.pos + 1 : end].strip(",* "):
                return None
            found.append(self.text[self.pos : end + 1].replace(" ", ""))
            self.pos = end + 1
        return tuple(found)

    def _assembly(self, *, bracketed: bool) -> str | None:
        while self.take(" "):
            pass
        if not self.take(","):
            return ""
        end = self.text.find("]", self.pos) if bracketed else len(self.text)
        if end < 0:
            return None
        assembly = self.text[self.pos : end].strip()
        self.pos = end
        return assembly or None


def parse_type_name(text: str) -> ParsedName | None:
    """The parsed name, or None when it is malformed."""
    parser = _Parser(text)
    parsed = parser.name(bracketed=False)
    return parsed if parsed is not None and parser.pos == len(text) else None


def is_unqualified(text: str) -> bool:
    """Whether a well-formed name lacks an assembly, its own or that of a type argument; whether the type is there does not matter."""
    parsed = parse_type_name(text)
    return parsed is not None and not _is_qualified(parsed)


def _is_qualified(name: ParsedName) -> bool:
    return bool(name.assembly) and all(_is_qualified(each) for each in name.args)


def resolve_type_name(universe: TypeUniverse, text: str, caller: Module) -> TypeDesc | None:
    """The type that `text` means in code of `caller`: in the assembly it names, else in the caller's, else in the core library."""
    parsed = parse_type_name(text)
    if parsed is None:
        return None
    try:
        return _resolve(universe, parsed, caller, None)
    except InputError:
        return None


def resolve_in_assembly(universe: TypeUniverse, text: str, assembly: str) -> TypeDesc | None:
    """The type of that name in `assembly`, as Activator.CreateInstance looks it up; a name with an assembly of its own gives None."""
    parsed = parse_type_name(text)
    if parsed is None or parsed.assembly:
        return None
    try:
        home = universe.load(assembly.partition(",")[0].strip())
        return _resolve(universe, parsed, home, home)
    except InputError:
        return None


def _resolve(universe: TypeUniverse, parsed: ParsedName, caller: Module, home: Module | None) -> TypeDesc | None:
    definition = _find(universe, parsed, caller, home)
    if definition is None:
        return None
    if parsed.args:
        args = [_resolve(universe, arg, caller, None) for arg in parsed.args]
        known = [arg for arg in args if arg is not None]
        if len(known) != len(args) or len(args) != definition.generic_count:
            return None
        desc: TypeDesc = universe.named(definition, tuple(known))
    else:
        desc = universe.named(definition, ())
    for suffix in parsed.suffixes:
        if suffix == "*":
            desc = universe.pointer(desc)
        elif suffix == "&":
            desc = universe.byref(desc)
        else:
            rank = suffix.count(",") + 1
            desc = universe.array(desc, 0 if suffix == "[]" else rank)
    return desc


def _find(universe: TypeUniverse, parsed: ParsedName, caller: Module, home: Module | None) -> TypeDefinition | None:
    namespace, _, simple = parsed.names[0].rpartition(".")
    if parsed.assembly:
        places = [parsed.assembly.partition(",")[0].strip()]
    elif home is not None:
        places = [home.name]
    else:
        places = [caller.name, universe.corlib.name]
    for place in places:
        try:
            definition: TypeDefinition | None = universe.find_type(place, namespace, simple)
        except InputError:
            continue
        for inner in parsed.names[1:]:
            definition = definition.module.find_nested(definition, inner) if definition is not None else None
        if definition is not None:
            return definition
    return None
