"""What parts of an evaluation asked and what they did, so that a part whose answers are still the same is not evaluated again.

A part is an imported file, an item group or a costly item element. While it is evaluated a `Recorder` notes each question that it
asks of what was there before it (properties, item lists, files, facts of the evaluation) with the answer, and everything that it
changes. Later a part with the same XML whose questions would all be answered the same is replayed: its changes are made, nothing is
expanded. Parts nest. Of an item element that has to be evaluated again, items that it made of the same things before are taken over.

**Invariant:** a replay leaves the evaluation as a fresh evaluation of the part would. What cannot be asked again (the clock, new
identifiers) makes a part volatile: it is never kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from compiler.diagnostics import Location
from server.msbuild.items import Item
from server.msbuild.model import ItemTable, PropertyTable, PropertyValue

# What kind of thing is asked about, and its name.
Question = tuple[str, str]
PROPERTY = "property"
ITEMS = "items"
FILE = "file"
DIRECTORY = "directory"
ENTRIES = "entries"
TIMES = "times"
TEXT = "text"
TREE = "tree"
VARIABLE = "variable"
ALL_VARIABLES = "all variables"
DISK_KINDS = frozenset({FILE, DIRECTORY, ENTRIES, TIMES, TEXT, TREE})


@dataclass(frozen=True, slots=True, eq=False)
class ItemChange:
    """A change of one item list: `items` are appended, or put in place of the list."""

    item_type: str
    items: tuple[Item, ...]
    replaces: bool


@dataclass(frozen=True, slots=True)
class Made:
    """What an item element makes of one thing each (an item, a path that a pattern matched): before, and in this evaluation.

    None stands for an item that was removed. Only an element whose results do not depend on each other may look at `earlier`.
    """

    earlier: Mapping[object, Item | None]
    now: dict[object, Item | None]


@dataclass(slots=True, eq=False)
class KeptPart:
    """A part as it went: questions with answers, and changes in the order of each kind.

    `appended` holds, for each list of the evaluation that only grows, what the part added to it; `nested` are the keys of the parts inside.
    """

    asked: dict[Question, object]
    properties: dict[str, PropertyValue]
    facts: dict[Question, object]
    items: tuple[ItemChange, ...]
    appended: tuple[tuple[object, ...], ...]
    nested: tuple[object, ...]
    made: dict[object, Item | None]


@dataclass(slots=True, eq=False)
class _OpenPart:
    """A part that is being evaluated. `told` are the questions whose answers are its own by now."""

    marks: tuple[int, ...]
    asked: dict[Question, object] = field(default_factory=dict)
    told: set[Question] = field(default_factory=set)
    properties: dict[str, PropertyValue] = field(default_factory=dict)
    facts: dict[Question, object] = field(default_factory=dict)
    items: list[ItemChange] = field(default_factory=list)
    lists_at_start: dict[str, int] = field(default_factory=dict)
    nested: list[object] = field(default_factory=list)
    is_volatile: bool = False


class Parts:
    """The kept parts of one project, between its evaluations.

    Item lists are compared by number: equal numbers mean equal lists. A change of a list leads from its number to a new one,
    always the same for the same change.
    """

    def __init__(self) -> None:
        self.kept: dict[object, KeptPart] = {}
        self._numbers: dict[tuple[int, ItemChange], int] = {}
        self._last_number = 0
        self._n_numbers_kept = 0

    def after(self, number: int, change: ItemChange) -> int:
        """The number of the list `number` after `change`."""
        found = self._numbers.get((number, change))
        if found is None:
            self._last_number += 1
            found = self._numbers[number, change] = self._last_number
        return found

    def keep_only(self, keys: Iterable[object]) -> None:
        """Forgets all but the parts of `keys` and those inside them."""
        reached: dict[object, KeptPart] = {}
        pending = list(keys)
        while pending:
            key = pending.pop()
            part = self.kept.get(key)
            if part is not None and key not in reached:
                reached[key] = part
                pending.extend(part.nested)
        self.kept = reached
        if len(self._numbers) > 2 * self._n_numbers_kept + 1000:
            alive = {change for part in reached.values() for change in part.items}
            self._numbers = {key: number for key, number in self._numbers.items() if key[1] in alive}
            self._n_numbers_kept = len(self._numbers)


class Recorder:
    """Records one evaluation and replays what `parts` kept; with `parts` None it only holds the facts.

    `variables` is the environment, `ask_disk` answers questions about files; `logs` are the lists that only grow.
    """

    def __init__(self, parts: Parts | None, variables: Mapping[str, str], ask_disk: Callable[[Question], object]) -> None:
        self.parts = parts
        self.variables = variables
        self.ask_disk = ask_disk
        self.properties = RecordedProperties(self)
        self.items = RecordedItems(self)
        self.facts: dict[Question, object] = {}
        self.logs: tuple[list[object], ...] = ()
        self.used: list[object] = []
        self.n_evaluated = 0
        self.n_replayed = 0
        self._open: list[_OpenPart] = []

    def grow(self, *logs: Sequence[object]) -> None:
        """Names the lists that only grow during the evaluation."""
        self.logs = tuple(cast("list[object]", log) for log in logs)

    def asks(self, question: Question, answer: object) -> None:
        """Notes a question of the innermost part."""
        if self._open and question not in self._open[-1].told:
            self._open[-1].asked.setdefault(question, answer)

    def fact(self, kind: str, name: str) -> object:
        """What was told of the evaluation under this name; None when nothing was."""
        found = self.facts.get((kind, name))
        self.asks((kind, name), found)
        return found

    def tell(self, kind: str, name: str, value: object) -> None:
        """Tells a fact, for the parts that come later."""
        question = (kind, name)
        self.facts[question] = value
        if self._open:
            self._open[-1].facts[question] = value
            self._open[-1].told.add(question)

    def volatile(self) -> None:
        """The innermost part asked what has another answer each time."""
        if self._open:
            self._open[-1].is_volatile = True

    def note_property(self, key: str, value: PropertyValue) -> None:
        """The innermost part set a property."""
        if self._open:
            part = self._open[-1]
            part.properties[key] = value
            part.told.add((PROPERTY, key))

    def asks_items(self, key: str, number: int) -> None:
        """The innermost part looked at an item list, which its own changes may have led to."""
        if self._open:
            part = self._open[-1]
            part.asked.setdefault((ITEMS, key), part.lists_at_start.get(key, number))

    def note_items(self, key: str, number: int, change: ItemChange) -> None:
        """The innermost part changes the list `number`."""
        if self._open:
            part = self._open[-1]
            part.lists_at_start.setdefault(key, number)
            part.items.append(change)

    def run(self, key: object, evaluate: Callable[[], None]) -> None:
        """Evaluates or replays the part that `key`, an element compared by identity, stands for."""
        self.run_items(key, "", lambda _: evaluate())

    def run_items(self, key: object, item_type: str, evaluate: Callable[[Made], None]) -> None:
        """Like `run`, for an element that changes the list of one item type: what it makes of an item of that list may be taken over."""
        if self.parts is None:
            return evaluate(Made({}, {}))
        kept = self.parts.kept.get(key)
        if kept is not None and self._holds(kept, ""):
            self.n_replayed += 1
            return self._replay(key, kept)
        made = Made(kept.made if kept is not None and kept.made and self._holds(kept, item_type.lower()) else {}, {})
        self.n_evaluated += 1
        part = _OpenPart(tuple(len(log) for log in self.logs))
        self._open.append(part)
        try:
            evaluate(made)
        finally:
            self._open.pop()
        if kept is not None and made.earlier:
            # What was taken over rests on these answers, which hold.
            for question, answer in kept.asked.items():
                if not _is_aside(question, item_type.lower()):
                    part.asked.setdefault(question, answer)
        appended = tuple(tuple(log[mark:]) for log, mark in zip(self.logs, part.marks, strict=True))
        done = KeptPart(part.asked, part.properties, part.facts, tuple(part.items), appended, tuple(part.nested), made.now)
        self.used.append(key)
        if part.is_volatile:
            self.parts.kept.pop(key, None)
        else:
            self.parts.kept[key] = done
        self._hand_on(key, done, part.lists_at_start, is_volatile=part.is_volatile)

    def _holds(self, kept: KeptPart, but_for: str) -> bool:
        """Would every question of the part be answered as it was? With `but_for` set, those for that item list and for folders aside."""
        properties, numbers = self.properties.values, self.items.numbers
        for question, answer in kept.asked.items():
            kind, name = question
            if _is_aside(question, but_for):
                continue
            if kind == PROPERTY:
                found = properties.get(name)
                now: object = found.value if found is not None else None
            elif kind == ITEMS:
                now = numbers.get(name, 0)
            elif kind == VARIABLE:
                now = self.variables.get(name)
            elif kind == ALL_VARIABLES:
                now = dict(self.variables)
            elif kind in DISK_KINDS:
                now = self.ask_disk(question)
            else:
                now = self.facts.get(question)
            if now is not answer and now != answer:
                return False
        return True

    def _replay(self, key: object, kept: KeptPart) -> None:
        lists_at_start = {change.item_type.lower(): self.items.numbers.get(change.item_type.lower(), 0) for change in kept.items}
        table = self.properties
        for value in kept.properties.values():
            PropertyTable.set(table, value.name, value.value)
        self.facts.update(kept.facts)
        for change in kept.items:
            self.items.apply(change)
        for log, added in zip(self.logs, kept.appended, strict=True):
            log.extend(added)
        self.used.append(key)
        self._hand_on(key, kept, lists_at_start, is_volatile=False)

    def _hand_on(self, key: object, done: KeptPart, lists_at_start: dict[str, int], *, is_volatile: bool) -> None:
        """What a part asked and did was asked and done by the part around it."""
        if not self._open:
            return
        outer = self._open[-1]
        outer.nested.append(key)
        outer.is_volatile = outer.is_volatile or is_volatile
        for question, answer in done.asked.items():
            if question[0] == ITEMS:
                outer.asked.setdefault(question, outer.lists_at_start.get(question[1], answer))
            elif question not in outer.told:
                outer.asked.setdefault(question, answer)
        for name, value in done.properties.items():
            self.note_property(name, value)
        outer.facts.update(done.facts)
        outer.told.update(done.facts)
        for item_type, number in lists_at_start.items():
            outer.lists_at_start.setdefault(item_type, number)
        outer.items.extend(done.items)


def _is_aside(question: Question, item_type: str) -> bool:
    """Is the question for what is in a folder or in the list of `item_type`, which takes part in deciding about each item alone?"""
    kind, name = question
    return item_type != "" and (kind == ENTRIES or (kind == ITEMS and name == item_type))


class RecordedProperties(PropertyTable):
    """A property table whose readers and writers are noted."""

    __slots__ = ("recorder",)

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self.recorder = recorder

    def get(self, name: str, location: Location) -> str | None:
        """See PropertyTable. MSBuildThisFile and its kin depend on the part alone."""
        value = PropertyTable.get(self, name, location)
        key = name.lower()
        if not key.startswith("msbuildthisfile"):
            self.recorder.asks((PROPERTY, key), value)
        return value

    def set(self, name: str, value: str) -> None:
        """See PropertyTable."""
        PropertyTable.set(self, name, value)
        self.recorder.note_property(name.lower(), PropertyValue(name, value))

    def value(self, name: str) -> str:
        """See PropertyTable."""
        key = name.lower()
        found = self.values.get(key)
        self.recorder.asks((PROPERTY, key), found.value if found is not None else None)
        return PropertyTable.value(self, name)


class RecordedVariables(Mapping[str, str]):
    """The environment, whose readers are noted."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def __getitem__(self, name: str) -> str:
        value = self._recorder.variables.get(name)
        self._recorder.asks((VARIABLE, name), value)
        if value is None:
            raise KeyError(name)
        return value

    def __iter__(self) -> Iterator[str]:
        self._recorder.asks((ALL_VARIABLES, ""), dict(self._recorder.variables))
        return iter(self._recorder.variables)

    def __len__(self) -> int:
        return len(self._recorder.variables)


