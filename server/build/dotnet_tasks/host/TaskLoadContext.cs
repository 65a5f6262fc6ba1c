// A task assembly's file -> the assembly, loaded apart from those of other folders, with its dependencies from its own folder.
using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Reflection;
using System.Runtime.Loader;

namespace Aotd.TaskHost;

internal sealed class TaskLoadContext : AssemblyLoadContext
{
    // MSBuild's own assemblies are shared by all tasks, whatever version a task was built against.
    private static readonly HashSet<string> s_shared =
    [
        "MSBuild",
        "Microsoft.Build",
        "Microsoft.Build.Framework",
        "Microsoft.Build.Tasks.Core",
        "Microsoft.Build.Utilities.Core",
    ];

    // Files that were loaded, with the time of their last change then: ticks of .NET.
    private static readonly ConcurrentDictionary<string, long> s_loaded = new();

    private readonly AssemblyDependencyResolver? resolver;
    private readonly string folder;
    private readonly string toolsFolder;

    // `otherFolders` are asked for what neither the folder of the task nor the class library has.
    public TaskLoadContext(string path, IEnumerable<string> otherFolders, string toolsFolder) : base("task " + path)
    {
        this.toolsFolder = toolsFolder;
        folder = Path.GetDirectoryName(path)!;
        foreach (string other in otherFolders)
            Resolving += (_, name) => Path.Combine(other, name.Name + ".dll") is var candidate && File.Exists(candidate) ? LoadFile(candidate) : null;
        resolver = File.Exists(Path.ChangeExtension(path, ".deps.json")) ? new AssemblyDependencyResolver(path) : null;
    }

    public static IEnumerable<KeyValuePair<string, long>> Loaded => s_loaded;

    public Assembly LoadFile(string path)
    {
        s_loaded.TryAdd(path, File.GetLastWriteTimeUtc(path).Ticks);
        return LoadFromAssemblyPath(path);
    }

    public static bool IsShared(string? name) => name != null && s_shared.Contains(name);

    // The folder of the task comes before the class library, so that a task gets the dependency it was shipped with.
    protected override Assembly? Load(AssemblyName name)
    {
        if (IsShared(name.Name))
            return null;
        if (resolver?.ResolveAssemblyToPath(name) is { } resolved)
            return LoadFile(resolved);
        foreach (string culture in string.IsNullOrEmpty(name.CultureName) ? [""] : new[] { name.CultureName, "" })
        {
            string candidate = Path.Combine(folder, culture, name.Name + ".dll");
            if (File.Exists(candidate) && !(GetAssemblyName(candidate).Version < name.Version))
                return LoadFile(candidate);
        }
        string tool = Path.Combine(toolsFolder, name.Name + ".dll");
        return File.Exists(tool) ? Default.LoadFromAssemblyPath(tool) : null;
    }

    protected override nint LoadUnmanagedDll(string name) =>
        resolver?.ResolveUnmanagedDllToPath(name) is { } path ? LoadUnmanagedDllFromPath(path) : base.LoadUnmanagedDll(name);
}
