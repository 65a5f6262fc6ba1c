"""An entry project -> the graph of projects that ProjectReference items make of it, and the targets that each is to be built with.

What `-graphBuild` builds: every project once, those that it refers to first. ProjectReferenceTargets items say which targets a target of
one project asks of the projects it refers to; a project that nothing is asked of is not built.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from server.msbuild.items import Item
from server.msbuild.model import ProjectInstance
from server.msbuild.shredder import split_list

_DEFAULT_TARGETS = ".default"
_REFERENCE_OR_DEFAULT_TARGETS = ".projectreferencetargetsordefaulttargets"
Properties = dict[str, str]
Evaluate = Callable[[str, Mapping[str, str]], ProjectInstance | None]


class CircularGraph(Exception):
    """Projects that refer to each other in a circle: `paths` begins and ends with the same one."""

    def __init__(self, paths: list[str]) -> None:
        super().__init__(" -> ".join(paths))
        self.paths = paths


class BrokenGraph(Exception):
    """A project of the graph could not be evaluated, which was reported."""


@dataclass(slots=True, eq=False)
class GraphNode:
    """A project with its global properties. `references` are the projects it refers to, each with the item that says so."""

    instance: ProjectInstance
    properties: Mapping[str, str]
    references: list[tuple[GraphNode, Item | None]] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)

    @property
    def inner_property(self) -> str:
        """The property by which an outer build tells its inner builds apart."""
        return self.instance.property("InnerBuildProperty")

    @property
    def is_inner(self) -> bool:
        """Is it the build for one of several target frameworks?"""
        return bool(self.inner_property and self.instance.property(self.inner_property).strip())

    @property
    def inner_values(self) -> list[str]:
        """The values of that property for the inner builds of an outer build; none for other projects."""
        name = self.instance.property("InnerBuildPropertyValues")
        return list(split_list(self.instance.property(name))) if name and not self.is_inner else []


class ProjectGraph:
    """The nodes that an entry reaches. Invariant: `nodes` has each project with its properties once, those that it refers to before it."""

    def __init__(self, evaluate: Evaluate) -> None:
        self._evaluate = evaluate
        self._known: dict[tuple[str, tuple[tuple[str, str], ...]], GraphNode] = {}
        self._open: list[GraphNode] = []
        self.nodes: list[GraphNode] = []

    def add(self, path: str, properties: Mapping[str, str]) -> GraphNode:
        """The node of a project, with everything that it reaches. Raises CircularGraph, BrokenGraph."""
        key = (path, tuple(sorted((name.lower(), value) for name, value in properties.items())))
        known = self._known.get(key)
        if known is not None:
            if known in self._open:
                circle = self._open[self._open.index(known) :]
                raise CircularGraph([*(node.instance.path for node in circle), known.instance.path])
            return known
        instance = self._evaluate(path, properties)
        if instance is None:
            raise BrokenGraph
        node = self._known[key] = GraphNode(instance, properties)
        self._open.append(node)
        for value in node.inner_values:
            node.references.append((self.add(path, _merged(properties, {node.inner_property: value}, ())), None))
        for item in () if node.inner_values else instance.items_of("ProjectReference"):
            reference = self.add(item.full_path(), _reference_properties(node, item))
            node.references.append((reference, item))
            node.references += [(inner, item) for inner, _ in reference.references if reference.inner_values]
        self._open.pop()
        self.nodes.append(node)
        return node

    def ask(self, entry: GraphNode, targets: Sequence[str]) -> None:
        """Hands targets of the entry on to everything that it refers to."""
        pending = [(entry, list(targets) or list(entry.instance.default_targets))]
        asked: set[tuple[int, tuple[str, ...]]] = set()
        while pending:
            node, names = pending.pop(0)
            names = list({name.lower(): name for name in reversed(names)}.values())[::-1]
            if (id(node), tuple(names)) in asked:
                continue
            asked.add((id(node), tuple(names)))
            have = {name.lower() for name in node.targets}
            node.targets += [name for name in names if name.lower() not in have]
            for reference, item in node.references:
                wanted = _wanted(node, names, reference, item)
                if wanted:
                    pending.append((reference, wanted))


def _wanted(node: GraphNode, names: Iterable[str], reference: GraphNode, item: Item | None) -> list[str]:
    """What targets of `node` ask of a project that it refers to. An outer build is asked for less than others."""
    outer: list[str] = []
    inner: list[str] = []
    for name in names:
        for rule in node.instance.items_of("ProjectReferenceTargets"):
            if rule.identity.lower() != name.lower():
                continue
            found = list(split_list(rule.value("Targets")))
            if rule.value("SkipNonexistentTargets").lower() == "true":
                found = [target for target in found if target.lower() in reference.instance.targets]
            (outer if rule.value("OuterBuild").lower() == "true" else inner).extend(found)
    expanded: list[str] = []
    for target in outer if reference.inner_values else [*outer, *inner]:
        word = target.lower()
        if word == _REFERENCE_OR_DEFAULT_TARGETS and item is not None and item.value("Targets"):
            expanded += split_list(item.value("Targets"))
        elif word in (_DEFAULT_TARGETS, _REFERENCE_OR_DEFAULT_TARGETS):
            expanded += reference.instance.default_targets
        else:
            expanded.append(target)
    return expanded


def _reference_properties(node: GraphNode, item: Item) -> Properties:
    """The global properties of a project that is referred to: those of the project that does, with what the item says."""
    given = _pairs(item.value("Properties"))
    if not given:
        given = _pairs(";".join(item.value(f"Set{name}") for name in ("Configuration", "Platform", "TargetFramework")))
    given.update(_pairs(item.value("AdditionalProperties")))
    removed = [*split_list(item.value("UndefineProperties")), *split_list(item.value("GlobalPropertiesToRemove"))]
    return _merged(node.properties, given, [*removed, *([node.inner_property] if node.is_inner else [])])


def _pairs(text: str) -> Properties:
    pairs = (part.partition("=") for part in split_list(text))
    return {name.strip(): value.strip() for name, equals, value in pairs if equals and name.strip()}


def _merged(base: Mapping[str, str], given: Mapping[str, str], removed: Iterable[str]) -> Properties:
    overridden = {name.lower() for name in given}
    without = {name.lower() for name in removed}
    merged = {name: value for name, value in base.items() if name.lower() not in overridden}
    return {name: value for name, value in {**merged, **given}.items() if name.lower() not in without}
