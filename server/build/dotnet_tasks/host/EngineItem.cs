// An item of the project as a task sees it: include and metadata escaped inside, unescaped outside, well-known metadata computed.
using System;
using System.Collections;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

namespace Aotd.TaskHost;

internal sealed class EngineItem : ITaskItem2
{
    private readonly Dictionary<string, string> metadata = new(StringComparer.OrdinalIgnoreCase);
    private readonly string recursiveDir;
    private readonly string definingProject;
    private string include;

    public EngineItem(JsonElement item)
    {
        include = item[0].GetString()!;
        JsonElement pairs = item[1];
        for (int index = 0; index + 1 < pairs.GetArrayLength(); index += 2)
            metadata[pairs[index].GetString()!] = pairs[index + 1].GetString()!;
        recursiveDir = item[2].GetString()!;
        definingProject = item[3].GetString()!;
    }

    // What a task gives out, as the build takes it: the escaped include, then names and escaped values.
    public static JsonNode ToJson(ITaskItem item)
    {
        var second = item as ITaskItem2;
        IDictionary custom = second != null ? second.CloneCustomMetadataEscaped() : item.CloneCustomMetadata();
        var pairs = new JsonArray();
        foreach (object? entry in custom)
        {
            (string? name, string? value) = entry switch
            {
                DictionaryEntry plain => ((string?)plain.Key, (string?)plain.Value),
                KeyValuePair<string, string> typed => (typed.Key, typed.Value),
                _ => (null, null),
            };
            if (string.IsNullOrEmpty(name))
                continue;
            pairs.Add(name);
            pairs.Add(second != null ? value ?? "" : Escaping.Escape(value ?? ""));
        }
        return new JsonArray(second != null ? second.EvaluatedIncludeEscaped : Escaping.Escape(item.ItemSpec), pairs);
    }

    public string ItemSpec
    {
        get => Escaping.Unescape(include);
        set => include = value;
    }

    public string EvaluatedIncludeEscaped
    {
        get => include;
        set => include = value;
    }

    public ICollection MetadataNames => metadata.Keys.Concat(WellKnownMetadata.Names).ToArray();

    public int MetadataCount => metadata.Count + WellKnownMetadata.Names.Count;

    public string GetMetadata(string metadataName) => Escaping.Unescape(GetMetadataValueEscaped(metadataName));

    public string GetMetadataValueEscaped(string metadataName)
    {
        ArgumentException.ThrowIfNullOrEmpty(metadataName);
        if (metadataName.Equals("RecursiveDir", StringComparison.OrdinalIgnoreCase))
            return recursiveDir;
        return WellKnownMetadata.Find(metadataName, include, definingProject)
            ?? (metadata.TryGetValue(metadataName, out string? value) ? value : "");
    }

    public void SetMetadata(string metadataName, string metadataValue)
    {
        ArgumentException.ThrowIfNullOrEmpty(metadataName);
        // What follows from the path stays what it is; MSBuild does not complain.
        if (!WellKnownMetadata.IsDerived(metadataName))
            metadata[metadataName] = metadataValue ?? "";
    }

    public void SetMetadataValueLiteral(string metadataName, string metadataValue) => SetMetadata(metadataName, Escaping.Escape(metadataValue ?? ""));

    public void RemoveMetadata(string metadataName) => metadata.Remove(metadataName);

    // What the destination has already stays; one that is unnamed gets what the copy is of.
    public void CopyMetadataTo(ITaskItem destinationItem)
    {
        string original = destinationItem.GetMetadata("OriginalItemSpec");
        foreach ((string name, string value) in metadata)
        {
            if (!string.IsNullOrEmpty(destinationItem.GetMetadata(name)))
                continue;
            if (destinationItem is ITaskItem2 second)
                second.SetMetadata(name, value);
            else
                destinationItem.SetMetadata(name, Escaping.Unescape(value));
        }
        if (string.IsNullOrEmpty(original))
            destinationItem.SetMetadata("OriginalItemSpec", include);
    }

    public IDictionary CloneCustomMetadata() =>
        metadata.ToDictionary(pair => pair.Key, pair => Escaping.Unescape(pair.Value), StringComparer.OrdinalIgnoreCase);

    public IDictionary CloneCustomMetadataEscaped() => new Dictionary<string, string>(metadata, StringComparer.OrdinalIgnoreCase);

    public override string ToString() => include;
}
