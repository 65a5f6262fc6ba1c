// A <UsingTask> -> the type of the task and what its parameters are. Each assembly and each declaration is loaded once.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.Loader;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Build.Framework;

namespace Aotd.TaskHost;

// A task that can be run: how to make one, and its parameters by name without case.
internal sealed class TaskKind
{
    public required Func<IBuildEngine, ITask?> Create { get; init; }
    public required string CreatedBy { get; init; }
    public required Type Type { get; init; }
    public required IReadOnlyList<TaskPropertyInfo> Parameters { get; init; }
    public Action<ITask> Clean { get; init; } = _ => { };
}

// The declaration is wrong or its assembly cannot be used: an error of the build, with one of MSBuild's codes.
internal sealed class DeclarationError(string code, string message) : Exception(message)
{
    public string Code { get; } = code;
}

internal sealed class TaskTable(string[] folders)
{
    private readonly object gate = new();
    private readonly List<TaskKind> kinds = new();
    private readonly Dictionary<string, Assembly> assemblies = new(StringComparer.OrdinalIgnoreCase);

    public TaskKind this[int index]
    {
        get
        {
            lock (gate)
                return kinds[index];
        }
    }

    public JsonObject Describe(Request request, Channel channel)
    {
        JsonElement body = request.Body;
        string task = body.GetProperty("task").GetString()!;
        string place = body.GetProperty("assembly").GetString()!;
        string factory = body.GetProperty("factory").GetString()!;
        try
        {
            TaskKind? kind;
            lock (gate)
                kind = factory.Length > 0 ? FromFactory(request, task, place, factory, channel) : FromAssembly(body, task, place);
            return kind == null ? new JsonObject { ["code"] = "", ["message"] = "" } : Describe(kind);
        }
        catch (DeclarationError error)
        {
            return new JsonObject { ["code"] = error.Code, ["message"] = error.Message };
        }
    }

    private JsonObject Describe(TaskKind kind)
    {
        int index;
        lock (gate)
        {
            index = kinds.Count;
            kinds.Add(kind);
        }
        var parameters = new JsonArray();
        foreach (TaskPropertyInfo parameter in kind.Parameters)
            parameters.Add(ParameterKinds.Describe(parameter, kind.Type));
        return new JsonObject
        {
            ["index"] = index,
            ["assembly"] = kind.Type.Assembly.FullName,
            ["path"] = kind.Type.Assembly.Location,
            ["type"] = kind.Type.FullName,
            ["parameters"] = parameters,
        };
    }

    private TaskKind FromAssembly(JsonElement body, string task, string place)
    {
        Type? type;
        try
        {
            type = FindType(body, task, place, typeof(ITask));
        }
        catch (ReflectionTypeLoadException exception)
        {
            Exception? first = exception.LoaderExceptions.FirstOrDefault(inner => inner != null);
            throw new DeclarationError("MSB4062", (first ?? exception).Message);
        }
        catch (Exception exception)
        {
            Exception cause = exception is TargetInvocationException { InnerException: { } inner } ? inner : exception;
            throw new DeclarationError("MSB4062", cause == exception ? exception.Message : Environment.NewLine + cause);
        }
        if (type == null)
            throw new DeclarationError("MSB4062", "");
        return new TaskKind { Create = _ => Create(type), CreatedBy = place, Type = type, Parameters = ParametersOf(type) };
    }

    // A task may take its environment in its constructor; the others have a constructor without parameters.
    private static ITask? Create(Type type)
    {
        ConstructorInfo? wanting = type.GetConstructors().FirstOrDefault(constructor =>
            constructor.GetParameters() is [{ } only] && only.ParameterType.FullName == "Microsoft.Build.Framework.TaskEnvironment");
        if (wanting == null)
            return (ITask?)Activator.CreateInstance(type);
        return (ITask?)wanting.Invoke([Environments.Fallback(wanting.GetParameters()[0].ParameterType)]);
    }

    public static IReadOnlyList<TaskPropertyInfo> ParametersOf(Type type)
    {
        var found = new List<TaskPropertyInfo>();
        foreach (PropertyInfo property in type.GetProperties(BindingFlags.Instance | BindingFlags.Public))
        {
            bool Has(string name) => CustomAttributeData.GetCustomAttributes(property).Any(attribute => attribute.AttributeType.Name == name);
            found.Add(new TaskPropertyInfo(property.Name, property.PropertyType, Has(nameof(OutputAttribute)), Has(nameof(RequiredAttribute))));
        }
        return found;
    }

