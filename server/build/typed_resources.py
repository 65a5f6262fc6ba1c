"""Resources by name -> the class that gives a program each of them as a property (StronglyTypedLanguage), in C# or Visual Basic.

The text is that of MSBuild's StronglyTypedResourceBuilder. Resources that cannot be properties are told beside it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape

from server.build.resource_values import PrimitiveValue, StreamValue, TypedValue, Value

_INVALID = re.compile(r"[ \u00a0.,;|~@#%^&*+\-/\\<>?\[\](){}\"'!:=$]")
_IDENTIFIER = re.compile(r"[^\W\d]\w*\Z")
_RESERVED = ("ResourceManager", "Culture")
_LONGEST_TEXT = 256
_KEYWORDS = {
    "c#": frozenset(
        "abstract as base bool break byte case catch char checked class const continue decimal default delegate do double else "
        "enum event explicit extern false finally fixed float for foreach goto if implicit in int interface internal is lock "
        "long namespace new null object operator out override params private protected public readonly ref return sbyte sealed "
        "short sizeof stackalloc static string struct switch this throw true try typeof uint ulong unchecked unsafe ushort "
        "using virtual void volatile while".split()
    ),
    "vb": frozenset(
        "addhandler addressof alias and andalso as boolean byref byte byval call case catch cbool cbyte cchar cdate cdbl cdec "
        "char cint class clng cobj const continue csbyte cshort csng cstr ctype cuint culng cushort date decimal declare "
        "default delegate dim directcast do double each else elseif end endif enum erase error event exit false finally for "
        "friend function get gettype getxmlnamespace global gosub goto handles if implements imports in inherits integer "
        "interface is isnot let lib like long loop me mod module mustinherit mustoverride mybase myclass namespace narrowing "
        "new next not nothing notinheritable notoverridable object of on operator option optional or orelse overloads "
        "overridable overrides paramarray partial private property protected public raiseevent readonly redim rem removehandler "
        "resume return sbyte select set shadows shared short single static step stop string structure sub synclock then throw "
        "to true try trycast typeof uinteger ulong ushort using variant wend when while widening with withevents writeonly xor".split()
    ),
}
_PRIMITIVES = {
    2: "bool", 3: "char", 4: "byte", 5: "sbyte", 6: "short", 7: "ushort", 8: "int", 9: "uint", 10: "long", 11: "ulong", 12: "float",
    13: "double", 14: "decimal", 15: "System.DateTime", 16: "System.TimeSpan",
}  # fmt: skip
_FULL = {
    "bool": "Boolean", "char": "Char", "byte": "Byte", "sbyte": "SByte", "short": "Int16", "ushort": "UInt16", "int": "Int32",
    "uint": "UInt32", "long": "Int64", "ulong": "UInt64", "float": "Single", "double": "Double", "decimal": "Decimal",
}  # fmt: skip
_BASIC = {
    "bool": "Boolean", "char": "Char", "byte": "Byte", "sbyte": "SByte", "short": "Short", "ushort": "UShort", "int": "Integer",
    "uint": "UInteger", "long": "Long", "ulong": "ULong", "float": "Single", "double": "Double", "decimal": "Decimal",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ResourceClass:
    """The class to write. `language` is `c#` or `vb`; `base_name` is what the resource manager looks for."""

    language: str
    namespace: str
    name: str
    base_name: str
    is_public: bool


@dataclass(frozen=True, slots=True)
class _Property:
    name: str
    resource: str
    type_name: str
    method: str
    comment: str


def typed_resources(wanted: ResourceClass, resources: Mapping[str, Value]) -> tuple[str, list[tuple[str, str]]]:
    """The source, and a code and a text for each resource that is left out."""
    properties, problems = _properties(wanted, resources)
    lines = (_csharp if wanted.language == "c#" else _visual_basic)(wanted, properties)
    return "\n".join(lines) + "\n", problems


def _properties(wanted: ResourceClass, resources: Mapping[str, Value]) -> tuple[list[_Property], list[tuple[str, str]]]:
    skipping = "Skipping strongly typed resource property generation for resource"
    found: dict[str, _Property] = {}
    collided: set[str] = set()
    problems: list[tuple[str, str]] = []
    for resource, value in resources.items():
        if resource in _RESERVED:
            text = f'{skipping} "{resource}": the name conflicts with a reserved name. Reserved names: {", ".join(_RESERVED)}.'
            problems.append(("MSB3827", text))
            continue
        name = _identifier(resource, wanted.language)
        if name is None:
            problems.append(("MSB3828", f'{skipping} "{resource}": the name cannot be converted to a valid identifier.'))
            continue
        key = name.lower()
        other = found.get(key)
        if other is not None or key in collided:
            first = other.resource if other is not None else name
            text = f'{skipping} "{resource}": a name collision exists with resource "{first}" after identifier normalization.'
            problems.append(("MSB3829", text))
            found.pop(key, None)
            collided.add(key)
            continue
        found[key] = _property(name, resource, value)
    return sorted(found.values(), key=lambda one: _order(one.name)), problems


def _order(name: str) -> list[tuple[int, str]]:
    """The order of the invariant culture without case: signs, digits, letters."""
    return [(0 if character == "_" else 1 if character.isdigit() else 2, character.lower()) for character in name]


def _identifier(resource: str, language: str) -> str | None:
    name = _INVALID.sub("_", resource)
    is_keyword = (name.lower() if language == "vb" else name) in _KEYWORDS[language]
    if not _IDENTIFIER.match(name) or is_keyword:
        name = "_" + name
    return name if _IDENTIFIER.match(name) else None


def _property(name: str, resource: str, value: Value) -> _Property:
    match value:
        case str():
            shown = value if len(value) <= _LONGEST_TEXT else f'{value[:_LONGEST_TEXT]} [rest of string was truncated]";'
            shown = escape(shown, {'"': "&quot;", "'": "&apos;"})
            return _Property(name, resource, "string", "GetString", f"Looks up a localized string similar to {shown}.")
        case StreamValue():
            kind, method = "System.IO.UnmanagedMemoryStream", "GetStream"
        case bytes():
            kind, method = "byte[]", "GetObject"
        case PrimitiveValue():
            kind, method = _PRIMITIVES.get(value.code, "object"), "GetObject"
        case TypedValue():
            kind, method = value.type_name.partition(",")[0].strip(), "GetObject"
        case None:
            kind, method = "object", "GetObject"
    bare = kind.removesuffix("[]")
    full = f"System.{_FULL[bare]}{kind[len(bare) :]}" if bare in _FULL else "System.Object" if kind == "object" else kind
    return _Property(name, resource, kind, method, f"Looks up a localized resource of type {full}.")


_COMMENT = (
    "This code was generated by a tool.",
    "",
    "Changes to this file may cause incorrect behavior and will be lost if",
    "the code is regenerated.",
)
_SUMMARY = (
    "A strongly-typed resource class, for looking up localized strings, etc.",
    "This class was generated by MSBuild using the GenerateResource task.",
    "To add or remove a member, edit your .resx file then rerun MSBuild.",
)
_MANAGER = ("Returns the cached ResourceManager instance used by this class.",)
_CULTURE = (
    "Overrides the current thread's CurrentUICulture property for all",
    "resource lookups using this strongly typed resource class.",
)
_BUILDER = '"Microsoft.Build.Tasks.StronglyTypedResourceBuilder", "15.1.0.0"'
_LINE = "-" * 78


def _head(sign: str) -> list[str]:
    body = [f"{sign}     {line}" if line else sign for line in _COMMENT]
    return [sign + _LINE, f"{sign} <auto-generated>", *body, f"{sign} </auto-generated>", sign + _LINE, ""]


def _text(value: str, language: str) -> str:
    if language == "vb":
        return '"' + value.replace('"', '""') + '"'
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t") + '"'


def _summary(lines: tuple[str, ...], language: str) -> list[str]:
    """The comment that documents a member; a line of it may be of several, which go on at the sign."""
    sign, gap = ("///", " ") if language == "c#" else ("'''", "")
    body = [sign + part for line in lines for part in f"{gap}  {line}".split("\n")]
    return [f"{sign}{gap}<summary>", *body, f"{sign}{gap}</summary>"]


def _csharp_type(name: str) -> str:
    return f"global::{name}" if "." in name else name


def _csharp(wanted: ResourceClass, properties: list[_Property]) -> list[str]:
    access = "public" if wanted.is_public else "internal"
    manager, culture = "global::System.Resources.ResourceManager", "global::System.Globalization.CultureInfo"
    browsable = "[global::System.ComponentModel.EditorBrowsableAttribute(global::System.ComponentModel.EditorBrowsableState.Advanced)]"
    made = f"new {manager}({_text(wanted.base_name, 'c#')}, typeof({wanted.name}).Assembly)"
    members = [
        "",
        f"private static {manager} resourceMan;",
        "",
        f"private static {culture} resourceCulture;",
        "",
        '[global::System.Diagnostics.CodeAnalysis.SuppressMessageAttribute("Microsoft.Performance", "CA1811:AvoidUncalledPrivateCode")]',
        f"internal {wanted.name}() {{",
        "}",
        "",
        *_summary(_MANAGER, "c#"),
        browsable,
        f"{access} static {manager} ResourceManager {{",
        "    get {",
        "        if (object.ReferenceEquals(resourceMan, null)) {",
        f"            {manager} temp = {made};",
        "            resourceMan = temp;",
        "        }",
        "        return resourceMan;",
        "    }",
        "}",
        "",
        *_summary(_CULTURE, "c#"),
        browsable,
        f"{access} static {culture} Culture {{",
        *["    get {", "        return resourceCulture;", "    }", "    set {", "        resourceCulture = value;", "    }", "}"],
    ]
    for one in properties:
        call = f"ResourceManager.{one.method}({_text(one.resource, 'c#')}, resourceCulture)"
        type_name = _csharp_type(one.type_name)
        body = [f"object obj = {call};", f"return (({type_name})(obj));"] if one.method == "GetObject" else [f"return {call};"]
        members += ["", *_summary((one.comment,), "c#"), f"{access} static {type_name} {one.name} {{", "    get {"]
        members += [*(f"        {line}" for line in body), "    }", "}"]
    declared = [
        *_summary(_SUMMARY, "c#"),
        f"[global::System.CodeDom.Compiler.GeneratedCodeAttribute({_BUILDER})]",
        "[global::System.Diagnostics.DebuggerNonUserCodeAttribute()]",
        "[global::System.Runtime.CompilerServices.CompilerGeneratedAttribute()]",
        f"{access} class {wanted.name} {{",
        *_indented(members),
        "}",
    ]
    if not wanted.namespace:
        return [*_head("//"), "using System;", "", "", "", *declared]
    return [*_head("//"), f"namespace {wanted.namespace} {{", "    using System;", "    ", "    ", *_indented(declared), "}"]


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _basic_type(name: str) -> str:
    bare = name.removesuffix("[]")
    shown = _BASIC.get(bare) or {"string": "String", "object": "Object"}.get(bare) or f"Global.{bare}"
    return f"{shown}()" if name.endswith("[]") else shown


def _visual_basic(wanted: ResourceClass, properties: list[_Property]) -> list[str]:
    access = "Public" if wanted.is_public else "Friend"
    manager, culture = "Global.System.Resources.ResourceManager", "Global.System.Globalization.CultureInfo"
    browsable = "<Global.System.ComponentModel.EditorBrowsableAttribute(Global.System.ComponentModel.EditorBrowsableState.Advanced)>  _"
    made = f"New {manager}({_text(wanted.base_name, 'vb')}, GetType({wanted.name}).Assembly)"
    members = [
        "",
        f"Private Shared resourceMan As {manager}",
        "",
        f"Private Shared resourceCulture As {culture}",
        "",
        '<Global.System.Diagnostics.CodeAnalysis.SuppressMessageAttribute("Microsoft.Performance", "CA1811:AvoidUncalledPrivateCode")>  _',
        *["Friend Sub New()", "    MyBase.New", "End Sub", ""],
        *_summary(_MANAGER, "vb"),
        browsable,
        f"{access} Shared ReadOnly Property ResourceManager() As {manager}",
        "    Get",
        "        If Object.ReferenceEquals(resourceMan, Nothing) Then",
        f"            Dim temp As {manager} = {made}",
        *["            resourceMan = temp", "        End If", "        Return resourceMan", "    End Get", "End Property", ""],
        *_summary(_CULTURE, "vb"),
        browsable,
        f"{access} Shared Property Culture() As {culture}",
        *["    Get", "        Return resourceCulture", "    End Get", "    Set", "        resourceCulture = value", "    End Set"],
        "End Property",
    ]
    for one in properties:
        call = f"ResourceManager.{one.method}({_text(one.resource, 'vb')}, resourceCulture)"
        type_name = _basic_type(one.type_name)
        body = [f"Dim obj As Object = {call}", f"Return CType(obj,{type_name})"] if one.method == "GetObject" else [f"Return {call}"]
        members += ["", *_summary((one.comment,), "vb"), f"{access} Shared ReadOnly Property {one.name}() As {type_name}", "    Get"]
        members += [*(f"        {line}" for line in body), "    End Get", "End Property"]
    declared = [
        *_summary(_SUMMARY, "vb"),
        f"<Global.System.CodeDom.Compiler.GeneratedCodeAttribute({_BUILDER}),  _",
        " Global.System.Diagnostics.DebuggerNonUserCodeAttribute(),  _",
        " Global.System.Runtime.CompilerServices.CompilerGeneratedAttribute()>  _",
        f"{access} Class {wanted.name}",
        *_indented(members),
        "End Class",
    ]
    head = [*_head("'"), "Option Strict On", "Option Explicit On", "", "Imports System", ""]
    if not wanted.namespace:
        return [*head, "", *declared]
    return [*head, f"Namespace {wanted.namespace}", "    ", *_indented(declared), "End Namespace"]
