// The build as a task sees it: events become frames, builds of other projects become questions.
using System;
using System.Collections;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Build.Framework;

namespace Aotd.TaskHost;

internal sealed class Engine(Request request, Channel channel, TaskObjects objects) : IBuildEngine10
{
    private readonly JsonElement context = request.Body.GetProperty("engine");

    // Once a child build has failed the task need not say why it fails.
    public bool ChildFailed { get; private set; }

    public bool ContinueOnError => context.GetProperty("continue_on_error").GetBoolean();

    public int LineNumberOfTaskNode => context.GetProperty("line").GetInt32();

    public int ColumnNumberOfTaskNode => context.GetProperty("column").GetInt32();

    public string ProjectFileOfTaskNode => context.GetProperty("file").GetString()!;

    public bool IsRunningMultipleNodes => context.GetProperty("is_parallel").GetBoolean();

    public bool AllowFailureWithoutError { get; set; }

    public EngineServices EngineServices { get; } = new Services(
        request.Body.GetProperty("engine").GetProperty("verbosity").GetInt32(),
        request.Body.GetProperty("engine").GetProperty("logs_task_inputs").GetBoolean());

    public void LogErrorEvent(BuildErrorEventArgs e) =>
        Log("error", e, e.Subcategory, e.Code, e.File, e.LineNumber, e.ColumnNumber, e.EndLineNumber, e.EndColumnNumber);

    public void LogWarningEvent(BuildWarningEventArgs e) =>
        Log("warning", e, e.Subcategory, e.Code, e.File, e.LineNumber, e.ColumnNumber, e.EndLineNumber, e.EndColumnNumber);

    // A message that no listener has use for stays here.
    public void LogMessageEvent(BuildMessageEventArgs e)
    {
        if (e is not CriticalBuildMessageEventArgs && !EngineServices.LogsMessagesOfImportance(e.Importance))
            return;
        JsonObject body = Placed(e, e.Subcategory, e.Code, e.File, e.LineNumber, e.ColumnNumber, e.EndLineNumber, e.EndColumnNumber);
        body["level"] = "message";
        body["importance"] = e.Importance.ToString().ToLowerInvariant();
        body["is_command_line"] = e is TaskCommandLineEventArgs;
        body["is_critical"] = e is CriticalBuildMessageEventArgs;
        channel.Send(request.Id, "log", body);
    }

    // Custom events are for loggers that know them; their text is a message of low importance to the others.
    public void LogCustomEvent(CustomBuildEventArgs e)
    {
        if (!EngineServices.LogsMessagesOfImportance(MessageImportance.Low))
            return;
        channel.Send(request.Id, "log", new JsonObject
        {
            ["level"] = "message", ["importance"] = "low", ["message"] = e.Message ?? "", ["is_command_line"] = false, ["is_critical"] = false,
            ["code"] = "", ["file"] = "", ["subcategory"] = "", ["place"] = new JsonArray(0, 0, 0, 0),
        });
    }

    public void LogTelemetry(string eventName, IDictionary<string, string> properties)
    {
        // Nothing is ever sent anywhere.
    }

    private void Log(string level, BuildEventArgs e, string subcategory, string code, string file, int line, int column, int endLine, int endColumn)
    {
        JsonObject body = Placed(e, subcategory, code, file, line, column, endLine, endColumn);
        body["level"] = level;
        channel.Send(request.Id, "log", body);
    }

    private static JsonObject Placed(BuildEventArgs e, string? subcategory, string? code, string? file, params int[] place) => new()
    {
        ["message"] = e.Message ?? "",
        ["subcategory"] = subcategory ?? "",
        ["code"] = code ?? "",
        ["file"] = file ?? "",
        ["place"] = new JsonArray(place.Select(number => (JsonNode)number).ToArray()),
    };

    public bool ShouldTreatWarningAsError(string warningCode) =>
        channel.Ask(request.Id, "is_error", new JsonObject { ["code"] = warningCode }).GetProperty("value").GetBoolean();

    public IReadOnlyDictionary<string, string> GetGlobalProperties() =>
        context.GetProperty("global_properties").EnumerateObject().ToDictionary(
            property => property.Name, property => property.Value.GetString()!, StringComparer.OrdinalIgnoreCase);

    public bool BuildProjectFile(string projectFileName, string[] targetNames, IDictionary globalProperties, IDictionary targetOutputs) =>
        BuildProjectFile(projectFileName, targetNames, globalProperties, targetOutputs, null!);

