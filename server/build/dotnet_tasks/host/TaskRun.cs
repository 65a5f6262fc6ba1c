// One run of a task: an instance is made, its parameters are set, it executes, its outputs are taken.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Build.Framework;

namespace Aotd.TaskHost;

internal sealed class TaskRun(Request request, Channel channel, TaskTable tasks, TaskObjects objects)
{
    private readonly JsonElement body = request.Body;
    private readonly TaskKind kind = tasks[request.Body.GetProperty("index").GetInt32()];
    private readonly Engine engine = new(request, channel, objects);
    private ITask? task;
    private volatile bool isCancelled;

    // The process is the task's while it runs: its folder and its variables are those of the project.
    public static void Enter(JsonElement body)
    {
        string folder = body.GetProperty("directory").GetString()!;
        if (Directory.Exists(folder))
            Directory.SetCurrentDirectory(folder);
        var wanted = body.GetProperty("environment").EnumerateObject().ToDictionary(pair => pair.Name, pair => pair.Value.GetString());
        foreach (string name in Environment.GetEnvironmentVariables().Keys.Cast<string>().ToArray())
        {
            if (!wanted.ContainsKey(name))
                Environment.SetEnvironmentVariable(name, null);
        }
        foreach ((string name, string? value) in wanted)
            Environment.SetEnvironmentVariable(name, value);
    }

    public void Cancel()
    {
        isCancelled = true;
        try
        {
            (task as ICancelableTask)?.Cancel();
        }
        catch (Exception exception)
        {
            Console.Error.WriteLine(exception.Message);
        }
    }

    public JsonObject Execute()
    {
        Enter(body);
        try
        {
            task = Make(out JsonObject? failure);
            if (task == null)
                return failure!;
            task.BuildEngine = engine;
            task.HostObject = null;
            Environments.Give(task);
            // By name: an older framework doesn't know the interface.
            if (body.GetProperty("question").GetBoolean())
                task.GetType().GetInterface("Microsoft.Build.Framework.IIncrementalTask")?.GetProperty("FailIfNotIncremental")!.SetValue(task, true);
            return SetParameters() ?? Ran();
        }
        finally
        {
            if (task != null)
                kind.Clean(task);
        }
    }

    private ITask? Make(out JsonObject? failure)
    {
        failure = null;
        try
        {
            ITask? made = kind.Create(engine);
            if (made == null)
                failure = new JsonObject { ["made"] = false };
            return made;
        }
        catch (InvalidCastException exception)
        {
            failure = Failure("MSB4127", exception.Message);
        }
        catch (TargetInvocationException exception)
        {
            failure = Failure("MSB4061", Environment.NewLine + Describe(exception.InnerException!));
        }
        catch (Exception exception)
        {
            failure = Failure("MSB4061", exception.Message);
        }
        return null;
    }

    private JsonObject Failure(string code, string message) => new()
    {
        ["made"] = false, ["code"] = code, ["message"] = message, ["created_by"] = kind.CreatedBy,
    };

    // Null when all could be set; else which one could not and why.
    private JsonObject? SetParameters()
    {
        foreach (JsonElement given in body.GetProperty("arguments").EnumerateArray())
        {
            string name = given[0].GetString()!;
            TaskPropertyInfo parameter = kind.Parameters.First(known => known.Name == name);
            object value;
            try
            {
                value = Value(parameter.PropertyType, given[1]);
            }
            catch (BadValue bad)
            {
                return new JsonObject { ["made"] = true, ["parameter"] = name, ["value"] = bad.Message, ["type"] = parameter.PropertyType.FullName };
            }
            try
            {
                Set(parameter, value);
            }
            catch (Exception exception)
            {
                Exception cause = exception is TargetInvocationException { InnerException: { } inner } ? inner : exception;
                return new JsonObject { ["made"] = true, ["parameter"] = name, ["exception"] = Describe(cause) };
            }
        }
        return null;
    }

    private void Set(TaskPropertyInfo parameter, object value)
    {
        if (task is IGeneratedTask generated)
            generated.SetPropertyValue(parameter, value);
        else
            Property(parameter.Name).SetValue(task, value);
    }

    private PropertyInfo Property(string name) =>
        ParameterKinds.PropertyOf(task!.GetType(), name) ?? throw new MissingMemberException(task!.GetType().FullName, name);

    private sealed class BadValue(string text) : Exception(text);

