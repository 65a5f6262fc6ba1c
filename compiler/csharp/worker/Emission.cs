// A project's compilation -> its PE image, its portable PDB and its diagnostics.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Emit;

namespace Aotd.Worker;

internal static class Emission
{
    // Writes the findings, and the images unless there is an error.
    public static void Emit(Project project, Answer answer)
    {
        List<Finding> findings = project.Findings.ToList();
        var image = new MemoryStream();
        var symbols = new MemoryStream();
        EmitResult result = EmitTo(project, project.Compilation, image, symbols);
        findings.AddRange(result.Diagnostics.OrderBy(Order).Select(Finding.From));
        bool hasError = !result.Success || findings.Any(finding => finding.Severity == DiagnosticSeverity.Error);
        Finding.Write(answer.Json, findings);
        if (hasError)
            return;
        answer.Json.WriteNumber("image", answer.AddBlob(image.GetBuffer().AsMemory(0, (int)image.Length)));
        if (symbols.Length > 0)
            answer.Json.WriteNumber("symbols", answer.AddBlob(symbols.GetBuffer().AsMemory(0, (int)symbols.Length)));
    }

    private static EmitResult EmitTo(Project project, CSharpCompilation compilation, Stream image, Stream symbols)
    {
        CSharpCommandLineArguments arguments = project.Arguments;
        EmitOptions options = arguments.EmitOptions
            .WithOutputNameOverride(arguments.OutputFileName)
            .WithPdbFilePath(MapPath(arguments, arguments.GetPdbFilePath(arguments.OutputFileName!)));
        bool needsSymbols = arguments.EmitPdb && options.DebugInformationFormat == DebugInformationFormat.PortablePdb;
        using Stream win32Resources = compilation.CreateDefaultWin32Resources(
            versionResource: true, noManifest: arguments.NoWin32Manifest, manifestContents: null, iconInIcoFormat: null);
        return compilation.Emit(
            image, needsSymbols ? symbols : null, null, win32Resources, arguments.ManifestResources, options);
    }

    // The path as /pathmap shows it: the first prefix that fits is replaced.
    private static string MapPath(CSharpCommandLineArguments arguments, string path)
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
