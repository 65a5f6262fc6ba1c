// Paths of assemblies -> metadata, kept while the file is the same (by its time of change and size).
// Only the metadata is read, and the file is closed again: it can be replaced at any time.
using System;
using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.IO;
using System.Reflection.PortableExecutable;
using Microsoft.CodeAnalysis;

namespace Aotd.Worker;

internal sealed class References
{
    private sealed record Entry(DateTime Changed, long Size, AssemblyMetadata Metadata);

    private readonly ConcurrentDictionary<string, Entry> entries = new();

    // The metadata of the file as it is now, the same object as long as it has not changed.
    // Throws IOException, UnauthorizedAccessException or BadImageFormatException.
    public AssemblyMetadata Open(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists)
            throw new FileNotFoundException(null, path);
        if (entries.TryGetValue(path, out Entry? entry) && entry.Changed == file.LastWriteTimeUtc && entry.Size == file.Length)
            return entry.Metadata;
        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        CheckWhole(stream);
        var module = ModuleMetadata.CreateFromStream(stream, PEStreamOptions.PrefetchMetadata);
        AssemblyMetadata metadata = AssemblyMetadata.Create(module);
        // Asks for the module's tables now, so that a broken file is found here and not in the middle of a compilation.
        _ = module.GetMetadataReader().TypeDefinitions.Count;
        entries[path] = new Entry(file.LastWriteTimeUtc, file.Length, metadata);
        return metadata;
    }

    // The metadata of a file that was cut off later than that would still read well: its sections are looked at.
    private static void CheckWhole(FileStream stream)
    {
        using var reader = new PEReader(stream, PEStreamOptions.LeaveOpen);
        foreach (SectionHeader section in reader.PEHeaders.SectionHeaders)
        {
            if ((long)section.PointerToRawData + Math.Min(section.SizeOfRawData, section.VirtualSize) > stream.Length)
                throw new BadImageFormatException($"The file ends inside its section '{section.Name}'.");
        }
        stream.Position = 0;
    }
}
