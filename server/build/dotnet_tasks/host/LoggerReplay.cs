// A binary log and descriptions of loggers -> the loggers of .NET assemblies, fed by MSBuild's own reader as if the build ran now.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Build.Framework;
using Microsoft.Build.Logging;

namespace Aotd.TaskHost;

internal static class LoggerReplay
{
    // Without a log the loggers are only made, to see that they can be.
    public static JsonObject Run(Request request, string toolsFolder)
    {
        string log = request.Body.GetProperty("log").GetString()!;
        int nodes = request.Body.GetProperty("nodes").GetInt32();
        var verbosity = (LoggerVerbosity)request.Body.GetProperty("verbosity").GetInt32();
        var loggers = new List<ILogger>();
        int index = 0;
        foreach (JsonElement row in request.Body.GetProperty("loggers").EnumerateArray())
        {
            try
            {
                ILogger? logger = Create(row.GetProperty("class").GetString()!, row.GetProperty("assembly").GetString()!, toolsFolder);
                if (logger == null)
                    return new JsonObject { ["index"] = index, ["missing"] = true };
                logger.Verbosity = verbosity;
                logger.Parameters = row.GetProperty("parameters").GetString();
                loggers.Add(logger);
            }
            catch (Exception exception) when (exception is IOException or BadImageFormatException or TargetInvocationException or MissingMethodException)
            {
                Exception cause = exception is TargetInvocationException { InnerException: { } inner } ? inner : exception;
                return new JsonObject { ["index"] = index, ["unusable"] = cause.Message };
            }
            index++;
        }
        return log.Length == 0 ? new JsonObject() : Play(log, nodes, loggers);
    }

    private static JsonObject Play(string log, int nodes, List<ILogger> loggers)
    {
        var source = new BinaryLogReplayEventSource();
        try
        {
            foreach (ILogger logger in loggers)
            {
                if (logger is INodeLogger several)
                    several.Initialize(source, nodes);
                else
                    logger.Initialize(source);
            }
            source.Replay(log);
            foreach (ILogger logger in loggers)
                logger.Shutdown();
        }
        catch (LoggerException exception)
        {
            return new JsonObject { ["failed"] = exception.Message, ["code"] = exception.ErrorCode };
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            return new JsonObject { ["crashed"] = exception.ToString() };
        }
        return new JsonObject();
    }

    // The first logger of the assembly whose name, or the end of it after a dot, is `name`; any logger when that is empty.
    private static ILogger? Create(string name, string assembly, string toolsFolder)
    {
        Assembly loaded = File.Exists(assembly)
            ? new TaskLoadContext(assembly, [], toolsFolder).LoadFile(assembly)
            : Assembly.Load(new AssemblyName(assembly));
        Type? found = loaded.GetTypes().FirstOrDefault(type =>
            type is { IsClass: true, IsAbstract: false } && typeof(ILogger).IsAssignableFrom(type) && IsMatch(type.FullName!, name));
        return found == null ? null : (ILogger?)Activator.CreateInstance(found);
    }

    private static bool IsMatch(string fullName, string name) =>
        name.Length == 0
        || fullName.Equals(name, StringComparison.OrdinalIgnoreCase)
        || fullName.EndsWith("." + name, StringComparison.OrdinalIgnoreCase)
        || fullName.EndsWith("+" + name, StringComparison.OrdinalIgnoreCase);
}
