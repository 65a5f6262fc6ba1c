// Requests on standard input -> tasks of .NET assemblies run, answers on standard output.
// Arguments are the folders that hold MSBuild's own assemblies, the tools folder first. Standard output belongs to the frames:
// what a task prints goes to the build, what native code prints goes to standard error.
using System;
using System.Collections.Generic;
using System.IO;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using System.Text.Json;
using System.Threading;
using Microsoft.Win32.SafeHandles;

namespace Aotd.TaskHost;

internal static class Program
{
    private static int Main(string[] folders)
    {
        AssemblyLoadContext.Default.Resolving += (context, name) => Resolve(context, name, folders);
        (Stream input, Stream output) = TakeStandardStreams();
        return Serve(new Channel(input, output), folders);
    }

    private static Assembly? Resolve(AssemblyLoadContext context, AssemblyName name, string[] folders)
    {
        foreach (string folder in folders)
        {
            string path = Path.Combine(folder, name.CultureName ?? "", name.Name + ".dll");
            if (!File.Exists(path))
                continue;
            Assembly assembly = context.LoadFromAssemblyPath(path);
            TellWhereToolsAre(assembly, folder);
            return assembly;
        }
        return null;
    }

    // MSBuild's assemblies look once for the folder of the tools, from what they take for MSBuild's own process; this is not it.
    // They ask a variable first, which tasks and what they start are not to see.
    private static void TellWhereToolsAre(Assembly assembly, string folder)
    {
        const string variable = "MSBUILD_EXE_PATH";
        PropertyInfo? instance = assembly.GetType("Microsoft.Build.Shared.BuildEnvironmentHelper")
            ?.GetProperty("Instance", BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic);
        if (instance == null || !File.Exists(Path.Combine(folder, "MSBuild.dll")))
            return;
        string? before = Environment.GetEnvironmentVariable(variable);
        Environment.SetEnvironmentVariable(variable, Path.Combine(folder, "MSBuild.dll"));
        try
        {
            instance.GetValue(null);
        }
        catch (TargetInvocationException)
        {
            // A task that needs it will say so.
        }
        finally
        {
            Environment.SetEnvironmentVariable(variable, before);
        }
    }

    // Ends when the build closes its end of the pipe, which it also does by dying.
    private static int Serve(Channel channel, string[] folders)
    {
        var verbs = new Verbs(channel, folders);
        while (channel.Read() is { } request)
        {
            if (verbs.AnswerAtOnce(request))
                continue;
            var thread = new Thread(() => verbs.Answer(request), 16 << 20) { IsBackground = true, Name = request.Verb };
            thread.Start();
        }
        return 0;
    }

    // The streams of the frames under descriptors that no child process inherits; 0 and 1 then lead elsewhere.
    private static (Stream Input, Stream Output) TakeStandardStreams()
    {
        if (OperatingSystem.IsWindows())
            return (Console.OpenStandardInput(), Console.OpenStandardOutput());
        int duplicate = OperatingSystem.IsMacOS() ? 67 : 1030; // F_DUPFD_CLOEXEC
        int input = fcntl(0, duplicate, 3), output = fcntl(1, duplicate, 3);
        int nothing = open("/dev/null", 0);
        dup2(nothing, 0);
        dup2(2, 1);
        return (Open(input, FileAccess.Read), Open(output, FileAccess.Write));
    }

    private static FileStream Open(int descriptor, FileAccess access) => new(new SafeFileHandle(descriptor, ownsHandle: true), access, 1);

    [DllImport("libc")]
    private static extern int fcntl(int descriptor, int command, int argument);

    [DllImport("libc")]
    private static extern int dup2(int from, int to);

    [DllImport("libc")]
    private static extern int open([MarshalAs(UnmanagedType.LPStr)] string path, int flags);
}
