// The symbols that the bodies of one file name -> rows of plain data; a body refers to a row by its number.
// A type is ["n", assembly, namespace, names from the outside in, type arguments of all levels], ["a", item, rank (0 for T[])], ["p", item],
// ["t", number of a type's parameter], ["m", number of a method's parameter, those of the methods around it first] or ["?"].
// A method is [name, type, type arguments, parameter types, parameter is by reference (0 or 1) each, flags, the method
// that it overrides in the end or -1] or, for what has no definition
// of that name, ["", display name, type, result type, parameters, type parameters, attributes]; see `Local`.
// A field is [name, type] and, where its display name depends on its use, that name.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using Microsoft.CodeAnalysis;

namespace Aotd.Worker;

internal sealed class Symbols
{
    private const int DoesNotReturn = 1;
    private static readonly SymbolDisplayFormat typeFormat = new(
        SymbolDisplayGlobalNamespaceStyle.Omitted, SymbolDisplayTypeQualificationStyle.NameAndContainingTypesAndNamespaces, SymbolDisplayGenericsOptions.IncludeTypeParameters);
    private static readonly SymbolDisplayFormat memberFormat = new(
        SymbolDisplayGlobalNamespaceStyle.Omitted, SymbolDisplayTypeQualificationStyle.NameOnly, SymbolDisplayGenericsOptions.IncludeTypeParameters,
        SymbolDisplayMemberOptions.IncludeParameters | SymbolDisplayMemberOptions.IncludeExplicitInterface,
        parameterOptions: SymbolDisplayParameterOptions.IncludeType | SymbolDisplayParameterOptions.IncludeParamsRefOut,
        miscellaneousOptions: SymbolDisplayMiscellaneousOptions.EscapeKeywordIdentifiers);
    private readonly Dictionary<ISymbol, int> types = new(SymbolEqualityComparer.Default);
    private readonly Dictionary<ISymbol, int> methods = new(SymbolEqualityComparer.Default);
    private readonly Dictionary<ISymbol, int> fields = new(SymbolEqualityComparer.IncludeNullability);
    private readonly List<object[]> typeRows = [];
    private readonly List<object[]> methodRows = [];
    private readonly List<object[]> fieldRows = [];

    public void Write(Utf8JsonWriter json)
    {
        Rows(json, "types", typeRows);
        Rows(json, "methods", methodRows);
        Rows(json, "fields", fieldRows);
    }

    private static void Rows(Utf8JsonWriter json, string name, List<object[]> rows)
    {
        json.WriteStartArray(name);
        foreach (object[] row in rows)
            Value(json, row);
        json.WriteEndArray();
    }

    public static void Value(Utf8JsonWriter json, object value)
    {
        switch (value)
        {
            case int number: json.WriteNumberValue(number); break;
            case string text: json.WriteStringValue(text); break;
            case bool flag: json.WriteBooleanValue(flag); break;
            case IEnumerable<object> items:
                json.WriteStartArray();
                foreach (object item in items)
                    Value(json, item);
                json.WriteEndArray();
                break;
            default: throw new ArgumentException("no row holds a " + value.GetType());
        }
    }

    public int Type(ITypeSymbol? type)
    {
        ISymbol key = type is null ? none : type;
        if (types.TryGetValue(key, out int known))
            return known;
        int index = types[key] = typeRows.Count;
        typeRows.Add(unknown);
        typeRows[index] = TypeRow(type);
        return index;
    }

    private static readonly object[] unknown = ["?"];
    private static readonly ISymbol none = new None().Symbol;

    private sealed class None
    {
        // A symbol that is no type: the row of "no type".
        public ISymbol Symbol { get; } = Microsoft.CodeAnalysis.CSharp.CSharpCompilation.Create("none").Assembly;
    }