    public bool BuildProjectFile(
        string projectFileName, string[] targetNames, IDictionary globalProperties, IDictionary targetOutputs, string toolsVersion) =>
        BuildProjectFilesInParallel([projectFileName], targetNames, [globalProperties], [targetOutputs], [toolsVersion], true, false);

    public bool BuildProjectFilesInParallel(
        string[] projectFileNames, string[] targetNames, IDictionary[] globalProperties, IDictionary[] targetOutputsPerProject,
        string[] toolsVersion, bool useResultsCache, bool unloadProjectsOnCompletion)
    {
        BuildEngineResult result = BuildProjectFilesInParallel(
            projectFileNames, targetNames, globalProperties, null!, toolsVersion, targetOutputsPerProject != null);
        for (int index = 0; targetOutputsPerProject != null && index < result.TargetOutputsPerProject.Count; index++)
        {
            if (targetOutputsPerProject[index] == null)
                continue;
            foreach (KeyValuePair<string, ITaskItem[]> output in result.TargetOutputsPerProject[index])
                targetOutputsPerProject[index][output.Key] = output.Value;
        }
        return result.Result;
    }

    public BuildEngineResult BuildProjectFilesInParallel(
        string[] projectFileNames, string[] targetNames, IDictionary[] globalProperties, IList<string>[] removeGlobalProperties,
        string[] toolsVersion, bool returnTargetOutputs)
    {
        var projects = new JsonArray();
        for (int index = 0; index < projectFileNames.Length; index++)
        {
            var properties = new JsonObject();
            if (globalProperties?[index] is { } given)
            {
                foreach (DictionaryEntry entry in given)
                    properties[(string)entry.Key] = Convert.ToString(entry.Value) ?? "";
            }
            IList<string>? removed = removeGlobalProperties?[index];
            projects.Add(new JsonObject
            {
                ["path"] = projectFileNames[index] ?? "",
                ["properties"] = properties,
                ["removed"] = new JsonArray((removed ?? []).Select(name => (JsonNode)name).ToArray()),
            });
        }
        JsonElement answer = channel.Ask(request.Id, "build", new JsonObject
        {
            ["projects"] = projects,
            ["targets"] = new JsonArray((targetNames ?? []).Select(name => (JsonNode)name).ToArray()),
        });
        TaskRun.Enter(request.Body);
        bool succeeded = answer.GetProperty("succeeded").GetBoolean();
        ChildFailed |= !succeeded;
        return new BuildEngineResult(succeeded, answer.GetProperty("outputs").EnumerateArray().Select(Outputs).ToList());
    }

    private static IDictionary<string, ITaskItem[]> Outputs(JsonElement project)
    {
        var found = new Dictionary<string, ITaskItem[]>(StringComparer.OrdinalIgnoreCase);
        foreach (JsonElement target in project.EnumerateArray())
            found[target[0].GetString()!] = target[1].EnumerateArray().Select(item => (ITaskItem)new EngineItem(item)).ToArray();
        return found;
    }

    public void Yield()
    {
        // The build has no other work for the thread on which this task runs.
    }

    public void Reacquire() => TaskRun.Enter(request.Body);

    public int RequestCores(int requestedCores) => Math.Clamp(requestedCores, 1, Environment.ProcessorCount);

    public void ReleaseCores(int coresToRelease)
    {
        // Cores are asked for and never waited for, so none has to be given back.
    }

    public void RegisterTaskObject(object key, object obj, RegisteredTaskObjectLifetime lifetime, bool allowEarlyCollection) =>
        objects.Of(lifetime).TryAdd(key, obj);

    public object GetRegisteredTaskObject(object key, RegisteredTaskObjectLifetime lifetime) =>
        objects.Of(lifetime).TryGetValue(key, out object? found) ? found : null!;

    public object UnregisterTaskObject(object key, RegisteredTaskObjectLifetime lifetime) =>
        objects.Of(lifetime).TryRemove(key, out object? found) ? found : null!;

    private sealed class Services(int verbosity, bool logsTaskInputs) : EngineServices
    {
#if ENGINE_SERVICES_2
        public override int Version => Version2;

        public override bool IsOutOfProcRarNodeEnabled => false;
#else
        public override int Version => Version1;
#endif

        public override bool LogsMessagesOfImportance(MessageImportance importance) => importance switch
        {
            MessageImportance.High => verbosity >= 1,
            MessageImportance.Normal => verbosity >= 2,
            _ => verbosity >= 3,
        };

        public override bool IsTaskInputLoggingEnabled => logsTaskInputs;
    }
}
