// A project's compilation -> its PE image, its portable PDB and its diagnostics.
using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.IO;
using System.Linq;
using System.Threading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Emit;

namespace Aotd.Worker;

// One emission. The streams hold what the last attempt wrote.
internal sealed class Emission(Project project, CancellationToken cancellation)
{
    private readonly CSharpCommandLineArguments arguments = project.Arguments;
    private MemoryStream image = new();
    private MemoryStream symbols = new();
    private MemoryStream documentation = new();
    private MemoryStream referenceImage = new();

    // Writes the findings; and the images, when there is no error or when the broken bodies could be replaced.
    public void Write(Answer answer, bool despiteErrors, bool asCsc)
    {
        List<Finding> findings = project.Findings.ToList();
        if (asCsc)
        {
            new CompilerRun(project, Attempt, cancellation).Write(answer, findings, () => WriteImages(answer));
            return;
        }
        findings.AddRange(project.Reported);
        EmitResult result = Attempt(project.Generated);
        findings.AddRange(result.Diagnostics.OrderBy(Finding.Order).Select(Finding.From));
        if (!result.Success && !project.HasGenerators)
            findings.AddRange(MissingGenerators.Explain(project.Generated, result.Diagnostics.OrderBy(Finding.Order)));
        Finding.Write(answer.Json, findings);
        if (result.Success && findings.All(finding => finding.Severity != DiagnosticSeverity.Error))
        {
            WriteImages(answer);
        }
        else if (despiteErrors)
        {
            var repair = new Repair();
            if (repair.Run(project.Generated, result.Diagnostics, AttemptAgain))
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
        using Stream win32Resources = Win32Resources(compilation);
        using Stream? sourceLink = arguments.SourceLink is null ? null : File.OpenRead(arguments.SourceLink);
        return compilation.Emit(
            image,
            needsSymbols ? symbols : null,
            arguments.DocumentationPath is null ? null : documentation,
            win32Resources,
            arguments.ManifestResources,
            options,
            sourceLinkStream: needsSymbols || options.DebugInformationFormat == DebugInformationFormat.Embedded ? sourceLink : null,
            embeddedTexts: EmbeddedTexts(compilation),
            metadataPEStream: arguments.OutputRefFilePath is null ? null : referenceImage,
            cancellationToken: cancellation);
    }

    private Stream Win32Resources(CSharpCompilation compilation)
    {
        if (arguments.Win32ResourceFile is not null)
            return File.OpenRead(arguments.Win32ResourceFile);
        using Stream? manifest = arguments.Win32Manifest is null ? null : File.OpenRead(arguments.Win32Manifest);
        using Stream? icon = arguments.Win32Icon is null ? null : File.OpenRead(arguments.Win32Icon);
        return compilation.CreateDefaultWin32Resources(versionResource: true, arguments.NoWin32Manifest, manifest, icon);
    }

    // The texts of /embed files, and of generated sources, which no file has.
    private IEnumerable<EmbeddedText>? EmbeddedTexts(CSharpCompilation compilation)
    {
        if (!arguments.EmitPdb)
            return null;
        HashSet<string> asked = arguments.EmbeddedFiles.Select(file => file.Path).ToHashSet();
        return compilation.SyntaxTrees
            .Where(tree => asked.Contains(tree.FilePath) || !project.IsOwn(tree))
            .Where(tree => tree.GetText().CanBeEmbedded)
            .Select(tree => EmbeddedText.FromSource(tree.FilePath, tree.GetText()));
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
}
