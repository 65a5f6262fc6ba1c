"""Members that need reflection or run-time code -> what does the same without: an overload, generated code, another member.

An overload is found in the class itself: a method of the same name that needs nothing. What no signature tells stands in a table.
"""

from __future__ import annotations

from dataclasses import dataclass

from analyzers.context import ModuleContext
from analyzers.reached import is_visible
from compiler.flow.requirements import Requires
from compiler.types.definitions import MethodDefinition


@dataclass(frozen=True, slots=True)
class Replacement:
    """What to use instead, in words; `code` replaces the whole operation where nothing else has to change, else it is empty."""

    title: str
    code: str = ""


_CONTEXT = "with a JsonSerializerContext of your own ([JsonSerializable(typeof(T))]), whose code is generated at compile time"
_BINDER = "Set EnableConfigurationBindingGenerator to true in the project: the call is then replaced by code generated at compile time"
_MARSHAL = "Use the generic overload of '{0}', whose type argument is known at compile time"
# By the full name of the type and, after a dot, the member; a type alone stands for all its members.
_KNOWN: dict[str, Replacement] = {
    "System.Reflection.Assembly.get_Location": Replacement(
        "Use 'System.AppContext.BaseDirectory', the folder of the program", "System.AppContext.BaseDirectory"
    ),
    "System.Reflection.Assembly.get_CodeBase": Replacement("Use 'System.AppContext.BaseDirectory', the folder of the program"),
    "System.Reflection.AssemblyName.get_CodeBase": Replacement("Use 'System.AppContext.BaseDirectory', the folder of the program"),
    "System.Text.Json.JsonSerializer": Replacement(f"Use the overload that takes a JsonTypeInfo or a JsonSerializerContext, {_CONTEXT}"),
    "System.Net.Http.Json.HttpClientJsonExtensions": Replacement(f"Use the overload that takes a JsonTypeInfo, {_CONTEXT}"),
    "System.Net.Http.Json.HttpContentJsonExtensions": Replacement(f"Use the overload that takes a JsonTypeInfo, {_CONTEXT}"),
    "System.Net.Http.Json.JsonContent": Replacement(f"Use the overload that takes a JsonTypeInfo, {_CONTEXT}"),
    "System.Text.Json.Nodes.JsonValue": Replacement(f"Use the overload that takes a JsonTypeInfo, {_CONTEXT}"),
    "System.Text.Json.Serialization.JsonStringEnumConverter": Replacement(
        "Use 'JsonStringEnumConverter<TEnum>', which knows its enum at compile time"
    ),
    "Microsoft.Extensions.Configuration.ConfigurationBinder": Replacement(_BINDER),
    "Microsoft.Extensions.DependencyInjection.OptionsConfigurationServiceCollectionExtensions": Replacement(_BINDER),
    "Microsoft.Extensions.DependencyInjection.OptionsBuilderConfigurationExtensions": Replacement(_BINDER),
    "Microsoft.Extensions.Logging.LoggerMessage": Replacement("Declare a partial method with [LoggerMessage]: its code is generated"),
    "System.Text.RegularExpressions.Regex.CompileToAssembly": Replacement(
        "Declare a partial method with [GeneratedRegex]: its code is generated"
    ),
    "System.Xml.Serialization.XmlSerializer": Replacement(
        "Reference the package Microsoft.XmlSerializer.Generator, which writes the serializers at build time"
    ),
    "System.Enum.GetValues": Replacement("Use 'Enum.GetValues<TEnum>()', or GetValuesAsUnderlyingType where the type is not known"),
    "System.Runtime.InteropServices.Marshal": Replacement(_MARSHAL),
    "System.Linq.Queryable": Replacement("Use 'System.Linq.Enumerable' where the data is in memory: it takes delegates, not expressions"),
    "System.Linq.Expressions.Expression.Call": Replacement("Use the overload that takes a MethodInfo"),
    "System.ComponentModel.TypeDescriptor.GetConverter": Replacement(
        "Register the type with 'TypeDescriptor.RegisterType<T>()' and use 'GetConverterFromRegisteredType'"
    ),
    "System.ComponentModel.TypeDescriptor.GetProperties": Replacement(
        "Register the type with 'TypeDescriptor.RegisterType<T>()' and use 'GetPropertiesFromRegisteredType'"
    ),
}


def replacement(context: ModuleContext, method: MethodDefinition, kind: Requires) -> Replacement | None:
    """What to use instead of `method`, which has a Requires attribute of that kind; None when nothing is known."""
    owner = method.owner.full_name
    known = _KNOWN.get(f"{owner}.{method.name}") or _KNOWN.get(owner)
    if known is not None:
        return Replacement(known.title.replace("{0}", f"{method.owner.name}.{method.name}"), known.code)
    requirements = context.lookups.requirements
    if method.module is context.module or method.name in (".ctor", ".cctor"):
        return None
    for other in method.owner.methods_named(method.name):
        if other is not method and is_visible(other) and all(requirements.of_method(other, each) is None for each in Requires):
            return Replacement(f"Use the overload '{context.names.method(other)}', which needs no reflection")
    return None
