"""UnconditionalSuppressMessage attributes -> whether a rule is silenced at a place.

The attribute silences what is in the member where it stands, in the members that a compiler made from it, and in nested types.
On an assembly or module it names its target by documentation id, or silences the whole module. The category is not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from compiler.flow.associations import Association, SemanticMember, association, members_of
from compiler.flow.custom_attributes import AttributeReader, CustomAttribute
from compiler.flow.documentation_ids import as_target, field_id, member_id, method_id, type_id
from compiler.flow.facts import Member
from compiler.flow.generated import GeneratedCode, is_lambda
from compiler.flow.reader_kind import ReaderKind
from compiler.metadata.tokens import TableId, Token, make_token
from compiler.types.definitions import FieldDefinition, MethodDefinition, Module, TypeDefinition
from compiler.types.reads import KeptByMember
from compiler.types.universe import TypeUniverse

ATTRIBUTE = "System.Diagnostics.CodeAnalysis.UnconditionalSuppressMessageAttribute"
# For the build. The scope "namespace" is a namespace's own, in which there is no code.
_NAMESPACE = "namespaceanddescendants"
_ASSEMBLY = make_token(TableId.ASSEMBLY, 1)
_MODULE = make_token(TableId.MODULE, 1)


# What holds an attribute (a member, or `~` and its target), and what it silences.
_Silenced = tuple[Member | Association | str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class InvalidScope:
    """A suppression on a module or assembly whose scope means nothing to trimming."""

    module: str
    scope: str
    target: str


@dataclass(frozen=True, slots=True)
class _ModuleSuppressions:
    """Suppressions on an assembly and its module: by target's documentation id, and for the whole module."""

    by_target: dict[str, frozenset[str]]
    whole: frozenset[str]
    invalid: tuple[InvalidScope, ...]


