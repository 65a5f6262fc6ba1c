// What tasks print -> frames to the build, in whole writes.
using System.IO;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading;

namespace Aotd.TaskHost;

internal sealed class BuildWriter(Channel channel, string stream) : TextWriter
{
    // The request on whose behalf this thread (and what it starts) runs; 0 when there is none.
    public static readonly AsyncLocal<int> Request = new();

    public override Encoding Encoding => Encoding.UTF8;

    public override void Write(char value) => Write(value.ToString());

    public override void Write(char[] buffer, int index, int count) => Write(new string(buffer, index, count));

    public override void Write(string? value)
    {
        if (!string.IsNullOrEmpty(value))
            channel.Send(Request.Value, "print", new JsonObject { ["stream"] = stream, ["text"] = value });
    }

    public override void WriteLine(string? value) => Write(value + "\n");

    public override void WriteLine() => Write("\n");
}
