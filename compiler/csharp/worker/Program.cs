// Frames on standard input -> answers on standard output: the process that keeps Roslyn warm.
// The first argument is the folder with Roslyn's assemblies; they are loaded from there when first needed, so the
// worker itself is one file. Standard output belongs to the frames: Console.Out is sent to standard error.
using System;
using System.Globalization;
using System.IO;
using System.Reflection;
using System.Runtime.Loader;
using System.Threading;

namespace Aotd.Worker;

internal static class Program
{
    private static int Main(string[] arguments)
    {
        CultureInfo.DefaultThreadCurrentUICulture = CultureInfo.InvariantCulture;
        string[] folders = arguments;
        AssemblyLoadContext.Default.Resolving += (context, name) => Resolve(context, name, folders);
        Stream output = Console.OpenStandardOutput();
        Console.SetOut(Console.Error);
        return Serve(Console.OpenStandardInput(), output);
    }

    private static Assembly? Resolve(AssemblyLoadContext context, AssemblyName name, string[] folders)
    {
        foreach (string folder in folders)
        {
            string path = Path.Combine(folder, name.Name + ".dll");
            if (File.Exists(path))
                return context.LoadFromAssemblyPath(path);
        }
        return null;
    }

    // Ends when the client closes its end of the pipe, which it also does by dying.
    private static int Serve(Stream input, Stream output)
    {
        var writer = new FrameWriter(output);
        var verbs = new Verbs();
        while (Frame.Read(input) is { } frame)
        {
            Frame request = frame;
            // From here on the request can be cancelled, also while it waits for a thread.
            CancellationTokenSource cancellation = verbs.Begin(request);
            ThreadPool.UnsafeQueueUserWorkItem(_ => verbs.Answer(request, writer, cancellation), null);
        }
        return 0;
    }
}
