"""The rule table: id -> category and message template, as .NET's own tools word them.

`{0}`, `{1}` ... are filled with display names and texts. Wording is a contract with users' suppressions and search results, so
mistakes in .NET's texts are kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Category(Enum):
    """What a rule is about; decides which Requires attribute silences it and which option turns it off."""

    TRIMMING = "Trimming"
    SINGLE_FILE = "SingleFile"
    AOT = "AOT"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its id, category and message template."""

    id: str
    category: Category
    template: str

    @property
    def help_link(self) -> str:
        """The page that explains the rule."""
        return _HELP_LINK.format(_PAGES[self.category], self.id.lower())

    def message(self, *args: str) -> str:
        """The message with `args` filled in."""
        return self.template.format(*args)


_HELP_LINK = "https://learn.microsoft.com/dotnet/core/deploying/{0}/{1}"
_PAGES = {
    Category.TRIMMING: "trimming/trim-warnings",
    Category.SINGLE_FILE: "single-file/warnings",
    Category.AOT: "native-aot/warnings",
}
_NOT_MATCHING = (
    "does not have matching annotations. The source value must declare at least the same requirements as those declared on the "
    "target location it is assigned to."
)
_TARGETS = (
    "'{0}' argument does not satisfy {4} in call to '{1}'. ",
    "'{0}' method return value does not satisfy {4} requirements. ",
    "value stored in field '{0}' does not satisfy {4} requirements. ",
    "'this' argument does not satisfy {4} in call to '{1}'. ",
    "'{0}' generic argument does not satisfy {4} in '{1}'. ",
)
_SOURCES = (
    "The parameter '{2}' of method '{3}' ",
    "The return value of method '{2}' ",
    "The field '{2}' ",
    "The implicit 'this' argument of method '{2}' ",
    "The generic parameter '{2}' of '{3}' ",
)
_REQUIRES = "Using member '{0}' which has '%s' can break functionality when %s.{1}{2}"
_MISMATCH = "{2}. '{0}' annotations must match across all interface implementations or overrides."
_OVERRIDE = (
    "'DynamicallyAccessedMemberTypes' in 'DynamicallyAccessedMembersAttribute' on the %s don't match overridden %s. "
    "All overridden members must have the same 'DynamicallyAccessedMembersAttribute' usage."
)
_NOT_ANALYZABLE = " can not be statically determined and may not meet 'DynamicallyAccessedMembersAttribute' requirements."
_UNRECOGNIZED = (
    "Unrecognized value passed to the parameter '{0}' of method '{1}'. It's not possible to guarantee the availability of the target "
)
_WRONG_TYPE = (
    " has 'DynamicallyAccessedMembersAttribute', but that attribute can only be applied to %s of type 'System.Type' or 'System.String'."
)
_VIA_REFLECTION = "is accessed via reflection. Trimmer can't guarantee availability of the requirements of the "
_REFERENCE = "Referenced assembly '{0}' is not built with `{1}` and may not be compatible with %s."
_ENTRY_POINT = " cannot be placed directly on application entry point '{0}'."
_DAM_ON_TYPE = "'DynamicallyAccessedMembersAttribute' on '{0}' or one of its base types references '{1}' which "

