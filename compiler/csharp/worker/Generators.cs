// /analyzer and /additionalfile switches -> source generators, run over a project's compilation.
// The driver is kept between runs: generators redo only what an edit touches.
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

internal sealed class Generators
{
    private readonly List<Finding> absent = [];
    private readonly List<Diagnostic> unloadable = [];
    private readonly string stamp;
    private readonly bool isEmpty;
    private ImmutableArray<Diagnostic> reported = [];
    private GeneratorDriver driver;

    private Generators(AnalyzerLoader loader, CSharpCommandLineArguments arguments, AnalyzerConfigSet? configs, string stamp)
    {
        this.stamp = stamp;
        Loader = loader;
        ImmutableArray<ISourceGenerator> generators = Load(arguments);
        isEmpty = generators.IsEmpty;
        Texts = [.. arguments.AdditionalFiles.Select(file => new FileText(file.Path, arguments.Encoding))];
        Options = new ConfiguredOptions(configs);
        driver = CSharpGeneratorDriver.Create(generators, Texts, arguments.ParseOptions, Options);
    }

    public AnalyzerLoader Loader { get; }

    public ImmutableArray<AdditionalText> Texts { get; }

    public ConfiguredOptions Options { get; }

    // What is wrong with the switches: assemblies that are not there.
    public IReadOnlyList<Finding> Absent => absent;

    public IReadOnlyList<Diagnostic> Unloadable => unloadable;

    // What the generators reported in the last run.
    public IReadOnlyList<Diagnostic> Reported => reported;

    // `last` while its files are as they were, else new ones.
    public static Generators For(Generators? last, AnalyzerLoaders loaders, CSharpCommandLineArguments arguments, AnalyzerConfigSet? configs)
    {
        AnalyzerLoader loader = loaders.For(arguments.AnalyzerReferences.Select(item => item.FilePath).ToArray());
        string stamp = FileStamps.Of(arguments.AdditionalFiles.Select(file => file.Path));
        return last?.stamp == stamp && last.Loader == loader ? last : new Generators(loader, arguments, configs, stamp);
    }

    // The compilation with what the generators added.
    public CSharpCompilation Run(CSharpCompilation compilation, CancellationToken cancellation)
    {
        if (isEmpty)
            return compilation;
        driver = driver.RunGeneratorsAndUpdateCompilation(compilation, out Compilation result, out reported, cancellation);
        return (CSharpCompilation)result;
    }

    private ImmutableArray<ISourceGenerator> Load(CSharpCommandLineArguments arguments)
    {
        var generators = ImmutableArray.CreateBuilder<ISourceGenerator>();
        foreach (CommandLineAnalyzerReference item in arguments.AnalyzerReferences)
        {
            if (!File.Exists(item.FilePath))
            {
                absent.Add(Finding.Error("CS0006", $"Metadata file '{item.FilePath}' could not be found"));
                continue;
            }
            var reference = new AnalyzerFileReference(item.FilePath, Loader);
            reference.AnalyzerLoadFailed += (_, failure) => AddFailure(unloadable, item.FilePath, failure);
            generators.AddRange(reference.GetGenerators(LanguageNames.CSharp));
        }
        return generators.ToImmutable();
    }

    // What csc says of an assembly, or of a type in it, that cannot be used.
    public static void AddFailure(List<Diagnostic> diagnostics, string path, AnalyzerLoadFailureEventArgs failure)
    {
        (string Code, string Text)? found = failure.ErrorCode switch
        {
            AnalyzerLoadFailureEventArgs.FailureErrorCode.NoAnalyzers => ("CS8033", $"The assembly {path} does not contain any analyzers."),
            AnalyzerLoadFailureEventArgs.FailureErrorCode.ReferencesFramework => (
                "CS8850", $"The assembly '{path}' containing type '{failure.TypeName}' references .NET Framework, which is not supported."),
            AnalyzerLoadFailureEventArgs.FailureErrorCode.ReferencesNewerCompiler => (
                "CS9057",
                $"The analyzer assembly '{path}' references version '{failure.ReferencedCompilerVersion}' of the compiler, which is newer than the currently running version '{typeof(Compilation).Assembly.GetName().Version}'."),
            AnalyzerLoadFailureEventArgs.FailureErrorCode.UnableToCreateAnalyzer => (
                "CS8032", $"An instance of analyzer {failure.TypeName} cannot be created from {path} : {failure.Message}."),
            AnalyzerLoadFailureEventArgs.FailureErrorCode.UnableToLoadAnalyzer => (
                "CS8034", $"Unable to load Analyzer assembly {path} : {failure.Message}"),
            _ => null,
        };
        if (found is { } warning)
            diagnostics.Add(Diagnostic.Create(warning.Code, "Compiler", warning.Text, DiagnosticSeverity.Warning, DiagnosticSeverity.Warning, true, 1));
    }
}
