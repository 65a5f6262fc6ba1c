"""A control-flow graph of operations, and the states that flow through it until they are stable.

Control leaves a protected region anywhere: what its states may be is joined in one state for each try, catch and filter region, from
which handlers start. A finally region is entered with the states of all branches through it, and once more with those of exceptions,
which do not flow out of it (its end throws again).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import cast

from compiler.flow.requirements import Requires
from compiler.flow.values import NOTHING, ValueSet, snapshot

Features = frozenset[Requires]
ALL_FEATURES: Features = frozenset(Requires)
Node = Sequence[object]
_MOST_PASSES = 50


@dataclass(slots=True)
class FlowState:
    """What is known at one place: values of locals (captured values have negative keys), the operations whose place a capture is,
    and the features that are certainly there. Without values and with all features it is that of code that is not reached."""

    values: dict[int, ValueSet] = field(default_factory=dict)
    targets: dict[int, tuple[Node, ...]] = field(default_factory=dict)
    features: Features = ALL_FEATURES

    def copy(self) -> FlowState:
        """The same; arrays in it are other ones from here on."""
        return FlowState({key: snapshot(values) for key, values in self.values.items()}, dict(self.targets), self.features)

    def join(self, other: FlowState) -> FlowState:
        """What is known when control comes from either."""
        values = {key: snapshot(found) for key, found in self.values.items()}
        for key, found in other.values.items():
            values[key] = values.get(key, NOTHING) | snapshot(found)
        targets = dict(self.targets)
        for key, nodes in other.targets.items():
            known = targets.get(key, ())
            targets[key] = known + tuple(node for node in nodes if not any(node is each for each in known))
        return FlowState(values, targets, self.features & other.features)


@dataclass(frozen=True, slots=True)
class Branch:
    """A way out of a block: `destination` is -1 when it leads nowhere, `finally_regions` are run on it."""

    destination: int
    semantics: int
    finally_regions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """A basic block. `kind` is 1 or 2 when the conditional branch is taken if `value` is true or false, else 0."""

    operations: Sequence[Node]
    value: object
    kind: int
    fall_through: Branch
    conditional: Branch
    region: int

    @property
    def returns(self) -> bool:
        """Whether `value` is what the body returns."""
        return self.kind == 0 and self.fall_through.semantics == 1


@dataclass(frozen=True, slots=True)
class Region:
    """A region of blocks from `first` to `last`, within `parent` (-1: none)."""

    kind: str
    first: int
    last: int
    parent: int


@dataclass(frozen=True, slots=True)
class SourceGraph:
    """The blocks of one body, from entry to exit, and their regions, outer ones first."""

    blocks: tuple[Block, ...]
    regions: tuple[Region, ...]

    def enclosing(self, region: int, kinds: tuple[str, ...]) -> int:
        """The innermost region of one of `kinds` that `region` is or lies in; -1 for none."""
        while region >= 0 and self.regions[region].kind not in kinds:
            region = self.regions[region].parent
        return region

    def try_of(self, handler: int) -> int:
        """The try region that a catch, filter or finally region belongs to."""
        parent = self.regions[handler].parent
        if self.regions[parent].kind == "FilterAndHandler":
            parent = self.regions[parent].parent
        return next(i for i, each in enumerate(self.regions) if each.parent == parent and each.kind == "Try")

    def filters_before(self, handler: int) -> list[int]:
        """The filters that may run before a catch or filter region of the same try is entered."""
        own = self.regions[handler]
        parent = own.parent
        siblings_of = self.regions[parent].parent if self.regions[parent].kind == "FilterAndHandler" else parent
        filters = [
            i
            for i, each in enumerate(self.regions)
            if each.kind == "Filter" and self.regions[each.parent].parent == siblings_of and each.first < own.first
        ]
        return [i for i in filters if i != handler]

    def has_filter(self, handler: int) -> bool:
        """Whether a catch region has a filter."""
        return self.regions[self.regions[handler].parent].kind == "FilterAndHandler"


def read_graph(blocks: Sequence[object], regions: Sequence[object]) -> SourceGraph:
    """The rows of a function as a graph."""
    return SourceGraph(
        tuple(_block(cast("Node", row)) for row in blocks),
        tuple(Region(str(kind), int(first), int(last), int(parent)) for kind, first, last, parent in cast("list[list[int]]", regions)),
    )


def _block(row: Node) -> Block:
    operations, value, kind, fall_through, conditional, region = row
    return Block(cast("list[Node]", operations), value, cast(int, kind), _branch(fall_through), _branch(conditional), cast(int, region))


def _branch(row: object) -> Branch:
    destination, semantics, regions = cast("tuple[int, int, list[int]]", row)
    return Branch(destination, semantics, tuple(regions))


# Runs a block's operations on a state, which it changes; `saves` is called after each change of a value. The results are the features
# that are there when the block's condition is true, and when it is false.
Transfer = Callable[[Block, FlowState, Callable[[], None]], tuple[Features, Features]]


class _Predecessor:
    __slots__ = ("block", "branch", "is_true")

    def __init__(self, block: int, branch: Branch, *, is_true: bool | None) -> None:
        self.block = block
        self.branch = branch
        self.is_true = is_true


class _Solver:
    """The states of one graph. Invariant: every state only ever grows, so the passes end."""

    def __init__(self, graph: SourceGraph, transfer: Transfer) -> None:
        self.graph = graph
        self.transfer = transfer
        self.out = [FlowState() for _ in graph.blocks]
        self.out[0] = FlowState(features=frozenset())
        self.conditions: list[tuple[Features, Features]] = [(frozenset(), frozenset())] * len(graph.blocks)
        self.exceptions: dict[int, FlowState] = {}
        self.finally_in: dict[int, FlowState] = {}
        self.finally_out: dict[int, FlowState] = {}
        self.changed = False
        self.predecessors: list[list[_Predecessor]] = [[] for _ in graph.blocks]
        for number, block in enumerate(graph.blocks):
            # A conditional branch is taken on its own outcome, the other one on the opposite.
            taken = block.kind == 1
            ways = ((block.fall_through, None if not block.kind else not taken), (block.conditional, taken if block.kind else None))
            for branch, is_true in ways:
                if branch.destination >= 0:
                    self.predecessors[branch.destination].append(_Predecessor(number, branch, is_true=is_true))

    def solve(self) -> None:
        """Passes over all blocks until nothing changes."""
        for _ in range(_MOST_PASSES):
            self.changed = False
            for number in range(1, len(self.graph.blocks)):
                self._visit(number)
            if not self.changed or self._is_straight():
                return

    def _is_straight(self) -> bool:
        """Whether one pass has seen everything: no way leads back and no handler runs."""
        if any(region.kind in ("Try", "Catch", "Filter", "Finally") for region in self.graph.regions):
            return False
        return all(each.block < number for number, found in enumerate(self.predecessors) for each in found)

    def _arriving(self, predecessor: _Predecessor) -> FlowState:
        state = self.out[predecessor.block]
        if predecessor.is_true is not None:
            proven = self.conditions[predecessor.block][0 if predecessor.is_true else 1]
            state = FlowState(state.values, state.targets, state.features | proven)
        for region in predecessor.branch.finally_regions:
            old = self.finally_in.get(region)
            new = state.copy() if old is None else old.join(state)
            if old is None or old != new:
                self.finally_in[region] = new
                self.changed = True
            state = self.out[self.graph.regions[region].last]
        return state

    def _exception(self, region: int) -> FlowState:
        return self.exceptions.setdefault(region, FlowState())

    def _visit(self, number: int) -> None:
        graph, block = self.graph, self.graph.blocks[number]
        protected = graph.enclosing(block.region, ("Try", "Catch", "Filter"))
        in_finally = graph.enclosing(block.region, ("Finally",))
        state = FlowState()
        for predecessor in self.predecessors[number]:
            state = state.join(self._arriving(predecessor))
        is_handler_start = False
        if protected >= 0 and graph.regions[protected].first == number:
            kind = graph.regions[protected].kind
            is_handler_start = kind == "Filter" or (kind == "Catch" and not graph.has_filter(protected))
            if is_handler_start:
                state = state.join(self._exception(graph.try_of(protected)))
                for earlier in graph.filters_before(protected):
                    state = state.join(self._exception(earlier))
        is_finally_start = in_finally >= 0 and graph.regions[in_finally].first == number
        if is_finally_start and in_finally in self.finally_in:
            state = state.join(self.finally_in[in_finally])
        thrown = self._thrown_into(number, in_finally, is_start=is_finally_start) if in_finally >= 0 else None
        before = self.exceptions.get(protected)
        if protected >= 0:
            is_try_start = graph.regions[protected].first == number and graph.regions[protected].kind == "Try"
            if is_try_start or is_handler_start:
                joined = self._exception(protected).join(state)
                self.exceptions[protected] = joined.join(thrown) if thrown is not None else joined
        self._transfer(number, state, protected)
        if self.out[number] != state:
            self.out[number] = state
            self.changed = True
        if thrown is not None:
            self._transfer(number, thrown, protected)
            if self.finally_out.get(number) != thrown:
                self.finally_out[number] = thrown
                self.changed = True
        after = self.exceptions.get(protected)
        if after is not None and after != before:
            self.changed = True
            self._bubble(protected, after)

    def _thrown_into(self, number: int, region: int, *, is_start: bool) -> FlowState:
        thrown = FlowState()
        for predecessor in self.predecessors[number]:
            known = self.finally_out.get(predecessor.block)
            if known is not None:
                thrown = thrown.join(known)
        return thrown.join(self._exception(self.graph.try_of(region))) if is_start else thrown

    def _bubble(self, region: int, state: FlowState) -> None:
        outer = self.graph.enclosing(self.graph.regions[region].parent, ("Try", "Catch", "Filter"))
        while outer >= 0:
            self.exceptions[outer] = self._exception(outer).join(state)
            outer = self.graph.enclosing(self.graph.regions[outer].parent, ("Try", "Catch", "Filter"))

    def _transfer(self, number: int, state: FlowState, protected: int) -> None:
        def save() -> None:
            if protected >= 0:
                self.exceptions[protected] = self._exception(protected).join(state)

        self.conditions[number] = self.transfer(self.graph.blocks[number], state, save)


def solve(graph: SourceGraph, transfer: Transfer) -> None:
    """Calls `transfer` for every block, again and again, until no state changes."""
    _Solver(graph, transfer).solve()
