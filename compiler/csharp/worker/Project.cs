// One project: its options, syntax trees and references, and the compilation that they make.
// An update replaces what the request brings; trees and references that it does not mention stay the same objects,
// and with them all that Roslyn knows about them. A request that says null for a list keeps the list.
using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json;
using System.Threading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;

namespace Aotd.Worker;

internal sealed class Project(References cache, AnalyzerLoaders loaders)
{
    private static readonly Encoding Utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);

    private string[] switches = [];
    private string[] paths = [];
    private readonly Dictionary<string, SyntaxTree> trees = new();
    private JsonElement requestedReferences;
    private readonly List<Finding> referenceFindings = [];
    private ImmutableArray<Diagnostic> configDiagnostics = [];

    public CSharpCommandLineArguments Arguments { get; private set; } = null!;

    // The project's own code.
    private CSharpCompilation Compilation { get; set; } = null!;

    // The project's own code and what source generators added; what other projects refer to and what is emitted.
    public CSharpCompilation Generated { get; private set; } = null!;

    public AnalyzerConfigSet? AnalyzerConfigs { get; private set; }

    public Generators Generators { get; private set; } = null!;

    // What is wrong with the options, configuration files, references and analyzers, as opposed to the code.
    public IEnumerable<Finding> Findings => Arguments.Errors.Where(error => error.Id != "CS2008" || paths.Length == 0).Select(Finding.From)
        .Concat(referenceFindings)
        .Concat(Generators.Absent)
        .Concat(Filtered(configDiagnostics.Concat(Generators.Unloadable)));

    // What the generators reported in the last run.
    public IEnumerable<Finding> Reported => Filtered(Generators.Reported);

    // Whether all sources are put into the symbols: the parser of switches, which knows no sources, cannot say so.
    public bool EmbedsSources => switches.Any(item => string.Equals(item.TrimStart('/', '-'), "embed", StringComparison.OrdinalIgnoreCase));

    public bool HasGenerators => Arguments.AnalyzerReferences.Length > 0;

    // Whether a tree is one of the project's sources, and not generated.
    public bool IsOwn(SyntaxTree tree) => trees.ContainsKey(tree.FilePath);

    // Brings the project to the state of the request. `resolve` gives the compilation of another project, or null.
    public void Update(Frame frame, Func<string, Compilation?> resolve)
    {
        JsonElement body = frame.Body;
        bool optionsChanged = ParseSwitches(body);
        bool listChanged = ReadPaths(body);
        ReadTexts(frame);
        bool configsChanged = ReadAnalyzerConfigs(frame);
        if (optionsChanged || listChanged || configsChanged || Compilation is null)
            Compilation = CSharpCompilation.Create(Arguments.CompilationName, paths.Select(path => trees[path]), Compilation?.References, Options());
        ImmutableArray<MetadataReference> references = OpenReferences(body, resolve);
        if (!references.SequenceEqual(Compilation.References))
            Compilation = Compilation.WithReferences(references);
        Generators = Generators.For(optionsChanged || configsChanged ? null : Generators, loaders, Arguments, AnalyzerConfigs);
        Generated = Compilation;
    }

    // Runs the source generators over the state that Update made. A cancelled run leaves the project's own code.
    public void Generate(CancellationToken cancellation) => Generated = Generators.Run(Compilation, cancellation);

    // Takes the switches of csc when they are not those of the last request; trees are parsed again if that matters.
    private bool ParseSwitches(JsonElement body)
    {
        string[] requested = Strings(body.GetProperty("switches"));
        if (Arguments is not null && requested.SequenceEqual(switches))
            return false;
        CSharpParseOptions? before = Arguments?.ParseOptions;
        Arguments = CSharpCommandLineParser.Default.Parse(requested, body.GetProperty("directory").GetString(), null, null);
        switches = requested;
        if (!Arguments.ParseOptions.Equals(before))
        {
            foreach (SyntaxTree tree in trees.Values.ToArray())
                trees[tree.FilePath] = CSharpSyntaxTree.ParseText(tree.GetText(), Arguments.ParseOptions, tree.FilePath);
        }
        return true;
    }

    // The diagnostics that the project's options leave, with the severities that they give.
    public IEnumerable<Finding> Filtered(IEnumerable<Diagnostic> diagnostics) =>
        CompilationWithAnalyzers.GetEffectiveDiagnostics(diagnostics, Compilation).Select(Finding.From);

    private CSharpCompilationOptions Options() => Arguments.CompilationOptions
        .WithSourceReferenceResolver(new SourceFileResolver([], Arguments.BaseDirectory, Arguments.PathMap))
        .WithXmlReferenceResolver(new XmlFileResolver(Arguments.BaseDirectory))
        .WithAssemblyIdentityComparer(DesktopAssemblyIdentityComparer.Default)
        .WithStrongNameProvider(new DesktopStrongNameProvider(Arguments.KeyFileSearchPaths))
        .WithSyntaxTreeOptionsProvider(AnalyzerConfigs is null ? null : new ConfiguredTrees(AnalyzerConfigs));

    private bool ReadPaths(JsonElement body)
    {
        JsonElement requested = body.GetProperty("paths");
        if (requested.ValueKind == JsonValueKind.Null)
            return false;
        paths = Strings(requested);
        foreach (string gone in trees.Keys.Except(paths).ToArray())
            trees.Remove(gone);
        return true;
    }

    // Parses the texts that came along; `texts` has pairs of an index into the paths and a blob's number.
    private void ReadTexts(Frame frame)
    {
        foreach (JsonElement pair in frame.Body.GetProperty("texts").EnumerateArray())
        {
            string path = paths[pair[0].GetInt32()];
            byte[] content = frame.Blobs[pair[1].GetInt32()].ToArray();
            SourceText text = SourceText.From(content, content.Length, Utf8, Arguments.ChecksumAlgorithm);
            SyntaxTree parsed = CSharpSyntaxTree.ParseText(text, Arguments.ParseOptions, path);
            if (Compilation is not null && trees.TryGetValue(path, out SyntaxTree? old) && Compilation.ContainsSyntaxTree(old))
                Compilation = Compilation.ReplaceSyntaxTree(old, parsed);
            trees[path] = parsed;
        }
    }

    private bool ReadAnalyzerConfigs(Frame frame)
    {
        JsonElement requested = frame.Body.GetProperty("configs");
        if (requested.ValueKind == JsonValueKind.Null)
            return false;
        var configs = new List<AnalyzerConfig>();
        foreach (JsonElement pair in requested.EnumerateArray())
        {
            byte[] content = frame.Blobs[pair[1].GetInt32()].ToArray();
            configs.Add(AnalyzerConfig.Parse(SourceText.From(content, content.Length, Utf8), pair[0].GetString()));
        }
        configDiagnostics = [];
        AnalyzerConfigs = configs.Count == 0 ? null : AnalyzerConfigSet.Create(configs, out configDiagnostics);
        if (AnalyzerConfigs is { } set)
            configDiagnostics = [.. configDiagnostics.Concat(set.GlobalConfigOptions.Diagnostics).Concat(paths.SelectMany(path => set.GetOptionsForSourcePath(path).Diagnostics)).Distinct()];
        return true;
    }

    // The references of the request, or those of the last one, opened again: their files may have changed.
    private ImmutableArray<MetadataReference> OpenReferences(JsonElement body, Func<string, Compilation?> resolve)
    {
        if (body.GetProperty("references").ValueKind != JsonValueKind.Null)
            requestedReferences = body.GetProperty("references").Clone();
        referenceFindings.Clear();
        Dictionary<object, MetadataReference> known = new();
        foreach (MetadataReference reference in Compilation.References)
            known.TryAdd(Source(reference), reference);
        var references = ImmutableArray.CreateBuilder<MetadataReference>();
        foreach (JsonElement requested in requestedReferences.EnumerateArray())
        {
            if (OpenReference(requested, resolve, known) is { } reference)
                references.Add(reference);
        }
        return references.ToImmutable();
    }

    private MetadataReference? OpenReference(
        JsonElement requested, Func<string, Compilation?> resolve, Dictionary<object, MetadataReference> known)
    {
        string path = requested.GetProperty("path").GetString()!;
        bool embed = requested.GetProperty("embed").GetBoolean();
        var properties = new MetadataReferenceProperties(MetadataImageKind.Assembly, [.. Strings(requested.GetProperty("aliases"))], embed);
        if (resolve(requested.GetProperty("project").GetString()!) is { } project)
        {
            if (known.TryGetValue(project, out MetadataReference? kept) && kept.Properties == properties)
                return kept;
            return project.ToMetadataReference(properties.Aliases, embed);
        }
        try
        {
            AssemblyMetadata metadata = cache.Open(path);
            if (known.TryGetValue(metadata, out MetadataReference? kept) && kept.Properties == properties)
                return kept;
            return metadata.GetReference(null, properties.Aliases, embed, path, path);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            referenceFindings.Add(Finding.Error("CS0006", $"Metadata file '{path}' could not be found"));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or BadImageFormatException)
        {
            referenceFindings.Add(Finding.Error("CS0009", $"Metadata file '{path}' could not be opened -- {error.Message}"));
        }
        return null;
    }

    // What a reference was made from: the metadata object of a file, or a compilation.
    private static object Source(MetadataReference reference) => reference switch
    {
        CompilationReference project => project.Compilation,
        PortableExecutableReference file => file.GetMetadata(),
        _ => reference,
    };

    private static string[] Strings(JsonElement array) => array.EnumerateArray().Select(item => item.GetString()!).ToArray();
}
