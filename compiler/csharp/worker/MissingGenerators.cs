// Errors that a source generator would have prevented -> one line that says so, where no generator ran.
// The generators of the class library come with a .NET SDK; the embedded tool chain has none.
using System.Collections.Generic;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Aotd.Worker;

internal static class MissingGenerators
{
    private const string Code = "AOTD0114";

    // Attributes of partial methods whose other half is generated.
    private static readonly HashSet<string> Attributes = ["LibraryImportAttribute", "GeneratedRegexAttribute", "LoggerMessageAttribute", "JSImportAttribute", "JSExportAttribute"];

    public static IEnumerable<Finding> Explain(CSharpCompilation compilation, IEnumerable<Diagnostic> diagnostics)
    {
        var explained = new HashSet<ISymbol>(SymbolEqualityComparer.Default);
        foreach (Diagnostic diagnostic in diagnostics)
        {
            if (diagnostic.Location.SourceTree is not { } tree || diagnostic.Id is not ("CS8795" or "CS0534" or "CS9248"))
                continue;
            SyntaxNode node = tree.GetRoot().FindNode(diagnostic.Location.SourceSpan);
            ISymbol? symbol = compilation.GetSemanticModel(tree).GetDeclaredSymbol(node.FirstAncestorOrSelf<MemberDeclarationSyntax>() ?? node);
            if (symbol is not null && Generator(symbol) is { } name && explained.Add(symbol))
            {
                string message = $"'{symbol.ToDisplayString()}' is completed by the source generator of {name}, which comes with a .NET SDK; the tool chain in use has no source generators";
                yield return Finding.From(diagnostic) with { Code = Code, Severity = DiagnosticSeverity.Warning, Message = message };
            }
        }
    }

    private static string? Generator(ISymbol symbol) => symbol switch
    {
        INamedTypeSymbol type when Bases(type).Any(item => item.Name == "JsonSerializerContext") => "System.Text.Json",
        _ => symbol.GetAttributes().Select(attribute => attribute.AttributeClass?.Name).FirstOrDefault(name => name is not null && Attributes.Contains(name))?.Replace("Attribute", ""),
    };

    private static IEnumerable<INamedTypeSymbol> Bases(INamedTypeSymbol type)
    {
        for (INamedTypeSymbol? item = type.BaseType; item is not null; item = item.BaseType)
            yield return item;
    }
}
