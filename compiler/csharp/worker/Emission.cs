// A project's compilation -> its PE image, its portable PDB and its diagnostics.
using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.IO;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Emit;

namespace Aotd.Worker;

// One emission. The streams hold what the last attempt wrote.
internal sealed class Emission(Project project)
{
    private readonly CSharpCommandLineArguments arguments = project.Arguments;
    private MemoryStream image = new();
    private MemoryStream symbols = new();
    private MemoryStream documentation = new();
    private MemoryStream referenceImage = new();

    // Writes the findings; and the images, when there is no error or when the broken bodies could be replaced.
    public void Write(Answer answer, bool despiteErrors)
    {
        List<Finding> findings = project.Findings.ToList();
        EmitResult result = Attempt(project.Compilation);
        findings.AddRange(result.Diagnostics.OrderBy(Order).Select(Finding.From));
        Finding.Write(answer.Json, findings);
        if (result.Success && findings.All(finding => finding.Severity != DiagnosticSeverity.Error))
        {
            WriteImages(answer);
        }
        else if (despiteErrors)
        {
            var repair = new Repair();
            if (repair.Run(project.Compilation, result.Diagnostics, AttemptAgain))
                WriteImages(answer);
            WriteReplaced(answer, repair);
        }
    }

    private ImmutableArray<Diagnostic>? AttemptAgain(CSharpCompilation compilation)
    {
        EmitResult result = Attempt(compilation);
        return result.Success ? null : result.Diagnostics;
    }

    private EmitResult Attempt(CSharpCompilation compilation)
    {
        image = new MemoryStream();
        symbols = new MemoryStream();
        documentation = new MemoryStream();
        referenceImage = new MemoryStream();
        EmitOptions options = arguments.EmitOptions
            .WithOutputNameOverride(arguments.OutputFileName)
            .WithPdbFilePath(MapPath(arguments.GetPdbFilePath(arguments.OutputFileName!)));
        bool needsSymbols = arguments.EmitPdb && options.DebugInformationFormat == DebugInformationFormat.PortablePdb;
        using Stream win32Resources = compilation.CreateDefaultWin32Resources(
            versionResource: true, noManifest: arguments.NoWin32Manifest, manifestContents: null, iconInIcoFormat: null);
        return compilation.Emit(
            image,
            needsSymbols ? symbols : null,
            arguments.DocumentationPath is null ? null : documentation,
            win32Resources,
            arguments.ManifestResources,
            options,
            metadataPEStream: arguments.OutputRefFilePath is null ? null : referenceImage);
    }

    private void WriteImages(Answer answer)
    {
        WriteImage(answer, "image", image);
        WriteImage(answer, "symbols", symbols);
        WriteImage(answer, "documentation", documentation);
        WriteImage(answer, "reference_image", referenceImage);
    }

    private static void WriteImage(Answer answer, string name, MemoryStream content)
    {
        if (content.Length > 0)
            answer.Json.WriteNumber(name, answer.AddBlob(content.GetBuffer().AsMemory(0, (int)content.Length)));
    }

    private static void WriteReplaced(Answer answer, Repair repair)
    {
        answer.Json.WriteStartArray("replaced");
        foreach (FileLinePositionSpan span in repair.Replaced)
        {
            answer.Json.WriteStartArray();
            answer.Json.WriteStringValue(span.Path);
            answer.Json.WriteNumberValue(span.StartLinePosition.Line + 1);
            answer.Json.WriteNumberValue(span.StartLinePosition.Character + 1);
            answer.Json.WriteNumberValue(span.EndLinePosition.Line + 1);
            answer.Json.WriteNumberValue(span.EndLinePosition.Character + 1);
            answer.Json.WriteEndArray();
        }
        answer.Json.WriteEndArray();
    }

    // The path as /pathmap shows it: the first prefix that fits is replaced.
    private string MapPath(string path)
    {
        foreach (KeyValuePair<string, string> pair in arguments.PathMap)
        {
            if (path.StartsWith(pair.Key, StringComparison.Ordinal))
                return pair.Value + path[pair.Key.Length..];
        }
        return path;
    }

    // By file and place, then by code: the order of threads must not show.
    private static (string, int, int, string) Order(Diagnostic diagnostic) =>
        (diagnostic.Location.SourceTree?.FilePath ?? "", diagnostic.Location.SourceSpan.Start, diagnostic.Location.SourceSpan.End, diagnostic.Id);
}
