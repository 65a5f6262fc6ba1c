using System.Diagnostics.CodeAnalysis;

// One of each kind of finding that the requires-families give, and next to it the ways to silence it.
// The expected findings stand in the comments; everything without a comment is clean.

Console.WriteLine(Plugins.Load("Plugin").FullName);        // IL2026
Console.WriteLine(Shapes.ArrayOf(typeof(int)).Name);       // IL3050
Console.WriteLine(Layout.ConfigurationPath());             // IL3002
Console.WriteLine(Layout.OwnPath());
Console.WriteLine(new Handlers().Describe());
Console.WriteLine(await Delayed.LoadLater("Plugin"));      // IL2026

/// <summary>Trimming: code that looks types up by name.</summary>
static class Plugins
{
    [RequiresUnreferencedCode("Plugins are found by name; the trimmer cannot see which types they need.", Url = "https://example.invalid/plugins")]
    public static Type Load(string name) => Type.GetType(name) ?? typeof(object);

    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "The name is that of a type that is always there.")]
    public static Type LoadKnown() => Load("System.String");

    [RequiresUnreferencedCode("Calls Load.")]
    public static Type LoadFirst(params string[] names) => Load(names[0]);
}

/// <summary>Dynamic code: types that are put together at run time.</summary>
static class Shapes
{
    [RequiresDynamicCode("The array type may need code that was not generated.")]
    public static Type ArrayOf(Type element) => element.MakeArrayType();

    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "Arrays of int are used elsewhere, so their code is there.")]
    public static Type ArrayOfInt() => ArrayOf(typeof(int));
}

/// <summary>Single file: code that expects assemblies to be files.</summary>
static class Layout
{
    [RequiresAssemblyFiles("The configuration lies beside the assembly.")]
    public static string ConfigurationPath() => Path.Combine(AppContext.BaseDirectory, "findings.config");

    public static string OwnPath()
    {
        var assembly = typeof(Layout).Assembly;
        string location = assembly.Location;               // IL3000
        using var file = assembly.GetFile("findings.dll"); // IL3001
        return location.Length == 0 ? file?.Name ?? AppContext.BaseDirectory : location;
    }

    [UnconditionalSuppressMessage("SingleFile", "IL3000", Justification = "An empty location is handled by the caller.")]
    public static string LocationOrEmpty() => typeof(Layout).Assembly.Location;
}

/// <summary>The same findings inside lambdas, local functions, properties and event accessors belong to the member around them.</summary>
sealed class Handlers
{
    private readonly Func<string, Type> _load = Plugins.Load;                     // IL2026

    [RequiresUnreferencedCode("Creating one looks up types by name.")]
    public Handlers(string plugin) => _load = _ => Plugins.Load(plugin);

    public Handlers()
    {
    }

    public Type Default
    {
        [RequiresDynamicCode("Makes a type at run time.")]
        get => Shapes.ArrayOf(typeof(string));
    }

    public string Describe()
    {
        Func<Type> deferred = () => Plugins.LoadFirst("A", "B");                  // IL2026
        return $"{deferred()} {Local()} {Default} {new Handlers("P")._load("Q")}"; // IL3050 for Default, IL2026 for the constructor

        static Type Local() => Shapes.ArrayOf(typeof(long));                      // IL3050
    }
}

/// <summary>Async methods and iterators: the finding is at the user's line, not in the state machine.</summary>
static class Delayed
{
    [RequiresUnreferencedCode("Loads a type by name, later.")]
    public static async Task<Type> LoadLater(string name)
    {
        await Task.Yield();
        return Plugins.Load(name);
    }

    public static IEnumerable<Type> LoadEach(IEnumerable<string> names)
    {
        foreach (string name in names)
        {
            yield return Plugins.Load(name);                                      // IL2026
        }
    }
}