    private object Value(Type type, JsonElement given)
    {
        if (!type.IsArray)
            return One(type, given);
        Type element = type.GetElementType()!;
        var values = Array.CreateInstance(element, given.GetArrayLength());
        for (int index = 0; index < values.Length; index++)
            values.SetValue(One(element, given[index]), index);
        return values;
    }

    // Items come as arrays, texts as strings.
    private object One(Type type, JsonElement given) =>
        given.ValueKind == JsonValueKind.String ? Parsed(given.GetString()!, type) : ParameterKinds.AsParameter(new EngineItem(given), type);

    private object Parsed(string text, Type type)
    {
        try
        {
            return ParameterKinds.Parse(text, type, body.GetProperty("directory").GetString()!);
        }
        catch (Exception exception) when (exception is InvalidCastException or ArgumentException or FormatException or OverflowException or NotSupportedException)
        {
            throw new BadValue(text);
        }
    }

    private JsonObject Ran()
    {
        var answer = new JsonObject { ["made"] = true };
        try
        {
            answer["succeeded"] = !isCancelled && task!.Execute();
        }
        catch (Exception exception)
        {
            Exception cause = exception is TargetInvocationException { InnerException: { } inner } ? inner : exception;
            answer["succeeded"] = false;
            answer["exception"] = Describe(cause);
        }
        answer["child_failed"] = engine.ChildFailed;
        answer["may_fail_silently"] = engine.AllowFailureWithoutError;
        answer["environment"] = ChangedVariables();
        var outputs = new JsonObject();
        foreach (JsonElement name in body.GetProperty("outputs").EnumerateArray())
            outputs[name.GetString()!] = Output(kind.Parameters.First(known => known.Name == name.GetString()));
        answer["outputs"] = outputs;
        return answer;
    }

    // Variables that the task set or removed stay so for the rest of the project.
    private JsonObject ChangedVariables()
    {
        var changed = new JsonObject();
        var before = body.GetProperty("environment").EnumerateObject().ToDictionary(pair => pair.Name, pair => pair.Value.GetString());
        foreach (System.Collections.DictionaryEntry entry in Environment.GetEnvironmentVariables())
        {
            string name = (string)entry.Key;
            if (!before.Remove(name, out string? old) || old != (string?)entry.Value)
                changed[name] = (string?)entry.Value;
        }
        foreach (string name in before.Keys)
            changed[name] = null;
        return changed;
    }

    private JsonNode Output(TaskPropertyInfo parameter)
    {
        if (!ParameterKinds.IsOutput(parameter.PropertyType))
            return new JsonObject { ["unsupported"] = parameter.PropertyType.FullName };
        object? value;
        try
        {
            value = task is IGeneratedTask generated ? generated.GetPropertyValue(parameter) : Property(parameter.Name).GetValue(task);
        }
        catch (Exception exception)
        {
            Exception cause = exception is TargetInvocationException { InnerException: { } inner } ? inner : exception;
            return new JsonObject { ["exception"] = Describe(cause), ["message"] = cause.Message, ["is_thrown_by_task"] = cause != exception };
        }
        try
        {
            return value switch
            {
                null => new JsonObject { ["texts"] = new JsonArray(), ["is_null"] = true },
                ITaskItem item => new JsonObject { ["items"] = new JsonArray(EngineItem.ToJson(item)) },
                IEnumerable<ITaskItem?> items => new JsonObject
                {
                    ["items"] = new JsonArray(items.Where(item => item != null).Select(item => EngineItem.ToJson(item!)).ToArray()),
                },
                Array values => new JsonObject
                {
                    ["texts"] = new JsonArray(values.Cast<object?>().Where(one => one != null).Select(one => (JsonNode)ParameterKinds.Text(one)).ToArray()),
                },
                _ => new JsonObject { ["texts"] = new JsonArray((JsonNode)ParameterKinds.Text(value)) },
            };
        }
        catch (InvalidOperationException exception)
        {
            return new JsonObject { ["invalid"] = exception.Message };
        }
    }

    // As ToString shows it, without the frames of this program.
    private static string Describe(Exception exception)
    {
        var text = new StringBuilder();
        foreach (string line in exception.ToString().Split('\n'))
        {
            if (!line.TrimStart().StartsWith("at Aotd.TaskHost."))
                text.Append(text.Length > 0 ? "\n" : "").Append(line.TrimEnd('\r'));
        }
        return text.ToString();
    }
}
