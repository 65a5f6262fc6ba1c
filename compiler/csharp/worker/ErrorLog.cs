// Diagnostics and rules of a compilation -> rows for the log of /errorlog, which holds suppressed ones, too.
using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Globalization;
using System.Linq;
using System.Text.Json;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Aotd.Worker;

internal static class ErrorLog
{
    // `results` in the order of the diagnostics, `rules` in the order in which results name them, then those that analyzers have besides.
    public static void Write(Utf8JsonWriter json, Compilation compilation, IReadOnlyList<Diagnostic> diagnostics, IReadOnlyList<DiagnosticDescriptor> rules)
    {
        json.WriteStartArray("results");
        foreach (Diagnostic diagnostic in diagnostics)
            WriteResult(json, compilation, diagnostic);
        json.WriteEndArray();
        json.WriteStartArray("rules");
        foreach (DiagnosticDescriptor rule in diagnostics.Select(diagnostic => diagnostic.Descriptor).Concat(rules).DistinctBy(rule => rule.Id))
            WriteRule(json, rule);
        json.WriteEndArray();
    }

    private static void WriteResult(Utf8JsonWriter json, Compilation compilation, Diagnostic diagnostic)
    {
        json.WriteStartObject();
        Finding.WriteOne(json, "finding", Finding.From(diagnostic));
        json.WriteNumber("level", diagnostic.WarningLevel);
        json.WriteStartObject("properties");
        foreach (KeyValuePair<string, string?> pair in diagnostic.Properties.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            json.WriteString(pair.Key, pair.Value ?? "");
        json.WriteEndObject();
        json.WriteStartArray("related");
        foreach (Location place in diagnostic.AdditionalLocations.Where(place => place.IsInSource))
            Finding.WriteOne(json, Finding.From(Diagnostic.Create("0", "", "", DiagnosticSeverity.Info, DiagnosticSeverity.Info, true, 1, location: place)));
        json.WriteEndArray();
        if (diagnostic.IsSuppressed)
        {
            // An attribute's justification; pragmas and suppressors come without one that can be asked for.
            SuppressionInfo? suppression = diagnostic.GetSuppressionInfo(compilation);
            AttributeData? attribute = suppression?.Attribute;
            json.WriteString("suppression", attribute is null ? "Pragma Directive" : "SuppressMessageAttribute");
            if (attribute?.NamedArguments.FirstOrDefault(pair => pair.Key == "Justification").Value.Value is string justification)
                json.WriteString("justification", justification);
        }
        json.WriteEndObject();
    }

    private static void WriteRule(Utf8JsonWriter json, DiagnosticDescriptor rule)
    {
        json.WriteStartObject();
        json.WriteString("id", rule.Id);
        json.WriteString("title", rule.Title.ToString(CultureInfo.InvariantCulture));
        json.WriteString("description", rule.Description.ToString(CultureInfo.InvariantCulture));
        json.WriteString("help", rule.HelpLinkUri);
        json.WriteString("category", rule.Category);
        json.WriteString("severity", rule.DefaultSeverity.ToString());
        json.WriteBoolean("enabled", rule.IsEnabledByDefault);
        json.WriteStartArray("tags");
        foreach (string tag in rule.CustomTags)
            json.WriteStringValue(tag);
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
