// A request -> the code that answers it, by its verb.
using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Aotd.TaskHost;

internal sealed class Verbs
{
    private readonly Channel channel;
    private readonly TaskTable tasks;
    private readonly string toolsFolder;
    private readonly TaskObjects objects = new();
    private readonly ConcurrentDictionary<int, TaskRun> running = new();

    public Verbs(Channel channel, string[] folders)
    {
        this.channel = channel;
        tasks = new TaskTable(folders);
        toolsFolder = folders.Length > 0 ? folders[0] : "";
        Console.SetOut(new BuildWriter(channel, "out"));
        Console.SetError(new BuildWriter(channel, "err"));
    }

    // Requests that others wait for must not wait for a thread.
    public bool AnswerAtOnce(Request request)
    {
        switch (request.Verb)
        {
            case "reply":
                channel.Reply(request.Body);
                return true;
            case "cancel":
                if (running.TryGetValue(request.Body.GetProperty("request").GetInt32(), out TaskRun? run))
                    new System.Threading.Thread(run.Cancel) { IsBackground = true }.Start();
                return true;
            default:
                return false;
        }
    }

    // Sends exactly one answer, whatever happens.
    public void Answer(Request request)
    {
        JsonObject answer;
        try
        {
            answer = request.Verb switch
            {
                "describe" => tasks.Describe(request, channel),
                "run" => Run(request),
                "loggers" => Loggers(request),
                "end_build" => EndBuild(),
                _ => throw new ArgumentException("unknown verb " + request.Verb),
            };
        }
        catch (Exception exception)
        {
            answer = new JsonObject { ["fault"] = exception.ToString() };
        }
        channel.Send(request.Id, "answer", answer);
    }

    private JsonObject Run(Request request)
    {
        var run = new TaskRun(request, channel, tasks, objects);
        running[request.Id] = run;
        BuildWriter.Request.Value = request.Id;
        try
        {
            return run.Execute();
        }
        finally
        {
            running.TryRemove(request.Id, out _);
        }
    }

    private JsonObject Loggers(Request request)
    {
        BuildWriter.Request.Value = request.Id;
        return LoggerReplay.Run(request, toolsFolder);
    }

    private JsonObject EndBuild()
    {
        objects.EndBuild();
        var loaded = new JsonArray();
        foreach ((string path, long ticks) in TaskLoadContext.Loaded)
            loaded.Add(new JsonArray(path, ticks));
        return new JsonObject { ["loaded"] = loaded };
    }
}
