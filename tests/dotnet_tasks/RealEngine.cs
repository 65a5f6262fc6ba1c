// The real MSBuild engine over project files: the target T of each is built, with what the console logger prints between marks.
// Arguments: folders with its assemblies (':' between them), then the project files.
using System;
using System.Collections.Generic;
using System.IO;
using System.Runtime.Loader;
using Microsoft.Build.Evaluation;
using Microsoft.Build.Execution;
using Microsoft.Build.Framework;
using Microsoft.Build.Logging;

internal static class RealEngine
{
    private static int Main(string[] arguments)
    {
        string[] folders = arguments[0].Split(':');
        AssemblyLoadContext.Default.Resolving += (context, name) =>
        {
            foreach (string folder in folders)
            {
                string path = Path.Combine(folder, name.Name + ".dll");
                if (File.Exists(path))
                    return context.LoadFromAssemblyPath(path);
            }
            return null;
        };
        foreach (string project in arguments[1..])
            Build(project);
        return 0;
    }

    private static void Build(string project)
    {
        Console.WriteLine("BEGIN " + Path.GetFileName(project));
        var parameters = new BuildParameters(new ProjectCollection())
        {
            Loggers = [new ConsoleLogger(LoggerVerbosity.Minimal)], MaxNodeCount = 1, EnableNodeReuse = false,
        };
        var request = new BuildRequestData(project, new Dictionary<string, string?>(), null, ["T"], null);
        BuildResult result = BuildManager.DefaultBuildManager.Build(parameters, request);
        Console.WriteLine("END " + result.OverallResult);
    }
}
