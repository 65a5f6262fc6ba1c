// A request -> the code that answers it, by the name of its verb.
using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Text.Json;
using System.Threading;

namespace Aotd.Worker;

internal sealed class Verbs
{
    private readonly Dictionary<string, Action<Frame, Answer, CancellationToken>> table;
    private readonly ConcurrentDictionary<int, CancellationTokenSource> running = new();
    private readonly ConcurrentDictionary<string, Project> projects = new();
    private readonly References references = new();
    private readonly AnalyzerLoaders loaders = new();

    public Verbs()
    {
        table = new()
        {
            ["compile"] = Compile,
            ["places"] = WritePlaces,
            ["cancel"] = (frame, _, _) => Cancel(frame.Body.GetProperty("request").GetInt32()),
            ["close"] = (frame, _, _) => projects.TryRemove(frame.Body.GetProperty("project").GetString()!, out Project? _),
            ["describe"] = (_, answer, _) => Describe(answer),
        };
    }

    public CancellationTokenSource Begin(Frame frame) => running[frame.Id] = new CancellationTokenSource();

    // Writes exactly one answer, whatever happens: an exception becomes an answer that is not ok.
    public void Answer(Frame frame, FrameWriter writer, CancellationTokenSource cancellation)
    {
        Answer answer;
        try
        {
            answer = new Answer(frame.Id, ok: true);
            if (!table.TryGetValue(frame.Verb, out Action<Frame, Answer, CancellationToken>? verb))
                throw new ArgumentException("unknown verb " + frame.Verb);
            verb(frame, answer, cancellation.Token);
        }
        catch (Exception exception)
        {
            answer = new Answer(frame.Id, ok: false);
            Type type = exception is OperationCanceledException ? typeof(OperationCanceledException) : exception.GetType();
            answer.Json.WriteString("type", type.FullName);
            answer.Json.WriteString("message", exception.Message);
            answer.Json.WriteString("trace", exception.ToString());
        }
        finally
        {
            lock (running)
            {
                running.TryRemove(frame.Id, out CancellationTokenSource? _);
                cancellation.Dispose();
            }
        }
        writer.Write(answer);
    }

    // The lock keeps the source from being disposed of between the look and the call.
    private void Cancel(int id)
    {
        lock (running)
        {
            if (running.TryGetValue(id, out CancellationTokenSource? cancellation))
                cancellation.Cancel();
        }
    }

    // Requests for one project are answered one after the other, those for different ones at once.
    private void Compile(Frame frame, Answer answer, CancellationToken cancellation)
    {
        Project project = projects.GetOrAdd(frame.Body.GetProperty("project").GetString()!, _ => new Project(references, loaders));
        lock (project)
        {
            project.Update(frame, id => projects.TryGetValue(id, out Project? other) ? other?.Generated : null);
            project.Generate(cancellation);
            new Emission(project, cancellation).Write(answer, frame.Body.GetProperty("despite_errors").GetBoolean(), frame.Body.GetProperty("as_csc").GetBoolean());
        }
    }

    // The state of the last compile request; `paths` null means all files.
    private void WritePlaces(Frame frame, Answer answer, CancellationToken cancellation)
    {
        if (!projects.TryGetValue(frame.Body.GetProperty("project").GetString()!, out Project? project))
            throw new ArgumentException("unknown project");
        JsonElement paths = frame.Body.GetProperty("paths");
        HashSet<string>? wanted = paths.ValueKind == JsonValueKind.Null ? null : paths.EnumerateArray().Select(path => path.GetString()!).ToHashSet();
        lock (project)
            Places.Write(project.Generated, wanted, answer.Json, cancellation);
    }

    // Hashes once, because that is where a missing OpenSSL shows.
    private static void Describe(Answer answer)
    {
        SHA256.HashData([]);
        Version? roslyn = typeof(Microsoft.CodeAnalysis.Compilation).Assembly.GetName().Version;
        answer.Json.WriteString("roslyn", roslyn?.ToString());
        answer.Json.WriteString("runtime", Environment.Version.ToString());
        answer.Json.WriteNumber("process", Environment.ProcessId);
    }
}
