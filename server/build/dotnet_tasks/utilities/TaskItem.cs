// An item that a task makes. Its spec and metadata are taken as escaped and given out unescaped.
using System;
using System.Collections;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Microsoft.Build.Framework;

namespace Microsoft.Build.Utilities;

public sealed class TaskItem : ITaskItem2
{
    private readonly Dictionary<string, string> metadata = new(StringComparer.OrdinalIgnoreCase);
    private readonly string definingProject = "";
    private string spec = "";

    public TaskItem()
    {
    }

    public TaskItem(string itemSpec)
    {
        ArgumentNullException.ThrowIfNull(itemSpec);
        spec = WithSlashes(itemSpec);
    }

    public TaskItem(string itemSpec, bool treatAsFilePath)
    {
        ArgumentNullException.ThrowIfNull(itemSpec);
        spec = treatAsFilePath ? WithSlashes(itemSpec) : itemSpec;
    }

    public TaskItem(string itemSpec, IDictionary itemMetadata) : this(itemSpec)
    {
        ArgumentNullException.ThrowIfNull(itemMetadata);
        foreach (DictionaryEntry pair in itemMetadata)
        {
            string name = (string)pair.Key;
            if (!WellKnownMetadata.IsDerived(name))
                metadata[name] = (string?)pair.Value ?? "";
        }
    }

    public TaskItem(ITaskItem sourceItem)
    {
        ArgumentNullException.ThrowIfNull(sourceItem);
        if (sourceItem is ITaskItem2 second)
        {
            spec = second.EvaluatedIncludeEscaped;
            definingProject = second.GetMetadataValueEscaped("DefiningProjectFullPath");
        }
        else
        {
            spec = Escaping.Escape(sourceItem.ItemSpec);
            definingProject = Escaping.Escape(sourceItem.GetMetadata("DefiningProjectFullPath"));
        }
        sourceItem.CopyMetadataTo(this);
    }

    public string ItemSpec
    {
        get => Escaping.Unescape(spec);
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            spec = WithSlashes(value);
        }
    }

    string ITaskItem2.EvaluatedIncludeEscaped
    {
        get => spec;
        set => spec = WithSlashes(value);
    }

    public ICollection MetadataNames => metadata.Keys.Concat(WellKnownMetadata.Names).ToArray();

    public int MetadataCount => metadata.Count + WellKnownMetadata.Names.Count;

    public void RemoveMetadata(string metadataName)
    {
        ArgumentNullException.ThrowIfNull(metadataName);
        RefuseDerived(metadataName);
        metadata.Remove(metadataName);
    }

    public void SetMetadata(string metadataName, string metadataValue)
    {
        ArgumentException.ThrowIfNullOrEmpty(metadataName);
        RefuseDerived(metadataName);
        metadata[metadataName] = metadataValue ?? "";
    }

    void ITaskItem2.SetMetadataValueLiteral(string metadataName, string metadataValue) => SetMetadata(metadataName, Escaping.Escape(metadataValue ?? ""));

    public string GetMetadata(string metadataName) => Escaping.Unescape(((ITaskItem2)this).GetMetadataValueEscaped(metadataName));

    string ITaskItem2.GetMetadataValueEscaped(string metadataName)
    {
        ArgumentNullException.ThrowIfNull(metadataName);
        return WellKnownMetadata.Find(metadataName, spec, definingProject) ?? (metadata.TryGetValue(metadataName, out string? value) ? value : "");
    }

    // What the destination has already stays; one that does not know its origin learns it.
    public void CopyMetadataTo(ITaskItem destinationItem)
    {
        ArgumentNullException.ThrowIfNull(destinationItem);
        string original = destinationItem.GetMetadata("OriginalItemSpec");
        foreach ((string name, string value) in metadata)
        {
            if (string.IsNullOrEmpty(destinationItem.GetMetadata(name)))
                destinationItem.SetMetadata(name, value);
        }
        if (string.IsNullOrEmpty(original))
            destinationItem.SetMetadata("OriginalItemSpec", spec);
    }

    public IDictionary CloneCustomMetadata() =>
        metadata.ToDictionary(pair => pair.Key, pair => Escaping.Unescape(pair.Value), StringComparer.OrdinalIgnoreCase);

    IDictionary ITaskItem2.CloneCustomMetadataEscaped() => new Dictionary<string, string>(metadata, StringComparer.OrdinalIgnoreCase);

    public override string ToString() => spec;

    public static explicit operator string(TaskItem taskItemToCast) => taskItemToCast.ItemSpec;

    private static string WithSlashes(string path) => Path.DirectorySeparatorChar == '\\' ? path : path.Replace('\\', '/');

    private static void RefuseDerived(string name)
    {
        if (WellKnownMetadata.IsDerived(name))
            throw new ArgumentException($"\"{name}\" is a reserved item metadata, and cannot be modified or deleted.");
    }
}