class RecordedItems(ItemTable):
    """An item table whose readers and writers are noted. `numbers` says which list each type has; 0 is the empty one."""

    __slots__ = ("numbers", "recorder")

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self.recorder = recorder
        self.numbers: dict[str, int] = {}

    def items(self, item_type: str) -> list[Item]:
        """See ItemTable."""
        key = item_type.lower()
        self.recorder.asks_items(key, self.numbers.get(key, 0))
        return ItemTable.items(self, item_type)

    def add(self, items: list[Item]) -> None:
        """See ItemTable; all of one type."""
        if items:
            self._change(ItemChange(items[0].item_type, tuple(items), replaces=False))

    def replace(self, item_type: str, items: list[Item]) -> None:
        """See ItemTable."""
        self._change(ItemChange(item_type, tuple(items), replaces=True))

    def _change(self, change: ItemChange) -> None:
        key = change.item_type.lower()
        self.recorder.note_items(key, self.numbers.get(key, 0), change)
        self.apply(change)

    def apply(self, change: ItemChange) -> None:
        """Makes a change that was noted."""
        key = change.item_type.lower()
        if change.replaces:
            ItemTable.replace(self, change.item_type, list(change.items))
        else:
            ItemTable.extend(self, change.item_type, change.items)
        if self.recorder.parts is not None:
            self.numbers[key] = self.recorder.parts.after(self.numbers.get(key, 0), change)
