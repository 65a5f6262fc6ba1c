"""A seed -> a made-up C# project, and edits of it: bodies, signatures, members, annotations, attributes, files, bases, constraints."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tools.edits.model import ANNOTATIONS, ATTRIBUTES, METHOD_ATTRIBUTES, File, Member, Parameter, Project, Type, statement

METHOD_KINDS = ("method", "method", "method", "generic", "async", "iterator")
PARAMETER_TYPES = ("Type", "Type", "int", "string", "object", "Action")
CONSTRAINTS = ("", "class", "struct", "new()")


def make_project(random: Random, n_files: int, n_members: int, n_statements: int) -> Project:
    """A project with a type a file and about `n_members` members a type. Its first file has an entry point."""
    project = Project()
    for number in range(n_files):
        kind = random.choice(("class", "class", "class", "class", "struct", "interface"))
        type_ = Type(f"T{project.number()}", kind)
        project.types.append(type_)
        project.files.append(File(f"/src/F{number:04}.cs", [(type_, 0)]))
        for _ in range(n_members):
            add_member(random, project, type_)
        classes = [each for each in project.types[:-1] if each.kind == "class"]
        if kind == "class" and classes and random.random() < 0.3:
            type_.base = random.choice(classes[-10:])
    for type_ in project.types:
        for member in type_.members():
            if member.kind not in ("field", "property", "slot", "main"):
                member.statements = [statement(random, project) for _ in range(random.randrange(n_statements + 1))]
    program = Type(f"T{project.number()}", "class", [[Member("Main", "main")]])
    project.types.append(program)
    project.files.append(File("/src/Program.cs", [(program, 0)]))
    return project


def add_member(random: Random, project: Project, type_: Type) -> None:
    """Adds a member of any kind that the type can have to its last part."""
    name = f"M{project.number()}"
    if type_.kind == "interface":
        type_.parts[-1].append(Member(name, "slot", _parameters(random, project), is_static=False))
        return
    kind = random.choice(("field", "property", *METHOD_KINDS, *METHOD_KINDS))
    member = Member(name, kind)
    if kind in ("field", "property"):
        member.annotation = random.choice(("", "", *ANNOTATIONS))
    else:
        member.parameters = _parameters(random, project)
        member.is_static = kind == "generic" or random.random() < 0.8 or type_.kind == "struct"
        if kind == "method" and type_.kind == "class" and random.random() < 0.2:
            member.kind, member.is_static = "virtual", False
        if kind == "generic":
            member.constraint = random.choice(CONSTRAINTS)
            member.generic_annotation = random.choice(("", *ANNOTATIONS))
    type_.parts[-1].append(member)


def _parameters(random: Random, project: Project) -> list[Parameter]:
    found = [Parameter(f"p{project.number()}", random.choice(PARAMETER_TYPES)) for _ in range(random.randrange(3))]
    for each in found:
        if each.type == "Type" and random.random() < 0.4:
            each.annotation = random.choice(ANNOTATIONS)
    return found


def _methods(project: Project) -> list[tuple[Type, Member]]:
    return [(t, m) for t in project.types for m in t.members() if m.kind not in ("field", "property", "slot", "main")]


def edit_body(random: Random, project: Project) -> None:
    """Adds, replaces or removes a statement."""
    _, member = random.choice(_methods(project))
    position = random.randrange(len(member.statements) + 1)
    if member.statements[position:] and random.random() < 0.5:
        del member.statements[position]
    if random.random() < 0.8 or not member.statements:
        member.statements.insert(position, statement(random, project))


def edit_signature(random: Random, project: Project) -> None:
    """Adds or removes a parameter, changes its type, or turns a method into another kind."""
    free = [member for _, member in _methods(project) if member.kind not in ("override", "implementation", "virtual")]
    if not free:
        return
    member = random.choice(free)
    choice = random.randrange(4)
    if choice == 0 or not member.parameters:
        member.parameters.append(Parameter(f"p{project.number()}", random.choice(PARAMETER_TYPES)))
    elif choice == 1:
        member.parameters.pop(random.randrange(len(member.parameters)))
    elif choice == 2:
        each = random.choice(member.parameters)
        each.type, each.annotation = random.choice(PARAMETER_TYPES), ""
    elif member.kind in ("method", "async", "iterator"):
        member.kind, member.annotation = random.choice(("method", "async", "iterator")), ""


def edit_members(random: Random, project: Project) -> None:
    """Adds or removes a member."""
    type_ = random.choice(project.types[:-1])
    if random.random() < 0.5:
        add_member(random, project, type_)
        return
    part = random.choice(type_.parts)
    free = [each for each in part if each.kind not in ("virtual", "slot")]
    if free:
        part.remove(random.choice(free))


def edit_annotation(random: Random, project: Project) -> None:
    """Changes what a parameter, a result, a field, a property or a type parameter asks for."""
    type_ = random.choice(project.types[:-1])
    for member in random.sample(list(type_.members()), min(1, len(list(type_.members())))):
        types = [each for each in member.parameters if each.type == "Type"]
        if types and random.random() < 0.6:
            random.choice(types).annotation = random.choice(("", *ANNOTATIONS))
        elif member.kind in ("field", "property", "method", "virtual", "override"):
            member.annotation = random.choice(("", *ANNOTATIONS)) if member.kind in ("field", "property", "method") else ""
        elif member.kind == "generic":
            member.generic_annotation = random.choice(("", *ANNOTATIONS))


def edit_attributes(random: Random, project: Project) -> None:
    """Puts an attribute on a type or member, or takes them off."""
    text = random.choice(ATTRIBUTES).replace("@n@", str(project.number()))
    if random.random() < 0.3:
        type_ = random.choice([each for each in project.types if each.kind == "class"])
        text = random.choice((text, "[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicMethods)]"))
        type_.attributes = [] if type_.attributes else [text] if "RequiresDynamic" not in text and "RequiresAssembly" not in text else []
        return
    _, member = random.choice(_methods(project))
    member.attributes = [] if member.attributes else [random.choice((text, *METHOD_ATTRIBUTES))]


def edit_files(random: Random, project: Project) -> None:
    """Renames a file, moves a type to another one, or splits a type over two."""
    file = random.choice(project.files)
    choice = random.randrange(3)
    if choice == 0:
        file.path = f"/src/R{project.number():04}.cs"
    elif choice == 1 and len(file.parts) > 1:
        random.choice(project.files).parts.append(file.parts.pop())
    elif file.parts:
        type_, _ = random.choice(file.parts)
        type_.parts.append([])
        random.choice(project.files).parts.append((type_, len(type_.parts) - 1))
        if type_.name != project.types[-1].name:
            add_member(random, project, type_)


def edit_base(random: Random, project: Project) -> None:
    """Gives a class another base, or overrides a method of the one it has."""
    classes = [each for each in project.types[:-1] if each.kind == "class"]
    if not classes:
        return
    type_ = random.choice(classes)
    slots = [each for each in type_.base.members() if each.kind == "virtual"] if type_.base is not None else []
    if slots and random.random() < 0.6 and not any(each.kind == "override" for each in type_.members()):
        slot = random.choice(slots)
        parameters = [Parameter(each.name, each.type, random.choice(("", each.annotation))) for each in slot.parameters]
        type_.parts[-1].append(Member(slot.name, "override", parameters, is_static=False))
        return
    if any(each.kind == "override" for each in type_.members()):
        for part in type_.parts:
            part[:] = [each for each in part if each.kind != "override"]
        return
    earlier = classes[: classes.index(type_)]
    if not any(other.base is type_ for other in classes):
        type_.base = random.choice([None, *earlier])


def edit_interface(random: Random, project: Project) -> None:
    """Makes a class implement an interface, or no interface any more."""
    classes = [each for each in project.types[:-1] if each.kind == "class"]
    if not classes:
        return
    type_ = random.choice(classes)
    interfaces = [each for each in project.types if each.kind == "interface"]
    for part in type_.parts:
        part[:] = [each for each in part if each.kind != "implementation"]
    if type_.interface is not None or not interfaces:
        type_.interface = None
        return
    type_.interface = random.choice(interfaces)
    for slot in type_.interface.members():
        parameters = [Parameter(each.name, each.type, random.choice(("", each.annotation))) for each in slot.parameters]
        type_.parts[-1].append(Member(slot.name, "implementation", parameters, is_static=False))


def edit_constraint(random: Random, project: Project) -> None:
    """Changes the constraint of a generic method."""
    generic = [member for _, member in _methods(project) if member.kind == "generic"]
    if generic:
        random.choice(generic).constraint = random.choice(CONSTRAINTS)


def edit_layout(random: Random, project: Project) -> None:
    """Moves text: comments above everything, a pragma, the order of members."""
    file = random.choice(project.files)
    choice = random.randrange(3)
    if choice == 0:
        file.comments = [f"// {project.number()}" for _ in range(random.randrange(4))]
    elif choice == 1:
        file.pragmas = [] if file.pragmas else [random.choice(("IL2075", "IL2026", "IL2070"))]
    else:
        random.shuffle(random.choice(random.choice(project.types).parts))


EDITS: tuple[Callable[[Random, Project], None], ...] = (
    edit_body,
    edit_body,
    edit_body,
    edit_body,
    edit_body,
    edit_signature,
    edit_signature,
    edit_members,
    edit_members,
    edit_annotation,
    edit_annotation,
    edit_attributes,
    edit_attributes,
    edit_files,
    edit_base,
    edit_interface,
    edit_constraint,
    edit_layout,
)


def edit(random: Random, project: Project) -> str:
    """Edits the project once; the name of what was done."""
    chosen = random.choice(EDITS) if _methods(project) else edit_members
    chosen(random, project)
    return chosen.__name__
