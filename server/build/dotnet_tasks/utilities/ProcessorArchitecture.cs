// Names of processor architectures, as tools take them.
using System.Runtime.InteropServices;

namespace Microsoft.Build.Utilities;

public static class ProcessorArchitecture
{
    public const string X86 = "x86";
    public const string IA64 = "IA64";
    public const string AMD64 = "AMD64";
    public const string MSIL = "MSIL";
    public const string ARM = "ARM";
    public const string ARM64 = "ARM64";

    public static string CurrentProcessArchitecture => RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X86 => X86,
        Architecture.X64 => AMD64,
        Architecture.Arm => ARM,
        Architecture.Arm64 => ARM64,
        _ => null!,
    };
}
