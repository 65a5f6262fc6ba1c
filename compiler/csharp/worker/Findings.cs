// Roslyn's diagnostics <-> rows of the answer.
using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Globalization;
using System.Linq;
using System.Text.Json;
using System.Threading;
using Microsoft.CodeAnalysis;

namespace Aotd.Worker;

// One diagnostic as it is sent. Lines and columns count from 1; 0 when there is no place.
internal sealed record Finding(
    string Code, DiagnosticSeverity Severity, string Message, string Path, int Line, int Column, int EndLine, int EndColumn)
{
    public static Finding Error(string code, string message) => new(code, DiagnosticSeverity.Error, message, "", 0, 0, 0, 0);

    public static Finding Warning(string code, string message) => new(code, DiagnosticSeverity.Warning, message, "", 0, 0, 0, 0);

    public static Finding From(Diagnostic diagnostic)
    {
        string message = diagnostic.GetMessage(CultureInfo.InvariantCulture);
        if (!diagnostic.Location.IsInSource && diagnostic.Location.Kind != LocationKind.ExternalFile)
            return new Finding(diagnostic.Id, diagnostic.Severity, message, "", 0, 0, 0, 0);
        // The mapped span follows #line directives, as the compiler's own output does.
        FileLinePositionSpan span = diagnostic.Location.GetMappedLineSpan();
        return new Finding(
            diagnostic.Id, diagnostic.Severity, message, span.Path,
            span.StartLinePosition.Line + 1, span.StartLinePosition.Character + 1,
            span.EndLinePosition.Line + 1, span.EndLinePosition.Character + 1);
    }

    // By file and place, then by code: the order of threads must not show.
    public static (string, int, int, string, string) Order(Diagnostic diagnostic)
    {
        Location place = diagnostic.Location;
        string message = diagnostic.GetMessage(CultureInfo.InvariantCulture);
        return (place.SourceTree?.FilePath ?? "", place.SourceSpan.Start, place.SourceSpan.End, diagnostic.Id, message);
    }

    // Rows in the order of the findings: [code, severity, message, path, line, column, end line, end column].
    public static void Write(Utf8JsonWriter json, IEnumerable<Finding> findings)
    {
        json.WriteStartArray("diagnostics");
        foreach (Finding finding in findings)
            WriteOne(json, finding);
        json.WriteEndArray();
    }

    public static void WriteOne(Utf8JsonWriter json, string name, Finding finding)
    {
        json.WritePropertyName(name);
        WriteOne(json, finding);
    }

    public static void WriteOne(Utf8JsonWriter json, Finding finding)
    {
        json.WriteStartArray();
        json.WriteStringValue(finding.Code);
        json.WriteStringValue(finding.Severity.ToString());
        json.WriteStringValue(finding.Message);
        json.WriteStringValue(finding.Path);
        json.WriteNumberValue(finding.Line);
        json.WriteNumberValue(finding.Column);
        json.WriteNumberValue(finding.EndLine);
        json.WriteNumberValue(finding.EndColumn);
        json.WriteEndArray();
    }
}

// Severities and `generated_code` of .editorconfig and .globalconfig files, tree by tree.
internal sealed class ConfiguredTrees(AnalyzerConfigSet configs) : SyntaxTreeOptionsProvider
{
    public override GeneratedKind IsGenerated(SyntaxTree tree, CancellationToken cancellationToken)
    {
        ImmutableDictionary<string, string> options = configs.GetOptionsForSourcePath(tree.FilePath).AnalyzerOptions;
        if (!options.TryGetValue("generated_code", out string? text) || !bool.TryParse(text, out bool isGenerated))
            return GeneratedKind.Unknown;
        return isGenerated ? GeneratedKind.MarkedGenerated : GeneratedKind.NotGenerated;
    }

    public override bool TryGetDiagnosticValue(
        SyntaxTree tree, string diagnosticId, CancellationToken cancellationToken, out ReportDiagnostic severity) =>
        configs.GetOptionsForSourcePath(tree.FilePath).TreeOptions.TryGetValue(diagnosticId, out severity);

    public override bool TryGetGlobalDiagnosticValue(
        string diagnosticId, CancellationToken cancellationToken, out ReportDiagnostic severity) =>
        configs.GlobalConfigOptions.TreeOptions.TryGetValue(diagnosticId, out severity);
}
