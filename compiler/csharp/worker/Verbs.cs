// A request -> the code that answers it, by the name of its verb.
using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Security.Cryptography;

namespace Aotd.Worker;

internal sealed class Verbs
{
    private readonly Dictionary<string, Action<Frame, Answer>> table;
    private readonly ConcurrentDictionary<string, Project> projects = new();
    private readonly References references = new();

    public Verbs()
    {
        table = new()
        {
            ["compile"] = (frame, answer) => Compile(frame, answer),
            ["close"] = (frame, _) => projects.TryRemove(frame.Body.GetProperty("project").GetString()!, out Project? _),
            ["describe"] = (_, answer) => Describe(answer),
        };
    }

    // Writes exactly one answer, whatever happens: an exception becomes an answer that is not ok.
    public void Answer(Frame frame, FrameWriter writer)
    {
        Answer answer;
        try
        {
            answer = new Answer(frame.Id, ok: true);
            if (!table.TryGetValue(frame.Verb, out Action<Frame, Answer>? verb))
                throw new ArgumentException("unknown verb " + frame.Verb);
            verb(frame, answer);
        }
        catch (Exception exception)
        {
            answer = new Answer(frame.Id, ok: false);
            answer.Json.WriteString("type", exception.GetType().FullName);
            answer.Json.WriteString("message", exception.Message);
            answer.Json.WriteString("trace", exception.ToString());
        }
        writer.Write(answer);
    }

    // Requests for one project are answered one after the other, those for different ones at once.
    private void Compile(Frame frame, Answer answer)
    {
        Project project = projects.GetOrAdd(frame.Body.GetProperty("project").GetString()!, _ => new Project(references));
        lock (project)
        {
            project.Update(frame, id => projects.TryGetValue(id, out Project? other) ? other?.Generated : null);
            new Emission(project).Write(answer, frame.Body.GetProperty("despite_errors").GetBoolean());
        }
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
