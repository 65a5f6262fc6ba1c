"""What an analysis reads of one module, noted while it reads: the keys by which an edit finds what it must redo.

A module whose `reads` is set tells it every definition that is asked for, every list of members, every body and every name that was
looked up. What is kept from one analysis to the next beyond that must be kept in a `KeptByMember`, so that it leaves with its module.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeVar, cast

from compiler.metadata.tokens import TableId

if TYPE_CHECKING:
    from compiler.types.definitions import Module

HEADER = TableId.TYPE_DEF << 24
METHOD = TableId.METHOD_DEF << 24
FIELD = TableId.FIELD << 24
# Facts that have no table of their own.
MEMBERS = 0x82000000
EVERYTHING = 0x83000000
BODY = 0x86000000
GUARDS = 0x87000000
GENERIC_CODE = 0x88000000


@dataclass(slots=True)
class Reads:
    """`facts` are kinds of facts (above) with the row in the low 24 bits; `named` (type row, method name); `types_by_name` the names of
    types that were looked up from outside in, namespace and name of the outermost joined by `.`."""

    facts: set[int] = field(default_factory=set)
    named: set[tuple[int, str]] = field(default_factory=set)
    types_by_name: set[tuple[str, ...]] = field(default_factory=set)

    def clear(self) -> None:
        """Forgets everything."""
        self.facts.clear()
        self.named.clear()
        self.types_by_name.clear()

    def add(self, other: Reads) -> None:
        """Notes everything that `other` has."""
        self.facts |= other.facts
        self.named |= other.named
        self.types_by_name |= other.types_by_name


class _OfModule(Protocol):
    @property
    def module(self) -> Module:
        """The module of a definition."""


K = TypeVar("K")
V = TypeVar("V")


class KeptByMember(dict[K, V]):
    """Answers by definition, or by a tuple that begins with one or with a module; those about `Volatile` modules leave with them."""

    def __init__(self, volatile: VolatileModule) -> None:
        super().__init__()
        self._volatile = volatile
        volatile.kept.append(cast("KeptByMember[object, object]", self))
        self.leaving: list[K] = []

    def __setitem__(self, key: K, value: V) -> None:
        super().__setitem__(key, value)
        subject = key[0] if isinstance(key, tuple) else key
        current = self._volatile.module
        if current is not None and (subject is current or getattr(subject, "module", None) is current):
            self.leaving.append(key)


class NotedAnswers(KeptByMember[K, V]):
    """Answers that come from reading more than what they are about: each is kept with what it read, for all who ask later."""

    def __init__(self, volatile: VolatileModule) -> None:
        super().__init__(volatile)
        self._reads = KeptByMember[K, Reads](volatile)

    def answer(self, key: K, compute: Callable[[], V], *, keep: Callable[[V], bool] = lambda _: True) -> V:
        """The answer for `key`, computed and, if it is to be kept, kept when it is not known yet."""
        module = self._volatile.module
        outer = module.reads if module is not None else None
        if key in self:
            known = self._reads.get(key)
            if outer is not None and known is not None:
                outer.add(known)
            return self[key]
        if module is None or outer is None:
            value = compute()
        else:
            inner = module.reads = Reads()
            try:
                value = compute()
            finally:
                module.reads = outer
                outer.add(inner)
            if keep(value):
                self._reads[key] = inner
        if keep(value):
            self[key] = value
        return value


@dataclass(slots=True)
class VolatileModule:
    """The one module of a universe that is replaced by other versions of itself; None without any."""

    module: Module | None = None
    kept: list[KeptByMember[object, object]] = field(default_factory=list)
    made_over: list[tuple[dict[object, object], object]] = field(default_factory=list)

    def forget(self) -> None:
        """Takes out all answers about the module and everything that was made over its types."""
        for kept in self.kept:
            for key in kept.leaving:
                kept.pop(key, None)
            kept.leaving.clear()
        for table, made in self.made_over:
            table.pop(made, None)
        self.made_over.clear()
        self.module = None
