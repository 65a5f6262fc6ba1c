using System;
using System.Collections.Immutable;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

// Names of types: X001 (warning), X002 (a suggestion), X003 (off), X004 (an error).
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public class Names : DiagnosticAnalyzer
{
    private static DiagnosticDescriptor Rule(string id, DiagnosticSeverity severity, bool on = true) =>
        new(id, "Title of " + id, "'{0}' of " + id, "Naming", severity, on, "About " + id, "help:" + id, "tag");

    private static readonly DiagnosticDescriptor Warning = Rule("X001", DiagnosticSeverity.Warning), Info = Rule("X002", DiagnosticSeverity.Info),
        Off = Rule("X003", DiagnosticSeverity.Warning, false), Error = Rule("X004", DiagnosticSeverity.Error);

    private int seen;

    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics => ImmutableArray.Create(Warning, Info, Off, Error);

    public override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.RegisterSymbolAction(action =>
        {
            string name = action.Symbol.Name;
            DiagnosticDescriptor rule = name.StartsWith("Error") ? Error : name.StartsWith("Off") ? Off : name.StartsWith("Info") ? Info : Warning;
            if (name.StartsWith("Throw"))
                throw new InvalidOperationException("oh");
            if (char.IsUpper(name[0]) && name.EndsWith("_"))
                action.ReportDiagnostic(Diagnostic.Create(rule, action.Symbol.Locations[0], ImmutableDictionary<string, string>.Empty.Add("key", "value"), name));
        }, SymbolKind.NamedType);
        context.RegisterCompilationAction(action =>
        {
            seen++;
            if (seen > 1)
                throw new InvalidOperationException("an instance is used twice");
            foreach (AdditionalText file in action.Options.AdditionalFiles)
                action.ReportDiagnostic(Diagnostic.Create(Warning, Location.Create(file.Path, new(0, 1), new(new(0, 0), new(0, 1))), file.GetText()!.ToString().Trim()));
            if (action.Options.AnalyzerConfigOptionsProvider.GlobalOptions.TryGetValue("build_property.Loud", out string value))
                action.ReportDiagnostic(Diagnostic.Create(Warning, Location.None, value));
        });
    }
}

[DiagnosticAnalyzer(LanguageNames.CSharp)]
public class Silencer : DiagnosticSuppressor
{
    private static readonly SuppressionDescriptor Rule = new("SP01", "CS0168", "locals named quiet"), Own = new("SP02", "X001", "names with Quiet");

    public override ImmutableArray<SuppressionDescriptor> SupportedSuppressions => ImmutableArray.Create(Rule, Own);

    public override void ReportSuppressions(SuppressionAnalysisContext context)
    {
        foreach (Diagnostic diagnostic in context.ReportedDiagnostics.Where(item => item.GetMessage().IndexOf("quiet", StringComparison.OrdinalIgnoreCase) >= 0))
            context.ReportSuppression(Suppression.Create(diagnostic.Id == "X001" ? Own : Rule, diagnostic));
    }
}
