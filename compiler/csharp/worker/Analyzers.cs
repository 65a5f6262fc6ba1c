// /analyzer switches and a compilation -> what diagnostic analyzers report, and which diagnostics suppressors silence.
// Instances are made for each run, as csc makes them: an analyzer that keeps something in a field begins anew. Those whose
// diagnostics nobody would see are not run.
using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.IO;
using System.Linq;
using System.Threading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Aotd.Worker;

// What a run found. `Compiler` has the given diagnostics of the compiler, with what suppressors said of them.
internal sealed record AnalyzerResult(
    ImmutableArray<Diagnostic> Compiler, ImmutableArray<Diagnostic> Analyzers, IReadOnlyList<DiagnosticDescriptor> Rules, IReadOnlyList<string> Times);

internal sealed class Analyzers
{
    private readonly ImmutableArray<DiagnosticAnalyzer> analyzers;
    private readonly AnalyzerOptions options;
    private readonly CSharpCompilation compilation;
    private readonly CSharpCommandLineArguments arguments;
    private readonly AnalyzerConfigSet? configs;

    // Loads the analyzers for `project` as it is now. `unloadable` gets what could not be loaded.
    public Analyzers(Project project, List<Diagnostic> unloadable)
    {
        compilation = project.Generated;
        arguments = project.Arguments;
        configs = project.AnalyzerConfigs;
        options = new AnalyzerOptions(project.Generators.Texts, project.Generators.Options);
        var found = ImmutableArray.CreateBuilder<DiagnosticAnalyzer>();
        foreach (string path in arguments.AnalyzerReferences.Select(item => item.FilePath).Where(File.Exists))
        {
            var reference = new AnalyzerFileReference(path, project.Generators.Loader);
            reference.AnalyzerLoadFailed += (_, failure) => Generators.AddFailure(unloadable, path, failure);
            found.AddRange(reference.GetAnalyzers(LanguageNames.CSharp).Where(analyzer => !arguments.SkipAnalyzers || analyzer is DiagnosticSuppressor));
        }
        analyzers = found.ToImmutable();
    }

    // The results; null when there is nothing to run. `compiler` are the diagnostics of the compiler itself.
    public AnalyzerResult? Run(ImmutableArray<Diagnostic> compiler, CancellationToken cancellation)
    {
        ImmutableArray<DiagnosticAnalyzer> wanted = [.. analyzers.Where(IsSeen)];
        if (wanted.IsEmpty)
            return null;
        // Without a callback for exceptions they become AD0001.
        var how = new CompilationWithAnalyzersOptions(
            options, null, compilation.Options.ConcurrentBuild, logAnalyzerExecutionTime: arguments.ReportAnalyzer, reportSuppressedDiagnostics: true);
        CompilationWithAnalyzers run = compilation.WithAnalyzers(wanted, how);
        ImmutableArray<Diagnostic> found = wanted.Any(analyzer => analyzer is DiagnosticSuppressor)
            ? run.GetAllDiagnosticsAsync(cancellation).GetAwaiter().GetResult()
            : run.GetAnalyzerDiagnosticsAsync(cancellation).GetAwaiter().GetResult();
        ILookup<bool, Diagnostic> byCompiler = found.ToLookup(diagnostic => diagnostic.Descriptor.CustomTags.Contains(WellKnownDiagnosticTags.Compiler));
        return new AnalyzerResult(Suppressed(compiler, byCompiler[true]), [.. byCompiler[false]], Rules(wanted), Times(run, wanted, cancellation));
    }

    // `compiler` with those replaced that suppressors silenced: a run binds anew, and what it reports are other objects.
    private static ImmutableArray<Diagnostic> Suppressed(ImmutableArray<Diagnostic> compiler, IEnumerable<Diagnostic> found)
    {
        ILookup<(string, Location, string), Diagnostic> suppressed = found.Where(diagnostic => diagnostic.IsSuppressed).ToLookup(Key);
        return [.. compiler.Select(diagnostic => suppressed[Key(diagnostic)].FirstOrDefault() ?? diagnostic)];
    }

