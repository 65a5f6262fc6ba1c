// Where tools and reference assemblies are, as far as a machine without Windows and without an SDK has any.
using System;
using System.Collections.Generic;
using System.IO;

namespace Microsoft.Build.Utilities;

public enum TargetDotNetFrameworkVersion
{
    Version11 = 0,
    Version20 = 1,
    Version30 = 2,
    Version35 = 3,
    Version40 = 4,
    Version45 = 5,
    Version451 = 6,
    Version46 = 7,
    Version461 = 8,
    Version452 = 9,
    Version462 = 10,
    Version47 = 11,
    Version471 = 12,
    Version472 = 13,
    Version48 = 14,
    Version481 = 15,
    VersionLatest = 16,
    Latest = 9999,
}

public enum DotNetFrameworkArchitecture
{
    Current = 0,
    Bitness32 = 1,
    Bitness64 = 2,
}

public static class ToolLocationHelper
{
    public static string CurrentToolsVersion => "Current";

    public static string PathToSystem => Environment.GetFolderPath(Environment.SpecialFolder.System);

    public static string GetPathToBuildTools(string toolsVersion) => Path.GetDirectoryName(typeof(Framework.ITask).Assembly.Location)!;

    public static string GetPathToBuildToolsFile(string fileName, string toolsVersion)
    {
        string path = Path.Combine(GetPathToBuildTools(toolsVersion), fileName);
        return File.Exists(path) ? path : null!;
    }

    public static string GetPathToDotNetFramework(TargetDotNetFrameworkVersion version) => null!;

    public static string GetPathToDotNetFrameworkFile(string fileName, TargetDotNetFrameworkVersion version) => null!;

    public static IList<string> GetPathToReferenceAssemblies(string targetFrameworkIdentifier, string targetFrameworkVersion, string targetFrameworkProfile) =>
        new List<string>();

    public static string GetPathToSystemFile(string fileName) => Path.Combine(PathToSystem, fileName);
}
