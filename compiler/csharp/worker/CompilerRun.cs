// A project -> what csc does with it: stage by stage, until one has errors, with its analyzers and suppressors at the end.
// The stages are those of csc: switches, references and analyzers; parsing; declarations; bodies and analyzers.
using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using System.Threading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Emit;

namespace Aotd.Worker;

internal sealed class CompilerRun(Project project, Func<CSharpCompilation, EmitResult> emit, IReadOnlyCollection<Finding> unreadable, CancellationToken cancellation)
{
    private const string AnalyzerException = "AD0001";

    private readonly CSharpCompilation compilation = project.Generated;
    private AnalyzerResult? analyzed;

    // Writes the findings, and calls `writeImages` when there is no error among them. `findings` are those of the first stage; what
    // the last emission could not read joins them.
    public void Write(Answer answer, List<Finding> findings, Action writeImages)
    {
        var unloadable = new List<Diagnostic>();
        var analyzers = new Analyzers(project, unloadable);
        findings.AddRange(project.Filtered(unloadable).Where(finding => !findings.Contains(finding)));
        ImmutableArray<Diagnostic> diagnostics = [];
        bool hasImages = false;
        if (!HasErrors(findings))
        {
            findings.AddRange(project.Reported);
            diagnostics = Compile(analyzers, HasErrors(findings), out hasImages);
        }
        Diagnostic[] seen = diagnostics.Where(diagnostic => diagnostic.Severity != DiagnosticSeverity.Hidden).ToArray();
        findings.AddRange(seen.Where(diagnostic => !diagnostic.IsSuppressed).Select(Finding.From));
        if (hasImages)
            findings.AddRange(unreadable);
        // The rows are unlike each other; csc, too, prints what two analyzers say alike once.
        findings = findings.Distinct().ToList();
        if (!hasImages && !project.HasGenerators)
            findings.AddRange(MissingGenerators.Explain(compilation, seen));
        Finding.Write(answer.Json, findings);
        if (project.Arguments.ErrorLogPath is not null)
            ErrorLog.Write(answer.Json, compilation, seen, analyzed?.Rules ?? []);
        answer.Json.WriteStartArray("times");
        foreach (string line in analyzed?.Times ?? [])
            answer.Json.WriteStringValue(line);
        answer.Json.WriteEndArray();
        if (hasImages && !HasErrors(findings))
            writeImages();
    }

    // The diagnostics of the stages up to the first with errors; `hasImages` says that the last emission succeeded.
    private ImmutableArray<Diagnostic> Compile(Analyzers analyzers, bool generatorsFailed, out bool hasImages)
    {
        hasImages = false;
        ImmutableArray<Diagnostic> parsed = compilation.GetParseDiagnostics(cancellation);
        if (parsed.Any(IsLasting))
            return parsed;
        EmitResult result = emit(compilation);
        if (!result.Success && (generatorsFailed || compilation.GetDeclarationDiagnostics(cancellation).Any(IsLasting)))
            return [.. parsed.Concat(compilation.GetDeclarationDiagnostics(cancellation)).OrderBy(Finding.Order)];
        hasImages = result.Success;
        ImmutableArray<Diagnostic> compiler = [.. result.Diagnostics.OrderBy(Finding.Order)];
        analyzed = analyzers.Run(compiler, cancellation);
        if (analyzed is null)
            return compiler;
        // Warnings that count as errors may be gone by now.
        if (!hasImages && !analyzed.Compiler.Any(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error && !diagnostic.IsSuppressed))
            hasImages = emit(compilation.WithOptions(Repair.Lenient(compilation.Options))).Success;
        IEnumerable<Diagnostic> found = analyzed.Analyzers.Where(diagnostic => IsLogged(diagnostic.Severity));
        return [.. analyzed.Compiler.Concat(found.OrderBy(diagnostic => diagnostic.Id == AnalyzerException).ThenBy(Finding.Order))];
    }

    private bool IsLogged(DiagnosticSeverity severity) =>
        severity >= (project.Arguments.ErrorLogPath is null ? DiagnosticSeverity.Warning : DiagnosticSeverity.Info);

    // Errors that nothing can silence end a stage.
    private static bool IsLasting(Diagnostic diagnostic) =>
        diagnostic.Severity == DiagnosticSeverity.Error
        && (diagnostic.DefaultSeverity == DiagnosticSeverity.Error || diagnostic.Descriptor.CustomTags.Contains(WellKnownDiagnosticTags.NotConfigurable));

    private static bool HasErrors(IEnumerable<Finding> findings) => findings.Any(finding => finding.Severity == DiagnosticSeverity.Error);
}