    private static (string Id, Location Place, string Message) Key(Diagnostic diagnostic) =>
        (diagnostic.Id, diagnostic.Location, diagnostic.GetMessage());

    // Whether a diagnostic of this analyzer can be seen. What configuration files say of any source counts.
    private bool IsSeen(DiagnosticAnalyzer analyzer)
    {
        if (analyzer is DiagnosticSuppressor)
            return true;
        // An exception is reported when the analyzer runs.
        if (Supported(analyzer) is not { } descriptors)
            return true;
        return descriptors.Any(descriptor => descriptor.CustomTags.Contains(WellKnownDiagnosticTags.NotConfigurable)
            ? IsSeen(descriptor.DefaultSeverity) && descriptor.IsEnabledByDefault
            : Severities(descriptor).Any(IsSeen));
    }

    private static ImmutableArray<DiagnosticDescriptor>? Supported(DiagnosticAnalyzer analyzer)
    {
        try
        {
            return analyzer.SupportedDiagnostics;
        }
        // It is the code of an analyzer that throws, so it may be anything.
        catch (Exception)
        {
            return null;
        }
    }

    private bool IsSeen(ReportDiagnostic severity) => severity switch
    {
        ReportDiagnostic.Error or ReportDiagnostic.Warn => true,
        ReportDiagnostic.Info => arguments.ErrorLogPath is not null,
        _ => false,
    };

    private bool IsSeen(DiagnosticSeverity severity) =>
        severity >= (arguments.ErrorLogPath is null ? DiagnosticSeverity.Warning : DiagnosticSeverity.Info);

    private IEnumerable<ReportDiagnostic> Severities(DiagnosticDescriptor descriptor)
    {
        if (compilation.Options.SpecificDiagnosticOptions.TryGetValue(descriptor.Id, out ReportDiagnostic said) && said != ReportDiagnostic.Default)
        {
            yield return said;
            yield break;
        }
        yield return descriptor.GetEffectiveSeverity(compilation.Options);
        foreach (AnalyzerConfigOptionsResult result in Configured())
        {
            if (result.TreeOptions.TryGetValue(descriptor.Id, out ReportDiagnostic severity))
                yield return severity;
            // dotnet_analyzer_diagnostic.severity and ...category-NAME.severity speak of many rules at once.
            else if (descriptor.IsEnabledByDefault && result.AnalyzerOptions.Keys.Any(key => key.StartsWith("dotnet_analyzer_diagnostic.", StringComparison.OrdinalIgnoreCase)))
                yield return ReportDiagnostic.Warn;
        }
    }

    // What the files say of each source and of all; many sources have the same.
    private IReadOnlyList<AnalyzerConfigOptionsResult> Configured() => configured ??= configs is null ? [] :
        [configs.GlobalConfigOptions, .. compilation.SyntaxTrees.Select(tree => configs.GetOptionsForSourcePath(tree.FilePath)).DistinctBy(result => (result.TreeOptions, result.AnalyzerOptions))];

    private IReadOnlyList<AnalyzerConfigOptionsResult>? configured;

    private IReadOnlyList<DiagnosticDescriptor> Rules(ImmutableArray<DiagnosticAnalyzer> run) =>
        arguments.ErrorLogPath is null ? [] : [.. run.SelectMany(analyzer => Supported(analyzer) ?? []).DistinctBy(rule => rule.Id)];

    // The lines of /reportanalyzer.
    private IReadOnlyList<string> Times(CompilationWithAnalyzers run, ImmutableArray<DiagnosticAnalyzer> ran, CancellationToken cancellation)
    {
        if (!arguments.ReportAnalyzer)
            return [];
        var times = new List<(object Analyzer, TimeSpan Time)>();
        foreach (DiagnosticAnalyzer analyzer in ran)
            times.Add((analyzer, run.GetAnalyzerTelemetryInfoAsync(analyzer, cancellation).GetAwaiter().GetResult().ExecutionTime));
        return AnalyzerTimes.Lines(times, compilation.Options.ConcurrentBuild);
    }
}
