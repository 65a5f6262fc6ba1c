// Paths of analyzer assemblies, additional files and configuration -> what Roslyn's generators and analyzers are given of them.
// Assemblies are loaded from memory, so that their files can be replaced, and shared between the projects that name the
// same files; when one changed on disk, all are loaded anew. Contexts are collectible: those that nobody uses go away.
using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.Loader;
using System.Security.Cryptography;
using System.Text;
using System.Threading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;

namespace Aotd.Worker;

// The loaders of all projects, by the stamps of the assemblies that they load.
internal sealed class AnalyzerLoaders
{
    private readonly Dictionary<string, WeakReference<AnalyzerLoader>> loaders = new();

    // The loader of these files as they are now: the same one as long as no file changed and somebody uses it.
    public AnalyzerLoader For(string[] paths)
    {
        string stamp = FileStamps.Of(paths);
        lock (loaders)
        {
            if (loaders.TryGetValue(stamp, out WeakReference<AnalyzerLoader>? kept) && kept.TryGetTarget(out AnalyzerLoader? loader))
                return loader;
            foreach (string gone in loaders.Where(pair => !pair.Value.TryGetTarget(out AnalyzerLoader? _)).Select(pair => pair.Key).ToArray())
                loaders.Remove(gone);
            var made = new AnalyzerLoader(paths, stamp);
            loaders[stamp] = new WeakReference<AnalyzerLoader>(made);
            return made;
        }
    }
}

// Tells files apart: by time of change and size, and by content where a file was written so lately that its time says little.
internal static class FileStamps
{
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(2);

    public static string Of(IEnumerable<string> paths)
    {
        var text = new StringBuilder();
        foreach (FileInfo file in paths.Select(path => new FileInfo(path)))
            text.Append(file.FullName).Append(' ').Append(file.Exists ? Of(file) : "absent").Append('\n');
        return text.ToString();
    }

    private static string Of(FileInfo file)
    {
        string stamp = $"{file.LastWriteTimeUtc.Ticks} {file.Length}";
        if (DateTime.UtcNow - file.LastWriteTimeUtc > Settled)
            return stamp;
        return stamp + " " + Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file.FullName)));
    }
}

// Loads assemblies as csc does: those of one folder share a context; Roslyn and the class library are the worker's own,
// since an analyzer must see the same types; what is needed besides must be among the paths.
internal sealed class AnalyzerLoader(string[] paths, string stamp) : IAnalyzerAssemblyLoader
{
    private readonly Dictionary<string, FolderContext> contexts = new(StringComparer.Ordinal);
    private readonly object gate = new();

    public string Stamp => stamp;

    public void AddDependencyLocation(string fullPath)
    {
    }

    public Assembly LoadFromPath(string fullPath)
    {
        string folder = Path.GetDirectoryName(fullPath)!;
        FolderContext? context;
        lock (gate)
        {
            if (!contexts.TryGetValue(folder, out context))
                contexts[folder] = context = new FolderContext(this, folder);
        }
        return context.LoadFile(fullPath);
    }

    // The given assembly of that name: one of `folder`, else the one with the highest version.
    private string? Find(AssemblyName name, string folder)
    {
        string[] named = paths.Where(path => Path.GetFileNameWithoutExtension(path) == name.Name && File.Exists(path)).ToArray();
        return named.FirstOrDefault(path => Path.GetDirectoryName(path) == folder) ?? named.MaxBy(path => AssemblyName.GetAssemblyName(path).Version);
    }

    private sealed class FolderContext(AnalyzerLoader loader, string folder) : AssemblyLoadContext("analyzers of " + folder, isCollectible: true)
    {
        private readonly Dictionary<string, Assembly> loaded = new(StringComparer.Ordinal);

        public Assembly LoadFile(string path)
        {
            lock (loaded)
            {
                if (!loaded.TryGetValue(path, out Assembly? assembly))
                    loaded[path] = assembly = LoadFromStream(new MemoryStream(File.ReadAllBytes(path)));
                return assembly;
            }
        }

        protected override Assembly? Load(AssemblyName name)
        {
            try
            {
                return Default.LoadFromAssemblyName(name);
            }
            catch (Exception error) when (error is IOException or BadImageFormatException)
            {
                return loader.Find(name, folder) is { } path ? loader.LoadFromPath(path) : null;
            }
        }
    }
}

// A file that is read when a generator or an analyzer asks for it, once.
internal sealed class FileText(string path, Encoding? encoding) : AdditionalText
{
    private readonly Lazy<SourceText?> text = new(() => Read(path, encoding));

    public override string Path => path;

    public override SourceText? GetText(CancellationToken cancellationToken = default) => text.Value;

    private static SourceText? Read(string path, Encoding? encoding)
    {
        if (!File.Exists(path))
            return null;
        using FileStream stream = File.OpenRead(path);
        return SourceText.From(stream, encoding ?? Encoding.UTF8);
    }
}

// Keys of .editorconfig and .globalconfig files, as generators and analyzers read them.
internal sealed class ConfiguredOptions(AnalyzerConfigSet? configs) : AnalyzerConfigOptionsProvider
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