class Suppressions:
    """Looks suppressions up. Invariant: answers depend on metadata alone, so they are kept."""

    def __init__(self, universe: TypeUniverse, attributes: AttributeReader, generated: GeneratedCode, reader: ReaderKind) -> None:
        self._universe = universe
        self._attributes = attributes
        self._generated = generated
        self._reader = reader
        self._own = KeptByMember[tuple[Module, int], frozenset[str]](universe.volatile)
        self._modules = KeptByMember[Module, _ModuleSuppressions](universe.volatile)
        self._members = KeptByMember[Member, frozenset[str]](universe.volatile)

    def is_suppressed(self, rule_id: str, member: Member) -> bool:
        """Whether `rule_id` is silenced in `member`."""
        found = self._members.get(member)
        if found is None:
            found = self._members[member] = frozenset().union(*(ids for _, ids in self._around(member)))
        return rule_id in found

    def holders(self, rule_id: str, member: Member) -> frozenset[str]:
        """The attributes that silence `rule_id` in `member`: keys as `declared` has them."""
        return frozenset(self._key(holder, rule_id) for holder, ids in self._around(member) if rule_id in ids)

    def declared(self, module: Module) -> Iterator[tuple[str, str, Member]]:
        """All attributes of a module that name a rule: a key that lasts from version to version, the rule's id, where it stands."""
        first = module.type_definition(1)
        targets = self._module(module)
        for holder, ids in (("", targets.whole), *((f"~{key}", ids) for key, ids in targets.by_target.items())):
            yield from ((self._key(holder, rule_id), rule_id, first) for rule_id in sorted(ids))
        for definition in module.types():
            everything: list[Member] = [definition, *definition.methods, *definition.fields]
            everything += [*members_of(definition, events=False), *members_of(definition, events=True)]
            for member in everything:
                for rule_id in sorted(self._entity(module, member.token)):
                    yield self._key(member, rule_id), rule_id, member

    def _key(self, holder: Member | Association | str, rule_id: str) -> str:
        if isinstance(holder, MethodDefinition):
            name = method_id(self._universe, holder)
        elif isinstance(holder, (SemanticMember, Association)):
            name = member_id(self._universe, holder.module, holder.token)
        elif isinstance(holder, FieldDefinition):
            name = field_id(holder)
        else:
            name = holder if isinstance(holder, str) else type_id(holder)
        return f"{rule_id} {name}"

    def invalid_scopes(self, module: Module) -> tuple[InvalidScope, ...]:
        """The suppressions of a module with a scope that is neither module, type nor member."""
        return self._module(module).invalid

    def _around(self, member: Member) -> Iterator[_Silenced]:
        """What is silenced around a member, each with what holds the attribute: a member, or `~` and the target."""
        module = member.module
        targets = self._module(module)
        yield "", targets.whole
        owner: TypeDefinition | None
        if isinstance(member, MethodDefinition):
            for method in self._outward(member):
                yield from self._method(method, targets)
            owner = member.owner
        elif isinstance(member, SemanticMember):
            yield member, self._entity(module, member.token)
            yield from self._targeted(targets, member_id(self._universe, module, member.token))
            owner = member.owner
        elif isinstance(member, FieldDefinition):
            yield member, self._entity(module, member.token)
            yield from self._targeted(targets, field_id(member))
            owner = member.owner
        else:
            owner = member
        if owner is not None:
            yield from _by_namespace(targets, owner)
        while owner is not None:
            yield owner, self._entity(module, owner.token)
            yield from self._targeted(targets, type_id(owner))
            owner = owner.enclosing

    def _outward(self, method: MethodDefinition) -> Iterator[MethodDefinition]:
        seen: set[MethodDefinition] = set()
        current: MethodDefinition | None = method
        while current is not None and current not in seen:
            seen.add(current)
            yield current
            current = self._generated.enclosing_scope(current, self._reader)

    def _method(self, method: MethodDefinition, targets: _ModuleSuppressions) -> Iterator[_Silenced]:
        # The build's analyzers have no symbol for a lambda, and do not see its attributes.
        if self._reader is ReaderKind.PUBLISH or not is_lambda(method.name):
            yield method, self._entity(method.module, method.token)
        member = association(method)
        if member is not None:
            yield member, self._entity(member.module, member.token)
        if targets.by_target:
            yield from self._targeted(targets, method_id(self._universe, method))
            if member is not None and self._reader is ReaderKind.BUILD:
                yield from self._targeted(targets, member_id(self._universe, member.module, member.token))

    def _entity(self, module: Module, token: Token) -> frozenset[str]:
        key = (module, token)
        found = self._own.get(key)
        if found is None:
            ids = (_rule_id(attribute) for attribute in self._attributes.named(module, token, ATTRIBUTE))
            found = self._own[key] = frozenset(id_ for id_ in ids if id_)
        return found

    def _target(self, target: str) -> str:
        """The key of a target. To Roslyn one without a prefix is a name of the form that FxCop had."""
        if self._reader is ReaderKind.PUBLISH or target[1:2] == ":":
            return target
        return "?:" + target.replace("#", "")

    def _targeted(self, targets: _ModuleSuppressions, key: str) -> Iterator[tuple[str, frozenset[str]]]:
        key = as_target(key)
        keys = (key, "?:" + key[2:], "?:" + key[2:].partition("(")[0]) if self._reader is ReaderKind.BUILD else (key,)
        for each in keys:
            ids = targets.by_target.get(each)
            if ids:
                yield "~" + each, ids

    def _module(self, module: Module) -> _ModuleSuppressions:
        found = self._modules.get(module)
        if found is None:
            found = self._modules[module] = self._read_module(module)
        return found

    def _read_module(self, module: Module) -> _ModuleSuppressions:
        by_target: dict[str, set[str]] = {}
        whole: set[str] = set()
        invalid: list[InvalidScope] = []
        for token in (_ASSEMBLY, _MODULE):
            for attribute in self._attributes.named(module, token, ATTRIBUTE):
                rule_id = _rule_id(attribute)
                scope, target = attribute.named_text("Scope").lower(), attribute.named_text("Target")
                if not rule_id:
                    continue
                if scope in ("", "module"):
                    if not target:
                        whole.add(rule_id)
                elif scope == _NAMESPACE and self._reader is ReaderKind.BUILD:
                    by_target.setdefault(target.removeprefix("~"), set()).add(rule_id)
                elif scope in ("type", "member"):
                    # Roslyn writes `~` before the target; the native compiler takes the target as it stands.
                    plain = target.removeprefix("~") if self._reader is ReaderKind.BUILD else target
                    by_target.setdefault(self._target(plain), set()).add(rule_id)
                else:
                    invalid.append(InvalidScope(module.name, attribute.named_text("Scope"), target))
        return _ModuleSuppressions({t: frozenset(ids) for t, ids in by_target.items()}, frozenset(whole), tuple(invalid))


def _by_namespace(targets: _ModuleSuppressions, definition: TypeDefinition) -> Iterator[tuple[str, frozenset[str]]]:
    """Suppressions of the namespace of a type and of those around it."""
    outer = definition
    while outer.enclosing is not None:
        outer = outer.enclosing
    parts = outer.namespace.split(".")
    for length in range(1, len(parts) + 1):
        key = f"N:{'.'.join(parts[:length])}"
        yield "~" + key, targets.by_target.get(key, frozenset())


def _rule_id(attribute: CustomAttribute) -> str:
    """The id that an attribute silences (`IL2026` or `IL2026:Name`); empty when it is no trimming rule."""
    text = attribute.text(1)
    if len(text) < 6 or not text.startswith("IL") or not text[2:6].isdigit() or text[6:7] not in ("", ":"):
        return ""
    return text[:6]
