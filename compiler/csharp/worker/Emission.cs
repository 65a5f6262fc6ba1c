// A project's compilation -> its PE image, its portable PDB and its diagnostics.
using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Emit;
using Microsoft.CodeAnalysis.Text;

namespace Aotd.Worker;

// One emission. The streams hold what the last attempt wrote.
internal sealed class Emission(Project project, CancellationToken cancellation)
{
    private readonly CSharpCommandLineArguments arguments = project.Arguments;
    // What could not be read for the last attempt, which was made without it.
    private readonly List<Finding> unreadable = [];
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
            WriteGenerated(answer);
            new CompilerRun(project, Attempt, unreadable, cancellation).Write(answer, findings, () => WriteImages(answer));
            return;
        }
        findings.AddRange(project.Reported);
        EmitResult result = Attempt(project.Generated);
        findings.AddRange(result.Diagnostics.OrderBy(Finding.Order).Select(Finding.From));
        if (result.Success)
            findings.AddRange(unreadable);
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
        unreadable.Clear();
        image = new MemoryStream();
        symbols = new MemoryStream();
        documentation = new MemoryStream();
        referenceImage = new MemoryStream();
        EmitOptions options = arguments.EmitOptions
            .WithOutputNameOverride(arguments.OutputFileName)
            .WithPdbFilePath(MapPath(arguments.GetPdbFilePath(arguments.OutputFileName!)));
        bool needsSymbols = arguments.EmitPdb && options.DebugInformationFormat == DebugInformationFormat.PortablePdb;
        using Stream? win32Resources = Win32Resources(compilation);
        using Stream? sourceLink = Open(arguments.SourceLink, "CS0016", "Could not write to output file '{0}' -- '{1}'");
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

    private Stream? Win32Resources(CSharpCompilation compilation)
    {
        if (arguments.Win32ResourceFile is not null)
            return Open(arguments.Win32ResourceFile, "CS1719", "Error opening Win32 resource file '{0}' -- '{1}'");
        using Stream? manifest = Open(arguments.Win32Manifest, "CS1926", "Error opening Win32 manifest file {0} -- {1}");
        using Stream? icon = Open(arguments.Win32Icon, "CS7064", "Error opening icon file {0} -- {1}");
        try
        {
            return compilation.CreateDefaultWin32Resources(versionResource: true, arguments.NoWin32Manifest, manifest, icon);
        }
        // Roslyn's exception for icons that are none is not public.
        catch (Exception exception) when (exception is IOException || exception.GetType().Name == "ResourceException")
        {
            unreadable.Add(Finding.Error("CS7065", $"Error building Win32 resources -- {exception.Message}"));
            return null;
        }
    }

    // The file, or null where there is none or it cannot be read, which `text` then says of path and reason.
    private FileStream? Open(string? written, string code, string text)
    {
        if (written is null)
            return null;
        string path = Path.GetFullPath(written, arguments.BaseDirectory!);
        try
        {
            return File.OpenRead(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            unreadable.Add(Finding.Error(code, string.Format(CultureInfo.InvariantCulture, text, path, exception.Message)));
            return null;
        }
    }

    // The texts of /embed files, of all sources with a bare /embed, and of generated sources, which no file has.
    private List<EmbeddedText>? EmbeddedTexts(CSharpCompilation compilation)
    {
        if (!arguments.EmitPdb)
            return null;
        HashSet<string> asked = arguments.EmbeddedFiles.Select(file => file.Path).ToHashSet();
        List<EmbeddedText> texts = compilation.SyntaxTrees
            .Where(tree => project.EmbedsSources || asked.Contains(tree.FilePath) || !project.IsOwn(tree))
            .Select(tree => Embedded(tree.FilePath, tree.GetText()))
            .ToList();
        foreach (string path in asked.Except(compilation.SyntaxTrees.Select(tree => tree.FilePath)))
        {
            using FileStream? file = Open(path, "CS2001", "Source file '{0}' could not be found.");
            if (file is not null)
                texts.Add(EmbeddedText.FromStream(path, file, arguments.ChecksumAlgorithm));
        }
        return texts;
    }

    // Texts of sources are not made to be embedded, which would cost every compilation: their bytes are those that came along.
    private static EmbeddedText Embedded(string path, SourceText text) => text.CanBeEmbedded
        ? EmbeddedText.FromSource(path, text)
        : EmbeddedText.FromBytes(path, (text.Encoding ?? Encoding.UTF8).GetBytes(text.ToString()), text.ChecksumAlgorithm);

    // What generators added, for /generatedfilesout: pairs of a path and a blob's number.
    private void WriteGenerated(Answer answer)
    {
        answer.Json.WriteStartArray("generated");
        if (arguments.GeneratedFilesOutputDirectory is { Length: > 0 } folder)
        {
            foreach (SyntaxTree tree in project.Generated.SyntaxTrees.Where(tree => !project.IsOwn(tree)))
            {
                var content = new MemoryStream();
                using (var writer = new StreamWriter(content, tree.Encoding ?? Encoding.UTF8, leaveOpen: true))
                    tree.GetText(cancellation).Write(writer, cancellation);
                answer.Json.WriteStartArray();
                answer.Json.WriteStringValue(Path.Combine(folder, tree.FilePath));
                answer.Json.WriteNumberValue(answer.AddBlob(content.GetBuffer().AsMemory(0, (int)content.Length)));
                answer.Json.WriteEndArray();
            }
        }
        answer.Json.WriteEndArray();
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