_TRIM: dict[str, str] = {
    "IL1001": "Failed to process '{0}'. Feature '{1}' does not specify a \"featurevalue\" attribute.",
    "IL1002": "Failed to process '{0}'. Unsupported non-boolean feature definition '{1}'.",
    "IL1003": "Error processing '{0}': {1}.",
    "IL1013": "Error processing '{0}': {1}.",
    "IL1014": "Failed to process '{0}'. Unsupported value for featuredefault attribute.",
    "IL1033": "XML descriptor file '{0}' could not be found.",
    "IL2001": "Type '{0}' has no fields to preserve.",
    "IL2002": "Type '{0}' has no methods to preserve.",
    "IL2007": "Could not resolve assembly '{0}'.",
    "IL2008": "Could not resolve type '{0}'.",
    "IL2009": "Could not find method '{0}' on type '{1}'.",
    "IL2010": "Invalid value for '{0}' stub.",
    "IL2011": "Unknown body modification '{0}' for '{1}'.",
    "IL2012": "Could not find field '{0}' on type '{1}'.",
    "IL2013": "Substituted field '{0}' needs to be static field.",
    "IL2014": "Missing 'value' attribute for field '{0}'.",
    "IL2015": "Invalid value '{0}' for '{1}'.",
    "IL2016": "Could not find event '{0}' on type '{1}'.",
    "IL2017": "Could not find property '{0}' on type '{1}'.",
    "IL2018": "Could not find the get accessor of property '{0}' on type '{1}'.",
    "IL2019": "Could not find the set accessor of property '{0}' on type '{1}'.",
    "IL2038": "Missing 'name' attribute for resource.",
    "IL2039": "Invalid value '{0}' for attribute 'action' for resource '{1}'.",
    "IL2040": "Could not find embedded resource '{0}' to remove in assembly '{1}'.",
    "IL2048": "Internal attribute '{0}' can only be used on attribute types.",
    "IL2049": "The internal attribute name '{0}' being used in the xml is not supported by ILLink, check the spelling and the supported "
    "internal attributes.",
    "IL2044": "Could not find any type in namespace '{0}'.",
    "IL2100": "XML contains unsupported wildcard for assembly 'fullname' attribute.",
    "IL2101": "Embedded XML in assembly '{0}' contains assembly \"fullname\" attribute for another assembly '{1}'",
    "IL2026": _REQUIRES % ("RequiresUnreferencedCodeAttribute", "trimming application code"),
    "IL2032": _UNRECOGNIZED + "type.",
    "IL2035": "Unresolved assembly '{0}' in 'DynamicDependencyAttribute'.",
    "IL2036": "Unresolved type '{0}' in 'DynamicDependencyAttribute'.",
    "IL2037": "No members were resolved for '{0}' on type '{1}'.",
    "IL2041": "The 'DynamicallyAccessedMembersAttribute' is not allowed on methods. It is allowed on method return value or method "
    "parameters though.",
    "IL2042": "Could not find a unique backing field for property '{0}' to propagate 'DynamicallyAccessedMembersAttribute'.",
    "IL2043": "'DynamicallyAccessedMembersAttribute' on property '{0}' conflicts with the same attribute on its accessor '{1}'.",
    "IL2046": _MISMATCH,
    "IL2050": "P/invoke method '{0}' declares a parameter with COM marshalling. Correctness of COM interop cannot be guaranteed after "
    "trimming. "
    "Interfaces and interface members might be removed.",
    "IL2055": "Call to '{0}' can not be statically analyzed. It's not possible to guarantee the availability of requirements of the "
    "generic type.",
    "IL2056": "'DynamicallyAccessedMemberAttribute' on property '{0}' conflicts with the same attribute on its backing field '{1}'.",
    "IL2057": _UNRECOGNIZED + "type.",
    "IL2058": "Parameters passed to method '{0}' cannot be analyzed. Consider using methods 'System.Type.GetType' and "
    "`System.Activator.CreateInstance` instead.",
    "IL2059": _UNRECOGNIZED + "static constructor.",
    "IL2060": "Call to '{0}' can not be statically analyzed. It's not possible to guarantee the availability of requirements of the "
    "generic method.",
    "IL2062": "Value passed to parameter '{0}' of method '{1}'" + _NOT_ANALYZABLE,
    "IL2063": "Value returned from method '{0}'" + _NOT_ANALYZABLE,
    "IL2064": "Value assigned to {0}" + _NOT_ANALYZABLE,
    "IL2065": "Value passed to implicit 'this' parameter of method '{0}'" + _NOT_ANALYZABLE,
    "IL2066": "Type passed to generic parameter '{0}' of '{1}'" + _NOT_ANALYZABLE,
    "IL2096": "Call to '{0}' can perform case insensitive lookup of the type, currently trimming can not guarantee presence of all the "
    "matching types.",
    "IL2092": _OVERRIDE % ("parameter '{0}' of method '{1}'", "parameter '{2}' of method '{3}'"),
    "IL2093": _OVERRIDE % ("return value of method '{0}'", "return value of method '{1}'"),
    "IL2094": _OVERRIDE % ("implicit 'this' parameter of method '{0}'", "implicit 'this' parameter of method '{1}'"),
    "IL2095": _OVERRIDE % ("generic parameter '{0}' of '{1}'", "generic parameter '{2}' of '{3}'"),
    "IL2097": "Field '{0}'" + _WRONG_TYPE % "fields",
    "IL2098": "Parameter '{0}' of method '{1}'" + _WRONG_TYPE % "parameters",
    "IL2099": "Property '{0}'" + _WRONG_TYPE % "properties",
    "IL2103": "Value passed to the '{0}' parameter of method '{1}' cannot be statically determined as a property accessor.",
    "IL2104": "Assembly '{0}' produced trim warnings. For more information see https://aka.ms/il2104",
    "IL2105": "Type '{0}' was not found in the caller assembly nor in the base library. Type name strings used for dynamically "
    "accessing a type "
    "should be assembly qualified.",
    "IL2106": "Return type of method '{0}'" + _WRONG_TYPE % "properties",
    "IL2108": "Invalid scope '{0}' used in 'UnconditionalSuppressMessageAttribute' on module '{1}' with target '{2}'.",
    "IL2109": "Type '{0}' derives from '{1}' which has 'RequiresUnreferencedCodeAttribute'. {2}{3}",
    "IL2110": "Field '{0}' with 'DynamicallyAccessedMembersAttribute' " + _VIA_REFLECTION + "field.",
    "IL2111": "Method '{0}' with parameters or return value with `DynamicallyAccessedMembersAttribute` " + _VIA_REFLECTION + "method.",
    "IL2112": _DAM_ON_TYPE + "requires unreferenced code.{2}{3}",
    "IL2113": _DAM_ON_TYPE + "requires unreferenced code.{2}{3}",
    "IL2114": _DAM_ON_TYPE + "has 'DynamicallyAccessedMembersAttribute' requirements.",
    "IL2115": _DAM_ON_TYPE + "has 'DynamicallyAccessedMembersAttribute' requirements.",
    "IL2116": "'RequiresUnreferencedCodeAttribute' cannot be placed directly on static constructor '{0}', consider placing "
    "'RequiresUnreferencedCodeAttribute' on the type declaration instead.",
    "IL2125": _REFERENCE % "trimming",
    "IL2123": "'RequiresUnreferencedCodeAttribute'" + _ENTRY_POINT,
    "IL2121": "Unused 'UnconditionalSuppressMessageAttribute' for warning '{0}'. Consider removing the unused warning suppression.",
    "IL2122": "Type '{0}' is not assembly qualified. Type name strings used for dynamically accessing a type should be assembly qualified.",
}
_SINGLE_FILE: dict[str, str] = {
    "IL3005": "'RequiresAssemblyFilesAttribute'" + _ENTRY_POINT,
    "IL3000": "'{0}' always returns an empty string for assemblies embedded in a single-file app. If the path to the app directory is "
    "needed, "
    "consider calling 'System.AppContext.BaseDirectory'.",
    "IL3001": "'{0}' will throw for assemblies embedded in a single-file app",
    "IL3002": _REQUIRES % ("RequiresAssemblyFilesAttribute", "embedded in a single-file app"),
    "IL3003": _MISMATCH,
    "IL3004": "'RequiresAssemblyFilesAttribute' cannot be placed directly on static constructor '{0}'.",
}
_AOT: dict[str, str] = {
    "IL3050": _REQUIRES % ("RequiresDynamicCodeAttribute", "AOT compiling"),
    "IL3051": _MISMATCH,
    "IL3053": "Assembly '{0}' produced AOT analysis warnings.",
    "IL3054": "Generic expansion to '{0}' was aborted due to generic recursion. An exception will be thrown at runtime if this codepath "
    "is ever "
    "reached. Generic recursion also negatively affects compilation speed and the size of the compilation output. It is advisable to "
    "remove the "
    "source of the generic recursion by restructuring the program around the source of recursion. The source of generic recursion might "
    "include: {1}",
    "IL3055": "P/invoke method '{0}' declares a parameter with an abstract delegate. Correctness of interop for abstract delegates "
    "cannot be "
    "guaranteed after native compilation: the marshalling code for the delegate might not be available. Use a non-abstract delegate "
    "type or ensure "
    "any delegate instance passed as parameter is marked with `UnmanagedFunctionPointerAttribute`.",
    "IL3058": _REFERENCE % "AOT",
    "IL3057": "'RequiresDynamicCodeAttribute'" + _ENTRY_POINT,
    "IL3056": "'RequiresDynamicCodeAttribute' cannot be placed directly on static constructor '{0}'.",
    "IL4000": "Return value does not match FeatureGuardAttribute '{0}'.",
    "IL4001": "Invalid FeatureGuardAttribute. The attribute must be placed on a static boolean property with only a 'get' accessor.",
}


