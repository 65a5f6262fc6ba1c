"""Findings about declarations: annotations on wrong things, Requires attributes on static constructors and on base types."""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.context import ModuleContext
from analyzers.finding import RawFinding
from analyzers.requires import requires_findings
from analyzers.rule import RULES, link, sentence
from compiler.diagnostics import InputError
from compiler.flow.annotations import AnnotationProblem, ProblemKind
from compiler.flow.associations import members_of
from compiler.flow.contexts import open_context
from compiler.flow.facts import Member, Origin
from compiler.flow.generated import is_generated_name
from compiler.flow.member_types import names as member_type_names
from compiler.flow.reader_kind import ReaderKind
from compiler.flow.requirements import Requires
from compiler.types.definitions import FieldDefinition, MethodDefinition, TypeDefinition
from compiler.types.type_desc import NamedType
from compiler.types.universe import EMPTY_CONTEXT

_UNMANAGED_CALLERS_ONLY = "System.Runtime.InteropServices.UnmanagedCallersOnlyAttribute"
_MAIN_RETURNS = (
    "System.Void",
    "System.Int32",
    "System.Threading.Tasks.Task",
    "System.Threading.Tasks.Task`1<System.Int32>",
)
_STATIC_CONSTRUCTOR_RULES = {
    Requires.UNREFERENCED_CODE: "IL2116",
    Requires.ASSEMBLY_FILES: "IL3004",
    Requires.DYNAMIC_CODE: "IL3056",
}
_PROBLEM_RULES = {
    ProblemKind.ON_METHOD: "IL2041",
    ProblemKind.FIELD_TYPE: "IL2097",
    ProblemKind.PARAMETER_TYPE: "IL2098",
    ProblemKind.PROPERTY_TYPE: "IL2099",
    ProblemKind.RETURN_TYPE: "IL2106",
    ProblemKind.NO_UNIQUE_FIELD: "IL2042",
    ProblemKind.ACCESSOR_CONFLICT: "IL2043",
    ProblemKind.FIELD_CONFLICT: "IL2056",
}


def check_declarations(context: ModuleContext, definition: TypeDefinition) -> Iterator[RawFinding]:
    """The findings about one type and its members."""
    # Interface members have no code, and the native compiler does not look at them.
    if not definition.is_interface or context.lookups.reader is ReaderKind.BUILD:
        for problem in context.lookups.annotations.of_type(definition).problems:
            if context.lookups.reader is ReaderKind.PUBLISH or _is_seen_by_build(context, problem):
                yield _problem(context, problem)
    if context.lookups.reader is ReaderKind.PUBLISH:
        yield from _check_delegate(context, definition)
    yield from _check_static_constructor(context, definition)
    if context.rules.reports_entry_points:
        yield from _check_entry_points(context, definition)
    if not context.rules.reports_implicit_base_calls:
        yield from _check_base(context, definition)
    elif context.lookups.reader is ReaderKind.BUILD:
        yield from _check_implicit_base_call(context, definition)


def _is_seen_by_build(context: ModuleContext, problem: AnnotationProblem) -> bool:
    """Whether the build's analyzers look at what carries the annotation: declarations with a name of their own in the source."""
    member = problem.member
    if problem.kind is ProblemKind.FIELD_CONFLICT or context.lookups.universe.named(member_owner_type(member), ()).is_delegate:
        return False
    if isinstance(member, FieldDefinition):
        events = members_of(member.owner, events=True)
        return not is_generated_name(member.name) and all(event.name != member.name for event in events)
    return not isinstance(member, MethodDefinition) or not is_generated_name(member.name)


def member_owner_type(member: MethodDefinition | FieldDefinition | TypeDefinition) -> TypeDefinition:
    """The type that declares a member; a type itself."""
    return member if isinstance(member, TypeDefinition) else member.owner