    private Type? FindType(JsonElement body, string name, string place, Type wanted)
    {
        if (!body.GetProperty("is_file").GetBoolean())
        {
            Type? exact = name.Length > 0 ? Type.GetType(name + "," + place, throwOnError: false, ignoreCase: true) : null;
            if (exact != null)
                return IsWanted(exact, wanted) ? exact : null;
        }
        Assembly assembly = Load(body, place);
        if (body.GetProperty("is_inline").GetBoolean())
            return InlineType(assembly, name);
        return assembly.GetExportedTypes().FirstOrDefault(type => IsWanted(type, wanted) && (name.Length == 0 || IsPartialMatch(type.FullName!, name)));
    }

    private static bool IsWanted(Type type, Type wanted) => type.IsClass && !type.IsAbstract && type.GetInterface(wanted.FullName!) != null;

    // Whatever it derives from: whether it is a task shows when it is made.
    private static Type? InlineType(Assembly assembly, string name)
    {
        Type[] types = assembly.GetExportedTypes();
        return types.FirstOrDefault(type => type.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            ?? types.FirstOrDefault(type => type.FullName!.Equals(name, StringComparison.OrdinalIgnoreCase)
                || type.FullName!.EndsWith("." + name, StringComparison.OrdinalIgnoreCase));
    }

    private Assembly Load(JsonElement body, string place)
    {
        if (!body.GetProperty("is_file").GetBoolean())
            return Assembly.Load(place);
        string path = Path.GetFullPath(place);
        if (assemblies.TryGetValue(path, out Assembly? known))
            return known;
        if (!File.Exists(path))
            throw new FileNotFoundException(null, path);
        AssemblyName name = AssemblyLoadContext.GetAssemblyName(path);
        if (TaskLoadContext.IsShared(name.Name))
            return Assembly.Load(name);
        IEnumerable<string> others = body.GetProperty("folders").EnumerateArray().Select(folder => folder.GetString()!);
        return assemblies[path] = new TaskLoadContext(path, others, folders[0]).LoadFile(path);
    }

    // `Csc` is the end of `Microsoft.Build.Tasks.Csc`: the shorter name must begin at a namespace or a class of the longer one.
    private static bool IsPartialMatch(string one, string other)
    {
        if (one.Length == other.Length)
            return one.Equals(other, StringComparison.OrdinalIgnoreCase);
        (string longer, string shorter) = one.Length > other.Length ? (one, other) : (other, one);
        if (!longer.EndsWith(shorter, StringComparison.OrdinalIgnoreCase))
            return false;
        int start = longer.Length - shorter.Length - 1;
        if (longer[start] is not ('.' or '+'))
            return false;
        int escapes = 0;
        while (start - 1 - escapes >= 0 && longer[start - 1 - escapes] == '\\')
            escapes++;
        return escapes % 2 == 0;
    }

    // A factory that does not want to make the task has said why: null.
    private TaskKind? FromFactory(Request request, string task, string place, string factoryName, Channel channel)
    {
        Type type;
        try
        {
            type = FindType(request.Body, factoryName, place, typeof(ITaskFactory))
                ?? throw new DeclarationError("MSB4174", "");
        }
        catch (Exception exception) when (exception is not DeclarationError)
        {
            throw new DeclarationError("MSB4175", exception.Message);
        }
        try
        {
            return Initialized((ITaskFactory)Activator.CreateInstance(type)!, request, task, channel);
        }
        catch (InvalidCastException exception)
        {
            throw new DeclarationError("MSB4176", exception.Message);
        }
        catch (Exception exception) when (exception is not DeclarationError)
        {
            Exception cause = exception is TargetInvocationException { InnerException: { } inner } ? inner : exception;
            throw new DeclarationError("MSB4175", cause.Message);
        }
    }

    private static TaskKind? Initialized(ITaskFactory factory, Request request, string task, Channel channel)
    {
        var declared = new Dictionary<string, TaskPropertyInfo>(StringComparer.OrdinalIgnoreCase);
        foreach (JsonElement row in request.Body.GetProperty("parameters").EnumerateArray())
        {
            TaskPropertyInfo parameter = ParameterKinds.Declared(row);
            declared[parameter.Name] = parameter;
        }
        string text = request.Body.GetProperty("text").GetString()!;
        var engine = new Engine(request, channel, new TaskObjects());
        var identity = new Dictionary<string, string>();
        bool succeeded = factory is ITaskFactory2 second
            ? second.Initialize(task, identity, declared, text, engine)
            : factory.Initialize(task, declared, text, engine);
        if (!succeeded)
            return null;
        if (factory.TaskType == null)
            throw new InvalidOperationException("The task factory must return a value for the \"TaskType\" property.");
        return new TaskKind
        {
            Create = host => factory is ITaskFactory2 second ? second.CreateTask(host, identity) : factory.CreateTask(host),
            CreatedBy = factory.FactoryName,
            Type = factory.TaskType,
            Parameters = factory.GetTaskParameters(),
            Clean = factory.CleanupTask,
        };
    }
}
