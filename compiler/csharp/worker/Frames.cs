// Bytes of a pipe <-> requests and answers.
// A frame is: u32 length of all that follows, u32 length of the header, the header (a JSON object, UTF-8), then the
// blobs one after the other. Numbers are little-endian; `blobs` in the header has the length of each blob in bytes.
using System;
using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Text.Json;

namespace Aotd.Worker;

// A request as it was read: its number, its verb, its body and its blobs (slices of one array).
internal sealed class Frame
{
    public required int Id { get; init; }
    public required string Verb { get; init; }
    public required JsonElement Body { get; init; }
    public required ReadOnlyMemory<byte>[] Blobs { get; init; }

    // The next frame, or null at the end of the input (also in the middle of a frame: the client is gone).
    public static Frame? Read(Stream input)
    {
        var prefix = new byte[4];
        if (input.ReadAtLeast(prefix, 4, throwOnEndOfStream: false) < 4)
            return null;
        var content = new byte[BinaryPrimitives.ReadInt32LittleEndian(prefix)];
        if (input.ReadAtLeast(content, content.Length, throwOnEndOfStream: false) < content.Length)
            return null;
        int headerLength = BinaryPrimitives.ReadInt32LittleEndian(content);
        JsonElement header = JsonDocument.Parse(content.AsMemory(4, headerLength)).RootElement;
        var blobs = new List<ReadOnlyMemory<byte>>();
        int offset = 4 + headerLength;
        foreach (JsonElement length in header.GetProperty("blobs").EnumerateArray())
        {
            blobs.Add(content.AsMemory(offset, length.GetInt32()));
            offset += length.GetInt32();
        }
        return new Frame
        {
            Id = header.GetProperty("id").GetInt32(),
            Verb = header.GetProperty("verb").GetString()!,
            Body = header.GetProperty("body"),
            Blobs = blobs.ToArray(),
        };
    }
}

// An answer under construction. The body is written by the verb; blobs are numbered in the order of adding.
internal sealed class Answer
{
    private readonly ArrayBufferWriter<byte> header = new();
    private readonly List<ReadOnlyMemory<byte>> blobs = new();

    public Answer(int id, bool ok)
    {
        Json = new Utf8JsonWriter(header);
        Json.WriteStartObject();
        Json.WriteNumber("id", id);
        Json.WriteBoolean("ok", ok);
        Json.WriteStartObject("body");
    }

    // Stands inside the object `body`.
    public Utf8JsonWriter Json { get; }

    public int AddBlob(ReadOnlyMemory<byte> content)
    {
        blobs.Add(content);
        return blobs.Count - 1;
    }

    public void WriteTo(Stream output)
    {
        Json.WriteEndObject();
        Json.WriteStartArray("blobs");
        long total = 4;
        foreach (ReadOnlyMemory<byte> blob in blobs)
        {
            Json.WriteNumberValue(blob.Length);
            total += blob.Length;
        }
        Json.WriteEndArray();
        Json.WriteEndObject();
        Json.Flush();
        var prefix = new byte[8];
        BinaryPrimitives.WriteInt32LittleEndian(prefix, checked((int)(total + header.WrittenCount)));
        BinaryPrimitives.WriteInt32LittleEndian(prefix.AsSpan(4), header.WrittenCount);
        output.Write(prefix);
        output.Write(header.WrittenSpan);
        foreach (ReadOnlyMemory<byte> blob in blobs)
            output.Write(blob.Span);
        output.Flush();
    }
}

// The one writer of standard output; answers of different threads do not mix.
internal sealed class FrameWriter(Stream output)
{
    private readonly object gate = new();

    public void Write(Answer answer)
    {
        lock (gate)
            answer.WriteTo(output);
    }
}
