// /analyzer and /additionalfile switches -> source generators, run over a project's compilation.
// Assemblies are loaded from memory, so that their files can be replaced; when one changed on disk, all are loaded
// anew into a context of their own. The driver is kept between runs: generators redo only what an edit touches.
using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.Loader;
using System.Text;
using System.Threading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;

namespace Aotd.Worker;

internal sealed class Generators
{
    private readonly List<Finding> loadFindings = [];
    private readonly string stamp;
    private readonly bool isEmpty;
    private GeneratorDriver driver;

    private Generators(CSharpCommandLineArguments arguments, AnalyzerConfigSet? configs, string stamp)
    {
        this.stamp = stamp;
        ImmutableArray<ISourceGenerator> generators = Load(arguments);
        isEmpty = generators.IsEmpty;
        ImmutableArray<AdditionalText> texts = [.. arguments.AdditionalFiles.Select(file => new FileText(file.Path, arguments.Encoding))];
        driver = CSharpGeneratorDriver.Create(generators, texts, arguments.ParseOptions, new ConfiguredOptions(configs));
    }

    // What could not be loaded, and what the generators reported in the last run.
    public IReadOnlyList<Finding> Findings { get; private set; } = [];

    // `last` while its files are as they were, else new ones.
    public static Generators For(Generators? last, CSharpCommandLineArguments arguments, AnalyzerConfigSet? configs)
    {
        string stamp = Stamp(arguments.AnalyzerReferences.Select(item => item.FilePath).Concat(arguments.AdditionalFiles.Select(file => file.Path)));
        return last?.stamp == stamp ? last : new Generators(arguments, configs, stamp);
    }

    // The compilation with what the generators added.
    public CSharpCompilation Run(CSharpCompilation compilation, CancellationToken cancellation)
    {
        if (isEmpty)
        {
            Findings = loadFindings;
            return compilation;
        }
        driver = driver.RunGeneratorsAndUpdateCompilation(compilation, out Compilation result, out ImmutableArray<Diagnostic> diagnostics, cancellation);
        Findings = [.. loadFindings, .. diagnostics.Select(Finding.From)];
        return (CSharpCompilation)result;
    }

    private static string Stamp(IEnumerable<string> paths)
    {
        var text = new StringBuilder();
        foreach (FileInfo file in paths.Select(path => new FileInfo(path)))
            text.Append(file.FullName).Append(' ').Append(file.Exists ? $"{file.LastWriteTimeUtc.Ticks} {file.Length}" : "absent").Append('\n');
        return text.ToString();
    }

    private ImmutableArray<ISourceGenerator> Load(CSharpCommandLineArguments arguments)
    {
        var generators = ImmutableArray.CreateBuilder<ISourceGenerator>();
        var loader = new MemoryLoader(arguments.AnalyzerReferences.Select(item => item.FilePath));
        foreach (CommandLineAnalyzerReference item in arguments.AnalyzerReferences)
        {
            if (!File.Exists(item.FilePath))
            {
                loadFindings.Add(Finding.Error("CS0006", $"Metadata file '{item.FilePath}' could not be found"));
                continue;
            }
            var reference = new AnalyzerFileReference(item.FilePath, loader);
            reference.AnalyzerLoadFailed += (_, failure) => Report(item.FilePath, failure);
            generators.AddRange(reference.GetGenerators(LanguageNames.CSharp));
        }
        return generators.ToImmutable();
    }

    private void Report(string path, AnalyzerLoadFailureEventArgs failure)
    {
        Finding? finding = failure.ErrorCode switch
        {
            AnalyzerLoadFailureEventArgs.FailureErrorCode.NoAnalyzers => null,
            AnalyzerLoadFailureEventArgs.FailureErrorCode.ReferencesNewerCompiler => Finding.Warning(
                "CS9057",
                $"The analyzer assembly '{path}' references version '{failure.ReferencedCompilerVersion}' of the compiler, which is newer than the currently running version '{typeof(Compilation).Assembly.GetName().Version}'."),
            AnalyzerLoadFailureEventArgs.FailureErrorCode.UnableToCreateAnalyzer => Finding.Warning(
                "CS8032", $"An instance of analyzer {failure.TypeName} cannot be created from {path} : {failure.Message}."),
            _ => Finding.Warning("CS8034", $"Unable to load Analyzer assembly {path} : {failure.Message}"),
        };
        if (finding is not null)
            loadFindings.Add(finding);
    }

    // Loads assemblies from bytes; what they need is looked for among the given paths and beside them.
    private sealed class MemoryLoader(IEnumerable<string> paths) : AssemblyLoadContext("generators", isCollectible: true), IAnalyzerAssemblyLoader
    {
        private readonly Dictionary<string, Assembly> loaded = new(StringComparer.OrdinalIgnoreCase);
        private readonly string[] known = paths.ToArray();
        private readonly object gate = new();

        public void AddDependencyLocation(string fullPath)
        {
        }

        public Assembly LoadFromPath(string fullPath)
        {
            lock (gate)
            {
                if (!loaded.TryGetValue(fullPath, out Assembly? assembly))
                    loaded[fullPath] = assembly = LoadFromStream(new MemoryStream(File.ReadAllBytes(fullPath)));
                return assembly;
            }
        }

        // Roslyn and the class library are the worker's own: a generator must see the same types.
        protected override Assembly? Load(AssemblyName name)
        {
            if (name.Name is "Microsoft.CodeAnalysis" or "Microsoft.CodeAnalysis.CSharp" || Default.Assemblies.Any(own => own.GetName().Name == name.Name))
                return null;
            string? path = known.FirstOrDefault(item => Path.GetFileNameWithoutExtension(item) == name.Name)
                ?? known.Select(item => Path.Combine(Path.GetDirectoryName(item)!, name.Name + ".dll")).FirstOrDefault(File.Exists);
            return path is null ? null : LoadFromPath(path);
        }
    }

    // A file that is read when a generator asks for it.
    private sealed class FileText(string path, Encoding? encoding) : AdditionalText
    {
        public override string Path => path;

        public override SourceText? GetText(CancellationToken cancellationToken = default)
        {
            if (!File.Exists(path))
                return null;
            using FileStream stream = File.OpenRead(path);
            return SourceText.From(stream, encoding ?? Encoding.UTF8);
        }
    }

    // Keys of .editorconfig and .globalconfig files, as generators read them.
    private sealed class ConfiguredOptions(AnalyzerConfigSet? configs) : AnalyzerConfigOptionsProvider
    {
        public override AnalyzerConfigOptions GlobalOptions { get; } =
            new Values(configs?.GlobalConfigOptions.AnalyzerOptions ?? ImmutableDictionary<string, string>.Empty);

        public override AnalyzerConfigOptions GetOptions(SyntaxTree tree) => Of(tree.FilePath);

        public override AnalyzerConfigOptions GetOptions(AdditionalText textFile) => Of(textFile.Path);

        private Values Of(string path) => new(configs?.GetOptionsForSourcePath(path).AnalyzerOptions ?? ImmutableDictionary<string, string>.Empty);

        private sealed class Values(ImmutableDictionary<string, string> values) : AnalyzerConfigOptions
        {
            public override IEnumerable<string> Keys => values.Keys;

            public override bool TryGetValue(string key, [NotNullWhen(true)] out string? value) => values.TryGetValue(key, out value);
        }
    }
}