def _matrix() -> dict[str, str]:
    """IL2067-IL2091: for each kind of source one id per kind of target, targets in the order of `_TARGETS`."""
    return {
        f"IL{2067 + 5 * s + t}": target + source + _NOT_MATCHING for s, source in enumerate(_SOURCES) for t, target in enumerate(_TARGETS)
    }


def _table() -> dict[str, Rule]:
    rules: dict[str, Rule] = {}
    for category, texts in (
        (Category.TRIMMING, {**_matrix(), **_TRIM}),
        (Category.SINGLE_FILE, _SINGLE_FILE),
        (Category.AOT, _AOT),
    ):
        rules.update({id_: Rule(id_, category, text) for id_, text in texts.items()})
    return dict(sorted(rules.items()))


RULES: dict[str, Rule] = _table()

# Errors that end a publish, whatever the project says about warnings.
FATAL = frozenset(("IL1003", "IL1013", "IL1033"))
# What .NET's native compiler passes over in silence: nothing of it reports these.
UNREPORTED = frozenset(("IL1001", "IL1002", "IL1014", "IL2038", "IL2039", "IL2040", "IL2048"))
# What a publish writes without a category: findings about XML, dependencies by name, and scopes of suppressions.
UNCATEGORIZED = frozenset(
    f"IL{number}" for number in (*range(1001, 1048), *range(2001, 2020), *range(2035, 2041), 2044, *range(2047, 2050), 2100, 2101, 2108)
)


def sentence(message: str) -> str:
    """A Requires attribute's message as it stands inside a diagnostic: a blank before it, a full stop at its end."""
    if not message:
        return ""
    return f" {message}" if message.endswith(".") else f" {message}."


def link(url: str) -> str:
    """A Requires attribute's Url as it stands inside a diagnostic."""
    return f" {url}" if url else ""