    private object[] TypeRow(ITypeSymbol? type)
    {
        switch (type)
        {
            case IArrayTypeSymbol array: return ["a", Type(array.ElementType), array.IsSZArray ? 0 : array.Rank];
            case IPointerTypeSymbol pointer: return ["p", Type(pointer.PointedAtType)];
            case ITypeParameterSymbol { TypeParameterKind: TypeParameterKind.Method } parameter:
                return ["m", Above(parameter.DeclaringMethod!) + parameter.Ordinal];
            case ITypeParameterSymbol { DeclaringType: { } owner } parameter: return ["t", Above(owner) + parameter.Ordinal];
            case IDynamicTypeSymbol: return ["n", "System.Runtime", "System", new object[] { "Object" }, Array.Empty<object>()];
            case INamedTypeSymbol { TypeKind: not TypeKind.Error, IsAnonymousType: false, ContainingAssembly: { } assembly } named:
                INamedTypeSymbol real = named.TupleUnderlyingType ?? named;
                var names = new List<object>();
                var arguments = new List<object>();
                for (INamedTypeSymbol? each = real; each is not null; each = each.ContainingType)
                {
                    names.Insert(0, each.MetadataName);
                    if (!real.IsUnboundGenericType)
                        arguments.InsertRange(0, each.TypeArguments.Select(argument => (object)Type(argument)));
                }
                return ["n", real.ContainingAssembly.Name, Namespace(real), names, arguments];
            default: return unknown;
        }
    }

    private static string Namespace(INamedTypeSymbol type) =>
        type.ContainingNamespace is { IsGlobalNamespace: false } space ? space.ToDisplayString() : "";

    // The number of type parameters that stand before a type's own ones.
    private static int Above(INamedTypeSymbol type)
    {
        int count = 0;
        for (INamedTypeSymbol? each = type.ContainingType; each is not null; each = each.ContainingType)
            count += each.Arity;
        return count;
    }

    private static int Above(IMethodSymbol method)
    {
        int count = 0;
        for (ISymbol? each = method.OriginalDefinition.ContainingSymbol; each is IMethodSymbol outer; each = outer.ContainingSymbol)
            count += outer.Arity;
        return count;
    }

    public int Field(IFieldSymbol field)
    {
        if (fields.TryGetValue(field, out int known))
            return known;
        int index = fields[field] = fieldRows.Count;
        fieldRows.Add(unknown);
        IFieldSymbol real = field.CorrespondingTupleField is { } element ? element.TupleUnderlyingField() : field;
        fieldRows[index] = field.ContainingType.IsTupleType
            ? [real.MetadataName, Type(real.ContainingType), field.ContainingType.ToDisplayString(typeFormat) + "." + field.MetadataName]
            : [real.MetadataName, Type(real.ContainingType)];
        return index;
    }

    public int Method(IMethodSymbol method)
    {
        method = method.ReducedFrom ?? method;
        if (methods.TryGetValue(method, out int known))
            return known;
        int index = methods[method] = methodRows.Count;
        methodRows.Add(unknown);
        bool isLocal = method.MethodKind is MethodKind.AnonymousFunction or MethodKind.LocalFunction;
        methodRows[index] = isLocal || method.ContainingType is not { IsAnonymousType: false } ? Local(method) : MethodRow(method);
        return index;
    }

    private object[] MethodRow(IMethodSymbol method)
    {
        IMethodSymbol definition = method.OriginalDefinition;
        return
        [
            definition.MetadataName,
            Type(method.ContainingType),
            method.TypeArguments.Select(argument => (object)Type(argument)).ToArray(),
            definition.Parameters.Select(parameter => (object)Type(parameter.Type)).ToArray(),
            definition.Parameters.Select(parameter => (object)(parameter.RefKind is RefKind.None ? 0 : 1)).ToArray(),
            Has(definition, "DoesNotReturnAttribute") ? DoesNotReturn : 0,
            Overridden(method) is { } root ? Method(root) : -1,
        ];
    }