def check_scopes(context: ModuleContext) -> Iterator[RawFinding]:
    """IL2108: suppressions on the assembly or module with a scope that means nothing."""
    rule = RULES["IL2108"]
    for invalid in context.lookups.suppressions.invalid_scopes(context.module):
        message = rule.message(invalid.scope, invalid.module, invalid.target)
        yield RawFinding(rule, message, context.module.type_definition(1), None, member_name=context.module.name)


def check_entry_point(context: ModuleContext) -> Iterator[RawFinding]:
    """The call of an annotated Main by the code that starts a native program."""
    token = context.module.image.entry_point
    if token >> 24 != 0x06 or context.rules.reports_entry_points:
        return
    main = context.module.method_definition(token & 0xFFFFFF)
    rules = {Requires.UNREFERENCED_CODE: "IL2026", Requires.DYNAMIC_CODE: "IL3050", Requires.ASSEMBLY_FILES: "IL3002"}
    parameters = "String[]" if main.sig.parameters else ""
    for kind, rule_id in rules.items():
        requirement = context.lookups.requirements.of_method(main, kind)
        if requirement is not None:
            rule = RULES[rule_id]
            message = rule.message(context.names.method(main), sentence(requirement.message), link(requirement.url))
            name = f"<Module>.MainMethodWrapper({parameters})"
            yield RawFinding(rule, message, context.module.type_definition(1), None, member_name=name)


def _check_entry_points(context: ModuleContext, definition: TypeDefinition) -> Iterator[RawFinding]:
    """IL2123, IL3005, IL3057: Requires attributes on methods that are called from outside."""
    rules = {Requires.UNREFERENCED_CODE: "IL2123", Requires.DYNAMIC_CODE: "IL3057", Requires.ASSEMBLY_FILES: "IL3005"}
    for method in definition.methods:
        if not method.is_static:
            continue
        found = [kind for kind in rules if context.lookups.requirements.on_entity(method.module, method.token, kind) is not None]
        if found and _is_entry_point(context, method):
            for kind in found:
                rule = RULES[rules[kind]]
                yield RawFinding(rule, rule.message(context.names.method(method)), method, context.positions.declaration(method))


def _is_entry_point(context: ModuleContext, method: MethodDefinition) -> bool:
    """Whether a method is called from outside: an export, or Main. The build's analyzers take any method for it that could be Main."""
    export = context.lookups.attributes.first(method.module, method.token, _UNMANAGED_CALLERS_ONLY)
    is_build = context.lookups.reader is ReaderKind.BUILD
    if export is not None:
        return any(name == "EntryPoint" and (is_build or value is not None) for name, value in export.value.named.items())
    if not is_build:
        return context.module.image.entry_point == method.token
    if method.name not in ("Main", "<Main>$"):
        return False
    universe = context.lookups.universe
    try:
        return repr(universe.resolve_sig(method.module, method.sig.return_type, open_context(universe, method))) in _MAIN_RETURNS
    except InputError:
        return False


def _problem(context: ModuleContext, problem: AnnotationProblem) -> RawFinding:
    rule = RULES[_PROBLEM_RULES[problem.kind]]
    names = context.names
    member: Member = problem.member
    args: tuple[str, ...] = ()
    if isinstance(member, MethodDefinition) and problem.kind is ProblemKind.PARAMETER_TYPE:
        args = (names.parameter(member, problem.parameter), names.method(member))
    elif isinstance(member, MethodDefinition) and problem.property is None:
        args = (names.method(member),)
    elif isinstance(member, FieldDefinition) and problem.property is None:
        args = (names.field(member),)
    elif problem.property is not None:
        args = (names.semantic(problem.property),)
        if isinstance(member, MethodDefinition):
            args += (names.method(member),)
            place = context.positions.declaration(problem.property)
            return RawFinding(rule, rule.message(*args), member, place)
        elif isinstance(member, FieldDefinition):
            args += (names.field(member),)
        else:
            member = problem.property
    return RawFinding(rule, rule.message(*args), member, context.positions.declaration(member))


