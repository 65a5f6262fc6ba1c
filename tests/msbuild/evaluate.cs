using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Build.Evaluation;
using Microsoft.Build.Exceptions;

// Evaluates the projects that a file lists, with MSBuild's own engine: a line of JSON for each. Made once for many, for the start takes longest.
internal static class Evaluate
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static int Main(string[] arguments)
    {
        foreach (var path in File.ReadLines(arguments[0]))
        {
            Directory.SetCurrentDirectory(Path.GetDirectoryName(path)!);
            Console.WriteLine(JsonSerializer.Serialize(Answer(path), Plain));
        }
        return 0;
    }

    private static Dictionary<string, object> Answer(string path)
    {
        using var collection = new ProjectCollection();
        try
        {
            var project = collection.LoadProject(path);
            return new()
            {
                ["properties"] = project.Properties
                    .Where(one => !one.IsEnvironmentProperty && !one.IsReservedProperty && !one.IsGlobalProperty && !one.IsImported)
                    .ToDictionary(one => one.Name, one => one.EvaluatedValue),
                ["items"] = project.Items.Where(one => !one.IsImported).Select(one => new object[]
                {
                    one.ItemType,
                    one.EvaluatedInclude,
                    one.Metadata.OrderBy(m => m.Name, StringComparer.Ordinal).Select(m => m.Name + "=" + m.EvaluatedValue).ToArray(),
                }).ToArray(),
            };
        }
        catch (InvalidProjectFileException error)
        {
            return new() { ["error"] = new object[] { error.ErrorCode ?? "", error.LineNumber, error.ColumnNumber, error.BaseMessage } };
        }
    }
}