    // The first of the methods that override each other, as long as they return the same type.
    private static IMethodSymbol? Overridden(IMethodSymbol method)
    {
        IMethodSymbol root = method;
        while (root.OverriddenMethod is { } next && SymbolEqualityComparer.Default.Equals(root.ReturnType, next.ReturnType))
            root = next;
        return ReferenceEquals(root, method) ? null : root;
    }

    private static bool Has(ISymbol symbol, string attribute) => symbol.GetAttributes().Any(each => each.AttributeClass?.Name == attribute);

    // ["", display name, type around it, result, [[name, type, is by reference, annotation]...], [[name, annotation, has new()]...],
    // annotation of the result, [[attribute, message, url]...], suppressed rules, static (0 or 1), number of the function around it or -1, type arguments]
    private object[] Local(IMethodSymbol method)
    {
        IMethodSymbol definition = method.OriginalDefinition;
        var requires = new List<object>();
        var suppressed = new List<object>();
        foreach (AttributeData attribute in definition.GetAttributes())
        {
            string name = attribute.AttributeClass?.Name ?? "";
            if (name is "RequiresUnreferencedCodeAttribute" or "RequiresDynamicCodeAttribute" or "RequiresAssemblyFilesAttribute")
                requires.Add(new object[] { name, Text(attribute, 0), attribute.NamedArguments.FirstOrDefault(each => each.Key == "Url").Value.Value as string ?? "" });
            if (name is "UnconditionalSuppressMessageAttribute" or "SuppressMessageAttribute" && Text(attribute, 1) is { Length: > 0 } rule)
                suppressed.Add(rule.Split(':')[0]);
        }
        bool isLambda = method.MethodKind is MethodKind.AnonymousFunction;
        ISymbol? outer = definition.ContainingSymbol;
        return
        [
            "",
            isLambda ? "lambda expression" : Display(definition),
            Type(method.ContainingType),
            Type(method.ReturnsVoid ? null : method.ReturnType),
            definition.Parameters.Select(each => (object)new object[] { each.Name, Type(each.Type), each.RefKind is RefKind.None ? 0 : 1, Annotation(each.GetAttributes()) }).ToArray(),
            definition.TypeParameters.Select(each => (object)new object[] { each.Name, Annotation(each.GetAttributes()), each.HasConstructorConstraint || each.HasValueTypeConstraint ? 1 : 0 }).ToArray(),
            Annotation(definition.GetReturnTypeAttributes()),
            requires,
            isLambda ? Array.Empty<object>() : suppressed,
            method.IsStatic ? 1 : 0,
            outer is IMethodSymbol { MethodKind: MethodKind.AnonymousFunction or MethodKind.LocalFunction } function ? Method(function) : -1,
            method.TypeArguments.Select(argument => (object)Type(argument)).ToArray(),
        ];
    }

    private static string Display(IMethodSymbol method) => method.ContainingSymbol is INamedTypeSymbol owner
        ? owner.ToDisplayString(typeFormat) + "." + Member(method)
        : Member(method);

    private static string Member(IMethodSymbol method) => method.AssociatedSymbol is IPropertySymbol property
        ? property.Name + (method.MethodKind is MethodKind.PropertyGet ? ".get" : ".set")
        : method.ToDisplayString(memberFormat);

    private static string Text(AttributeData attribute, int index) =>
        attribute.ConstructorArguments.Length > index ? attribute.ConstructorArguments[index].Value as string ?? "" : "";

    private static int Annotation(IEnumerable<AttributeData> attributes)
    {
        AttributeData? found = attributes.FirstOrDefault(each => each.AttributeClass?.Name == "DynamicallyAccessedMembersAttribute");
        return found is { ConstructorArguments.Length: > 0 } && found.ConstructorArguments[0].Value is int value ? value : 0;
    }
}

internal static class TupleFields
{
    // The field of the underlying ValueTuple: `Item2` for a named element.
    public static IFieldSymbol TupleUnderlyingField(this IFieldSymbol element) =>
        element.ContainingType.TupleUnderlyingType?.GetMembers(element.Name).OfType<IFieldSymbol>().FirstOrDefault() ?? element;
}
