using System;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Text;

var data = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 5000).Select(i => $"line {i % 77} of text\n")));
foreach (var kind in new[] { "deflate", "gzip", "zlib" })
{
    foreach (var level in Enum.GetValues<CompressionLevel>())
    {
        var packed = new MemoryStream();
        using (var stream = Packing(kind, packed, level))
            stream.Write(data);
        var isSmaller = packed.Length < data.Length / 2;
        packed.Position = 0;
        var back = new MemoryStream();
        using (var stream = Unpacking(kind, packed))
            stream.CopyTo(back);
        Console.WriteLine($"{kind} {level}: smaller {isSmaller}, equal {back.ToArray().AsSpan().SequenceEqual(data)}");
    }
}

try
{
    new ZLibStream(new MemoryStream([120, 156, 1, 2, 3, 4, 5, 6]), CompressionMode.Decompress).ReadByte();
}
catch (InvalidDataException error)
{
    Console.WriteLine(error.Message);
}

var zip = new MemoryStream();
using (var archive = new ZipArchive(zip, ZipArchiveMode.Create, leaveOpen: true))
{
    using (var writer = new StreamWriter(archive.CreateEntry("a/b.txt").Open()))
        writer.Write("hello zip");
    using (var stream = archive.CreateEntry("data.bin", CompressionLevel.SmallestSize).Open())
        stream.Write(data);
}
using (var archive = new ZipArchive(zip, ZipArchiveMode.Read))
{
    foreach (var entry in archive.Entries)
    {
        using var reader = new StreamReader(entry.Open());
        Console.WriteLine($"{entry.FullName} {entry.Length} {entry.Crc32:X8} {reader.ReadToEnd().Length}");
    }
}

static Stream Packing(string kind, Stream to, CompressionLevel level) => kind switch
{
    "deflate" => new DeflateStream(to, level, leaveOpen: true),
    "gzip" => new GZipStream(to, level, leaveOpen: true),
    _ => new ZLibStream(to, level, leaveOpen: true),
};

static Stream Unpacking(string kind, Stream from) => kind switch
{
    "deflate" => new DeflateStream(from, CompressionMode.Decompress),
    "gzip" => new GZipStream(from, CompressionMode.Decompress),
    _ => new ZLibStream(from, CompressionMode.Decompress),
};
