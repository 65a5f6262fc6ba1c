// Bytes of the pipes <-> requests, answers and questions to the build.
// A frame is: u32 length of all that follows, u32 length of the header, the header (a JSON object, UTF-8). Numbers are little-endian.
// A frame to the build has the number of the request that it belongs to; its body's `kind` is `answer` for the last one of a request.
using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Tasks;

namespace Aotd.TaskHost;

internal sealed record Request(int Id, string Verb, JsonElement Body);

internal sealed class Channel(Stream input, Stream output)
{
    private static readonly JsonSerializerOptions s_json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly object gate = new();
    private readonly Dictionary<int, TaskCompletionSource<JsonElement>> questions = new();
    private int lastQuestion;

    // The next request, or null at the end of the input (also in the middle of a frame: the build is gone).
    public Request? Read()
    {
        var prefix = new byte[4];
        if (input.ReadAtLeast(prefix, 4, throwOnEndOfStream: false) < 4)
            return null;
        var content = new byte[BinaryPrimitives.ReadInt32LittleEndian(prefix)];
        if (input.ReadAtLeast(content, content.Length, throwOnEndOfStream: false) < content.Length)
            return null;
        int length = BinaryPrimitives.ReadInt32LittleEndian(content);
        JsonElement header = JsonDocument.Parse(content.AsMemory(4, length)).RootElement;
        return new Request(header.GetProperty("id").GetInt32(), header.GetProperty("verb").GetString()!, header.GetProperty("body"));
    }

    public void Send(int id, string kind, JsonObject body)
    {
        body["kind"] = kind;
        var header = new JsonObject { ["id"] = id, ["ok"] = true, ["body"] = body, ["blobs"] = new JsonArray() };
        byte[] text = JsonSerializer.SerializeToUtf8Bytes(header, s_json);
        var frame = new byte[8 + text.Length];
        BinaryPrimitives.WriteInt32LittleEndian(frame, 4 + text.Length);
        BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(4), text.Length);
        text.CopyTo(frame, 8);
        lock (gate)
        {
            output.Write(frame);
            output.Flush();
        }
    }

    // Asks the build something on behalf of a request and waits for the reply.
    public JsonElement Ask(int id, string kind, JsonObject body)
    {
        var reply = new TaskCompletionSource<JsonElement>(TaskCreationOptions.RunContinuationsAsynchronously);
        int question;
        lock (questions)
            questions[question = ++lastQuestion] = reply;
        body["question"] = question;
        Send(id, kind, body);
        return reply.Task.GetAwaiter().GetResult();
    }

    public void Reply(JsonElement body)
    {
        TaskCompletionSource<JsonElement>? reply;
        lock (questions)
            questions.Remove(body.GetProperty("question").GetInt32(), out reply);
        reply?.SetResult(body);
    }
}
