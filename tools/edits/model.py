"""A made-up C# project as a model: files, types, members and statements, and the text that each file has.

Statements name types and methods of the project, and are written with the names and parameters that those have when the text is
written: a change of a signature changes its callers, as a user's refactoring does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

ANNOTATIONS = ("PublicMethods", "PublicFields", "PublicConstructors", "NonPublicMethods", "PublicProperties", "All", "Interfaces")
USINGS = (
    "using System; using System.Collections.Generic; using System.Diagnostics.CodeAnalysis; using System.Linq; "
    "using System.Reflection; using System.Runtime.CompilerServices; using System.Threading.Tasks;"
)


@dataclass(eq=False)
class Parameter:
    """A parameter; `annotation` is a member type of DynamicallyAccessedMembers or empty."""

    name: str
    type: str
    annotation: str = ""

    def text(self) -> str:
        """The declaration."""
        return f"{annotated(self.annotation)}{self.type} {self.name}"


@dataclass(eq=False)
class Member:
    """A member. `kind` is how it is written; `statements` are templates with `{...}` for what the model knows."""

    name: str
    kind: str
    parameters: list[Parameter] = field(default_factory=list)
    attributes: list[str] = field(default_factory=list)
    statements: list[str] = field(default_factory=list)
    annotation: str = ""
    constraint: str = ""
    generic_annotation: str = ""
    is_static: bool = True


@dataclass(eq=False)
class Type:
    """A type, which may stand in several files: `parts` are its members per part."""

    name: str
    kind: str
    parts: list[list[Member]] = field(default_factory=lambda: [[]])
    base: Type | None = None
    interface: Type | None = None
    attributes: list[str] = field(default_factory=list)

    def members(self) -> Iterator[Member]:
        """The members of all parts."""
        return (member for part in self.parts for member in part)


@dataclass(eq=False)
class File:
    """A file: the parts of types in it, and text that means nothing."""

    path: str
    parts: list[tuple[Type, int]] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    pragmas: list[str] = field(default_factory=list)


def annotated(member_types: str) -> str:
    """The DynamicallyAccessedMembers attribute for a member type, or nothing."""
    return f"[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.{member_types})] " if member_types else ""


@dataclass(eq=False)
class Project:
    """The model. Invariant: every part of every type stands in one file."""

    files: list[File] = field(default_factory=list)
    types: list[Type] = field(default_factory=list)
    next_number: int = 0

    def number(self) -> int:
        """A number that no name has yet."""
        self.next_number += 1
        return self.next_number

    def texts(self) -> dict[str, str]:
        """Path -> text, in the order in which a build compiles them."""
        found = {file.path: self.text(file) for file in self.files}
        return dict(sorted(found.items()))

    def text(self, file: File) -> str:
        """The text of one file."""
        lines = [USINGS, *(f"#pragma warning disable {rule}" for rule in file.pragmas), *file.comments, "namespace N;"]
        for type_, part in file.parts:
            lines.extend(self._type(type_, part))
        return "\n".join(lines) + "\n"

    def _type(self, type_: Type, part: int) -> Iterator[str]:
        if part == 0:
            yield from type_.attributes
        heads = [each.name for each in (type_.base, type_.interface) if each is not None and part == 0]
        yield f"public partial {type_.kind} {type_.name}" + (f" : {', '.join(heads)}" if heads else "")
        yield "{"
        for member in type_.parts[part]:
            yield from (f"    {line}" for line in self._member(type_, member))
        yield "}"

    def _member(self, type_: Type, member: Member) -> Iterator[str]:
        yield from member.attributes
        static = "static " if member.is_static else ""
        match member.kind:
            case "field":
                yield f"{annotated(member.annotation)}public {static}Type {member.name} = typeof(string);"
            case "property":
                yield f"{annotated(member.annotation)}public {static}Type {member.name} {{ get; set; }} = typeof(int);"
            case "virtual" | "override" | "slot" | "implementation":
                yield from self._method(
                    type_,
                    member,
                    {"virtual": "public virtual ", "override": "public override "}.get(
                        member.kind, "" if member.kind == "slot" else "public virtual "
                    ),
                    "object",
                )
            case "main":
                yield "static void Main() { }"
            case "async":
                yield from self._method(type_, member, f"public {static}async ", "Task<object>")
            case "iterator":
                yield from self._method(type_, member, f"public {static}", "IEnumerable<object>")
            case _:
                yield from self._method(type_, member, f"public {static}", "object")

    def _method(self, type_: Type, member: Member, modifiers: str, result: str) -> Iterator[str]:
        parameters = ", ".join(each.text() for each in member.parameters)
        generic = f"<{annotated(member.generic_annotation)}T>" if member.kind == "generic" else ""
        constraint = f" where T : {member.constraint}" if member.constraint and member.kind == "generic" else ""
        if member.annotation:
            yield annotated(member.annotation).strip().replace("[", "[return: ")
            result = "Type" if result == "object" else result
        head = f"{modifiers}{result} {member.name}{generic}({parameters}){constraint}"
        if member.kind == "slot":
            yield head + ";"
            return
        yield head
        yield "{"
        for statement in member.statements:
            yield from (f"    {line}" for line in self._statement(statement, member).split("\n"))
        match member.kind:
            case "iterator":
                yield "    yield return 1;"
            case _:
                yield "    return typeof(string);" if result == "Type" else "    return null;"
        yield "}"

    def _statement(self, template: str, member: Member) -> str:
        """A statement with the names that its types and methods have now."""
        head, *names = template.split("\t")
        argument = next((each.name for each in member.parameters if each.type == "Type"), "typeof(string)")
        number = names.pop() if names else "0"
        values = {"arg": argument, "n": number, "type": "object", "call": "new object()", "generic": "object"}
        if names:
            target = next((each for each in self.types if each.name == names[0]), None)
            if target is not None and target.kind != "interface":
                values["type"] = values["generic"] = target.name
                values["call"] = self._call(target, names[1] if len(names) > 1 else "", argument)
        text = head.replace("^", "\n")
        for key, value in values.items():
            text = text.replace(f"@{key}@", value)
        return text

    def _call(self, target: Type, name: str, argument: str) -> str:
        called = next((each for each in target.members() if each.name == name and each.is_static), None)
        if called is None or called.kind not in ("method", "generic", "async", "iterator", "field", "property"):
            return f"new {target.name}()" if target.kind == "class" else "new object()"
        if called.kind in ("field", "property"):
            return f"{target.name}.{name}"
        values = {"Type": argument, "int": "1", "string": '"x"', "object": '"o"', "Action": "() => { }"}
        arguments = ", ".join(values.get(each.type, "null") for each in called.parameters)
        generic = "<string>" if called.constraint == "class" else "<int>" if called.constraint == "struct" else "<object>"
        return f"{target.name}.{name}{generic if called.kind == 'generic' else ''}({arguments})"


STATEMENTS = (
    "Console.WriteLine(@n@);",
    'var t@n@ = typeof(@type@).GetMethod("M@n@");',
    'var g@n@ = Type.GetType("N.@type@");',
    "var u@n@ = Type.GetType(@arg@.Name + @n@);",
    "var o@n@ = Activator.CreateInstance(@arg@);",
    "var m@n@ = @arg@.GetMethods();",
    'var f@n@ = @arg@.GetField("f", BindingFlags.Public | BindingFlags.Static);',
    "object c@n@ = @call@;",
    "var v@n@ = @call@;",
    "Func<Type, object> l@n@ = x@n@ => x@n@.GetProperties();",
    "Type k@n@ = @arg@;^Func<object> h@n@ = () => k@n@.GetConstructors();",
    "object F@n@(Type y) => y.GetFields();^F@n@(@arg@);",
    'try { var a@n@ = Assembly.Load("x").GetType("y@n@"); } catch (Exception e@n@) { Console.WriteLine(e@n@); }',
    "foreach (var e@n@ in new Type[] { typeof(@type@), @arg@ })^    Console.WriteLine(e@n@.GetMethods().Length);",
    "if (RuntimeFeature.IsDynamicCodeSupported)^    typeof(List<>).MakeGenericType(@arg@);",
    "var d@n@ = typeof(List<>).MakeGenericType(@arg@);",
    "var w@n@ = Assembly.GetExecutingAssembly().Location;",
    "switch (@n@) { case 1: Console.WriteLine(@arg@.GetEvents()); break; default: Console.WriteLine(); break; }",
    "var q@n@ = new @generic@().GetType().GetMethods();",
    "var s@n@ = from z in new[] { @arg@ } select z.GetInterfaces();",
    "dynamic y@n@ = @n@;^Console.WriteLine(y@n@.Foo);",
    'for (int i = 0; i < @n@; i++)^    Console.WriteLine(i * @n@ + "text");',
    "Action p@n@ = static () => Console.WriteLine(typeof(@type@).GetFields());",
)
ATTRIBUTES = (
    '[RequiresUnreferencedCode("why @n@")]',
    '[RequiresDynamicCode("why @n@")]',
    '[RequiresAssemblyFiles("why @n@")]',
    '[UnconditionalSuppressMessage("Trimming", "IL2075")]',
    '[UnconditionalSuppressMessage("Trimming", "IL2026")]',
    '[SuppressMessage("Trimming", "IL2075")]',
    '[Obsolete("@n@")]',
)
METHOD_ATTRIBUTES = ("[DynamicDependency(DynamicallyAccessedMemberTypes.All, typeof(string))]", '[DynamicDependency("gone")]')


def statement(random: Random, project: Project) -> str:
    """A statement that names something of the project."""
    text = random.choice(STATEMENTS)
    target = random.choice(project.types) if project.types else None
    names = ""
    if target is not None:
        methods = [each.name for each in target.members() if each.is_static]
        names = f"\t{target.name}\t{random.choice(methods) if methods else ''}"
    return f"{text}{names}\t{project.number()}"
