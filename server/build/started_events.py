"""Projects and targets that have begun -> their numbers, their parents and what of them has been shown already.

Projects are numbered in the order of their first start; a project that is started again for other targets gets a second number.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from server.build.events import BuildEventContext, ProjectStarted, TargetStarted

ProjectKey = tuple[int, int]
TargetKey = tuple[int, int, int]


def project_key(context: BuildEventContext) -> ProjectKey:
    """What tells projects apart."""
    return context.node, context.project


def target_key(context: BuildEventContext) -> TargetKey:
    """What tells targets apart."""
    return context.node, context.project, context.target


@dataclass(slots=True, eq=False)
class StartedProject:
    """A project that has begun. `number` and `entry_point` make its name in logs: `3` or `3:2`."""

    event: ProjectStarted
    context: BuildEventContext
    ticks: int
    number: int
    entry_point: int
    parent: StartedProject | None
    is_shown: bool = False
    has_findings: bool = False

    @property
    def full_key(self) -> tuple[int, int]:
        """The two numbers of its name."""
        return self.number, self.entry_point

    def name(self) -> str:
        """Its name as project lines and stacks show it."""
        return key_text(self.full_key, always_entry_point=False)


@dataclass(slots=True, eq=False)
class StartedTarget:
    """A target that has begun."""

    event: TargetStarted
    context: BuildEventContext
    ticks: int
    is_shown: bool = False
    has_findings: bool = False


def key_text(key: tuple[int, int], *, always_entry_point: bool) -> str:
    """`3`, or `3:2` for the second start of a project."""
    number, entry_point = key
    return f"{number}:{entry_point}" if entry_point > 1 or always_entry_point else str(number)


@dataclass(slots=True)
class StartedEvents:
    """Invariant: a project or target is kept from its start to its end, and longer when warnings or errors belong to it."""

    projects: dict[ProjectKey, StartedProject] = field(default_factory=dict)
    targets: dict[TargetKey, StartedTarget] = field(default_factory=dict)
    _numbers: dict[str, int] = field(default_factory=dict)
    _entry_points: dict[str, int] = field(default_factory=dict)

    def add_project(self, event: ProjectStarted, context: BuildEventContext, ticks: int) -> None:
        """Notes the start of a project."""
        key = project_key(context)
        if key in self.projects:
            return
        path = event.project.lower()
        number = self._numbers.setdefault(path, len(self._numbers) + 1)
        entry_point = self._entry_points[path] = self._entry_points.get(path, 0) + 1
        parent = self.projects.get(project_key(event.parent))
        self.projects[key] = StartedProject(event, context, ticks, number, entry_point, parent)

    def add_target(self, event: TargetStarted, context: BuildEventContext, ticks: int) -> None:
        """Notes the start of a target."""
        self.targets.setdefault(target_key(context), StartedTarget(event, context, ticks))

    def project(self, context: BuildEventContext) -> StartedProject | None:
        """The project that a context is in."""
        return self.projects.get(project_key(context))

    def target(self, context: BuildEventContext) -> StartedTarget | None:
        """The target that a context is in."""
        return self.targets.get(target_key(context))

    def note_finding(self, context: BuildEventContext) -> None:
        """A warning or error belongs to this place: its projects and its target stay known."""
        project = self.project(context)
        while project is not None:
            project.has_findings = True
            project = project.parent
        target = self.target(context)
        if target is not None:
            target.has_findings = True

    def end_project(self, context: BuildEventContext) -> None:
        """Forgets a project that has ended."""
        project = self.project(context)
        if project is not None and not project.has_findings:
            del self.projects[project_key(context)]

    def end_target(self, context: BuildEventContext) -> None:
        """Forgets a target that has ended."""
        target = self.target(context)
        if target is not None and not target.has_findings:
            del self.targets[target_key(context)]

    def call_stack(self, context: BuildEventContext) -> list[str]:
        """Lines from the first project down to the one of `context`, empty outside of projects."""
        lines: list[str] = []
        project = self.project(context)
        while project is not None:
            targets = f"{project.event.targets} target" if project.event.targets else "default target"
            lines.append(f'"{project.event.project}" ({targets}) ({project.name()}) ->')
            project = project.parent
        return lines[::-1]