def _check_delegate(context: ModuleContext, definition: TypeDefinition) -> Iterator[RawFinding]:
    """What the native compiler says of the methods that it makes for a delegate type with annotations.

    Deviates: the parameter's name in the message is .NET's mistake, kept because it is what users search for.
    """
    if not context.lookups.universe.named(definition, ()).is_delegate:
        return
    annotations, names = context.lookups.annotations, context.names
    for invoke in definition.methods_named("Invoke"):
        found = annotations.of_method(invoke)
        name = names.method(invoke)
        if found.result:
            yield RawFinding(RULES["IL2063"], RULES["IL2063"].message(name), invoke, None)
        thunk = name.replace(".Invoke(", ".InvokeMulticastThunk(")
        for index, annotation in found.parameters.items():
            if annotations.is_out(invoke, index) or context.rules.publish_skips_own_methods:
                continue
            asked = ", ".join(f"'DynamicallyAccessedMemberTypes.{each}'" for each in member_type_names(annotation))
            source = "#ILLink.Shared.TypeSystemProxy.ParameterIndex"
            message = RULES["IL2067"].message(names.parameter(invoke, index), name, source, thunk, asked)
            yield RawFinding(RULES["IL2067"], message, invoke, None, member_name=thunk)


def _check_static_constructor(context: ModuleContext, definition: TypeDefinition) -> Iterator[RawFinding]:
    # The native compiler looks at static constructors of generic types alone, and at RequiresUnreferencedCode alone.
    is_publish = context.lookups.reader is ReaderKind.PUBLISH
    for method in definition.methods_named(".cctor"):
        for kind, rule_id in _STATIC_CONSTRUCTOR_RULES.items():
            if is_publish and (kind is not Requires.UNREFERENCED_CODE or not definition.generic_count):
                continue
            if context.lookups.requirements.on_entity(method.module, method.token, kind) is not None:
                rule = RULES[rule_id]
                name = _shared_name(context, definition) if is_publish else context.names.method(method)
                place = None if is_publish else context.positions.declaration(method)
                yield RawFinding(rule, rule.message(name), method, place, member_name=name if is_publish else "")


def _shared_name(context: ModuleContext, definition: TypeDefinition) -> str:
    """The static constructor of the instantiation over shared reference types."""
    args = ",".join(["__Canon"] * definition.generic_count)
    return f"{context.names.definition(definition)}<{args}>..cctor()"


def _check_base(context: ModuleContext, definition: TypeDefinition) -> Iterator[RawFinding]:
    """IL2109: a type that derives from a RequiresUnreferencedCode type without the attribute."""
    requirements = context.lookups.requirements
    kind = Requires.UNREFERENCED_CODE
    if requirements.on_type(definition, kind) is not None:
        return
    base = _base(context, definition)
    if base is None:
        return
    requirement = requirements.on_type(base.definition, kind)
    if requirement is not None:
        rule = RULES["IL2109"]
        names = (context.names.definition(definition), context.names.base_type(definition, base))
        message = rule.message(*names, sentence(requirement.message), link(requirement.url))
        yield RawFinding(rule, message, definition, context.positions.declaration(definition))


def _check_implicit_base_call(context: ModuleContext, definition: TypeDefinition) -> Iterator[RawFinding]:
    """The call of a base constructor by the constructor of a class that has none of its own, at the class."""
    base = _base(context, definition)
    if base is None:
        return
    for constructor in definition.methods_named(".ctor"):
        if constructor.sig.parameters or context.positions.is_written(constructor):
            continue
        for called in base.definition.methods_named(".ctor"):
            if not called.sig.parameters:
                yield from requires_findings(context, called, Origin(constructor, -1), context.positions.declaration(definition))


def _base(context: ModuleContext, definition: TypeDefinition) -> NamedType | None:
    if not definition.extends:
        return None
    try:
        base = context.lookups.universe.resolve_type(definition.module, definition.extends, EMPTY_CONTEXT)
    except InputError:
        return None
    return base if isinstance(base, NamedType) else None
