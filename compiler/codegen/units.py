"""Units of code generation: the methods of one type, as one LLVM module with a content hash.

A unit's text is a function of its own methods and, with inlining, of the small methods that they call. Its key is a hash
of the text, the tier, LLVM's version and the target: equal keys give equal objects, whatever program asks. Reference-type
instantiations whose code turns out equal up to the names of types are told apart by those names only.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from compiler.codegen.lltypes import quote
from compiler.codegen.method import CodeItem
from compiler.reach.world import AttributeUse
from compiler.types.naming import type_key
from compiler.types.type_desc import FieldDesc, MethodDesc, NamedType

_METADATA = (
    '!0 = !{!"branch_weights", i32 1, i32 2000}\n!1 = !{!"branch_weights", i32 2000, i32 1}\n!2 = !{}\n'
    '!llvm.module.flags = !{!3}\n!3 = !{i32 7, !"PIC Level", i32 2}\n'
)
_INLINE_INSTRUCTIONS = 32
_INLINE_DEPTH = 4
_INLINE_BUDGET = 400
_FORMAT = "1"


@dataclass(frozen=True, slots=True)
class Unit:
    """One module: `name` for messages, `text` LLVM text, `key` its content hash, `n_methods` the methods it defines."""

    name: str
    text: str
    key: str
    n_methods: int


def group(code: dict[tuple[str, object], CodeItem]) -> dict[str, list[CodeItem]]:
    """Items by the key of their type, each list in order of symbols."""
    groups: dict[str, list[CodeItem]] = {}
    for (_, target), item in code.items():
        groups.setdefault(_group_of(target), []).append(item)
    for items in groups.values():
        items.sort(key=lambda item: item.name)
    return groups


def _group_of(target: object) -> str:
    """The type that code belongs to. Attributes belong to the assembly where they stand: their types' units depend on no program."""
    match target:
        case MethodDesc():
            return type_key(target.owner)
        case FieldDesc():
            return f"statics of {type_key(target.owner)}"
        case AttributeUse():
            return f"attributes of {target.module.name}"
    assert isinstance(target, NamedType)
    return type_key(target)


def make_units(code: dict[tuple[str, object], CodeItem], options: str, *, inline: bool) -> list[Unit]:
    """All units in order of their names. `options` is hashed into the keys; `inline` imports small callees."""
    by_symbol = {item.name: item for item in code.values()} if inline else {}
    units = []
    for name, items in sorted(group(code).items()):
        imported = _imports(items, by_symbol) if inline else []
        text = _module_text(items, imported)
        units.append(Unit(name, text, _unit_key(text, options), len(items)))
    return units


def program_unit(text: str, options: str) -> Unit:
    """The unit of the program's own module."""
    full = text + _METADATA
    return Unit("program data", full, _unit_key(full, options), 0)


def _unit_key(text: str, options: str) -> str:
    """The content hash that names the object of `text`."""
    return hashlib.blake2b(f"{_FORMAT}\0{options}\0{text}".encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()


def _imports(items: list[CodeItem], by_symbol: dict[str, CodeItem]) -> list[CodeItem]:
    """Small methods that the items call, directly or through such methods, for inlining."""
    own = {item.name for item in items}
    found: dict[str, CodeItem] = {}
    frontier: list[CodeItem] = items
    budget = max(_INLINE_BUDGET, 4 * sum(item.n_instructions for item in items))
    for _ in range(_INLINE_DEPTH):
        following: list[CodeItem] = []
        for item in frontier:
            for name in item.declares:
                callee = by_symbol.get(name)
                if callee is None or name in own or name in found or not _is_importable(callee):
                    continue
                budget -= callee.n_instructions
                if budget < 0:
                    return [found[n] for n in sorted(found)]
                found[name] = callee
                following.append(callee)
        frontier = following
    return [found[n] for n in sorted(found)]


def _is_importable(item: CodeItem) -> bool:
    if item.text.count("define ") != 1 or " = internal " in item.text or " noinline " in item.text.partition("\n")[0]:
        return False
    if any(" = internal " in text for text in item.globals.values()):
        return False
    return 0 < item.n_instructions <= _INLINE_INSTRUCTIONS or " alwaysinline " in item.text.partition("\n")[0]


_DEFINE = re.compile(r"^define ", re.MULTILINE)


def _module_text(items: list[CodeItem], imported: list[CodeItem]) -> str:
    declares: dict[str, str] = {}
    globals_: dict[str, str] = {}
    for item in (*items, *imported):
        declares.update(item.declares)
        globals_.update(item.globals)
    for item in (*items, *imported):
        declares.pop(item.name, None)
    for name in globals_:
        declares.pop(name, None)
    comdats = [f"${quote(name)[1:]} = comdat any" for name in sorted(globals_) if ", comdat" in globals_[name]]
    bodies = [item.text for item in items]
    bodies.extend(_DEFINE.sub("define available_externally ", item.text, count=1) for item in imported)
    declarations = [declares[n] for n in sorted(declares)]
    definitions = [globals_[n] for n in sorted(globals_)]
    return "\n".join([*comdats, *declarations, *definitions, *bodies, _METADATA])
