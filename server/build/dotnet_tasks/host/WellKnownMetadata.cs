// The metadata that every item has: parts of its path, times of its file, parts of the path of the project that defines it.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace Microsoft.Build.Utilities;

internal static class WellKnownMetadata
{
    private const string TimeFormat = "yyyy-MM-dd HH:mm:ss.fffffff";

    public static readonly IReadOnlyList<string> Names =
    [
        "FullPath", "RootDir", "Filename", "Extension", "RelativeDir", "Directory", "RecursiveDir", "Identity", "ModifiedTime",
        "CreatedTime", "AccessedTime", "DefiningProjectFullPath", "DefiningProjectDirectory", "DefiningProjectName", "DefiningProjectExtension",
    ];

    // RecursiveDir says how a wildcard matched and cannot be had from the path.
    public static bool IsDerived(string name) => !Is(name, "RecursiveDir") && Names.Any(known => Is(name, known));

    private static bool Is(string one, string other) => one.Equals(other, StringComparison.OrdinalIgnoreCase);

    // The escaped value, or null when `name` is none of them.
    public static string? Find(string name, string include, string definingProject)
    {
        if (!IsDerived(name))
            return null;
        if (Is(name, "Identity"))
            return include;
        if (name.StartsWith("DefiningProject", StringComparison.OrdinalIgnoreCase))
            return definingProject.Length == 0 ? "" : OfProject(name, definingProject);
        string path = Escaping.Unescape(include);
        return path.Length == 0 ? "" : OfPath(name.ToLowerInvariant(), path);
    }

    private static string OfProject(string name, string project) => name.ToLowerInvariant() switch
    {
        "definingprojectfullpath" => project,
        "definingprojectname" => Path.GetFileNameWithoutExtension(project),
        "definingprojectextension" => Path.GetExtension(project),
        _ => WithSlash(Path.GetDirectoryName(project) ?? "/"),
    };

    private static string OfPath(string name, string path)
    {
        switch (name)
        {
            case "filename":
                return Escaping.Escape(Path.GetFileNameWithoutExtension(path));
            case "extension":
                return Escaping.Escape(Path.GetExtension(path));
            case "relativedir":
                return Escaping.Escape(WithSlash(Path.GetDirectoryName(path) ?? Path.GetPathRoot(path) ?? ""));
        }
        string full = Path.GetFullPath(path);
        string root = Path.GetPathRoot(full) ?? "";
        return name switch
        {
            "fullpath" => Escaping.Escape(full),
            "rootdir" => Escaping.Escape(root),
            "directory" => Escaping.Escape(WithSlash(Path.GetDirectoryName(full) ?? root)[root.Length..]),
            "modifiedtime" => Time(full, file => file.LastWriteTime),
            "createdtime" => Time(full, file => file.CreationTime),
            _ => Time(full, file => file.LastAccessTime),
        };
    }

    private static string Time(string path, Func<FileInfo, DateTime> time)
    {
        var file = new FileInfo(path);
        return file.Exists ? time(file).ToString(TimeFormat, System.Globalization.CultureInfo.InvariantCulture) : "";
    }

    private static string WithSlash(string folder) =>
        folder.Length == 0 || folder.EndsWith(Path.DirectorySeparatorChar) ? folder : folder + Path.DirectorySeparatorChar;
}
