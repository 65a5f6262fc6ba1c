// A task that runs a program: command line and response file in, its output and exit code as events of the build out.
using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.ComponentModel;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Resources;
using System.Text;
using System.Threading;
using Microsoft.Build.Framework;

namespace Microsoft.Build.Utilities;

public enum HostObjectInitializationStatus
{
    UseHostObjectToExecute = 0,
    UseAlternateToolToExecute,
    NoActionReturnSuccess,
    NoActionReturnFailure,
}

public abstract class ToolTask : Task, ICancelableTask
{
    // What a tool that has ended gets for the end of its output: a process that it started may hold the pipes open.
    private const int EndOfOutputMilliseconds = 5000;

    private string toolExe = "";
    private string? batchFile;
    private bool wasTerminated;
    private bool hasLoggedLineErrors;

    protected ToolTask() => ToolCanceled = new ManualResetEvent(false);

    protected ToolTask(ResourceManager taskResources) : this() => TaskResources = taskResources;

    protected ToolTask(ResourceManager taskResources, string helpKeywordPrefix) : this(taskResources) => HelpKeywordPrefix = helpKeywordPrefix;

    [Output]
    public int ExitCode { get; private set; }

    protected bool ExitCodeOverriddenToIndicateErrors { get; private set; }

    public bool YieldDuringToolExecution { get; set; }

    public bool UseCommandProcessor { get; set; }

    public bool EchoOff { get; set; }

    protected int TaskProcessTerminationTimeout { get; set; } = 5000;

    protected ManualResetEvent ToolCanceled { get; private set; }

    protected abstract string ToolName { get; }

    public virtual string ToolExe
    {
        get => string.IsNullOrEmpty(toolExe) ? ToolName : toolExe;
        set => toolExe = value;
    }

    public string ToolPath { get; set; } = "";

    public string UseUtf8Encoding { get; set; } = "Detect";

    public string[] EnvironmentVariables { get; set; } = null!;

    public virtual int Timeout { get; set; } = System.Threading.Timeout.Infinite;

    protected virtual Encoding ResponseFileEncoding => Encoding.UTF8;

    protected virtual string ResponseFileEscape(string responseString) => responseString;

    protected virtual Encoding StandardOutputEncoding => new UTF8Encoding(false);

    protected virtual Encoding StandardErrorEncoding => new UTF8Encoding(false);

    protected virtual Dictionary<string, string> EnvironmentOverride => null!;

    protected virtual MessageImportance StandardErrorLoggingImportance => MessageImportance.Normal;

    protected virtual MessageImportance StandardOutputLoggingImportance => MessageImportance.Low;

    protected virtual bool HasLoggedErrors => Log.HasLoggedErrors || hasLoggedLineErrors;

    public string StandardOutputImportance { get; set; } = null!;

    public string StandardErrorImportance { get; set; } = null!;

    public bool LogStandardErrorAsError { get; set; }

    protected MessageImportance StandardOutputImportanceToUse { get; private set; } = MessageImportance.Low;

    protected MessageImportance StandardErrorImportanceToUse { get; private set; } = MessageImportance.Normal;

    protected bool canBeIncremental { get; set; } = true;

    public bool FailIfNotIncremental { get; set; }

    protected virtual void ProcessStarted()
    {
    }

    protected abstract string GenerateFullPathToTool();

    protected virtual string GetWorkingDirectory() => null!;

    protected internal virtual bool ValidateParameters() => true;

    protected virtual bool SkipTaskExecution()
    {
        canBeIncremental = false;
        return false;
    }

    protected virtual string GenerateResponseFileCommands() => "";

    protected virtual string GenerateCommandLineCommands() => "";

    protected virtual string GetResponseFileSwitch(string responseFilePath) => "@\"" + responseFilePath + "\"";

    protected virtual bool HandleTaskExecutionErrors()
    {
        if (HasLoggedErrors)
            Log.LogMessage(MessageImportance.Low, $"The command exited with code {ExitCode}.");
        else
            Error("MSB6006", $"\"{ToolExe}\" exited with code {ExitCode}.");
        return false;
    }

    protected virtual bool CallHostObjectToExecute() => false;

    protected virtual HostObjectInitializationStatus InitializeHostObject() => HostObjectInitializationStatus.UseAlternateToolToExecute;

    protected virtual void LogToolCommand(string message) => Log.LogCommandLine(MessageImportance.High, message);

    protected virtual void LogPathToTool(string toolName, string pathToTool)
    {
    }

    protected virtual string AdjustCommandsForOperatingSystem(string input) =>
        Path.DirectorySeparatorChar == '\\' ? input : input.Replace("\r\n", "\n", StringComparison.Ordinal);

    protected virtual void LogEventsFromTextOutput(string singleLine, MessageImportance messageImportance) =>
        Log.LogMessageFromText(singleLine, messageImportance);

    public virtual void Cancel() => ToolCanceled.Set();

    protected void DeleteTempFile(string fileName)
    {
        try
        {
            File.Delete(fileName);
        }
        catch (IOException exception)
        {
            Log.LogWarning($"Failed to delete the temporary file \"{fileName}\". {exception.Message}");
        }
    }

    public override bool Execute()
    {
        if (!ValidateParameters())
        {
            if (!Log.HasLoggedErrors)
                Error("MSB6011", $"Invalid parameters passed to the {GetType().FullName} task.");
            return false;
        }
        if (WrongVariable() is { } wrong)
        {
            Error("MSB6007", $"The \"{wrong}\" value passed to the Environment property is not in the format \"name=value\", where the value part may be empty.");
            return false;
        }
        if (!ChooseImportances())
            return false;
        try
        {
            if (SkipTaskExecution())
                return true;
            if (canBeIncremental && FailIfNotIncremental)
            {
                Log.LogError("Unable to skip task because it is not up-to-date.");
                return false;
            }
            return Run();
        }
        catch (ArgumentException exception)
        {
            if (!wasTerminated)
                Error("MSB6001", $"Invalid command line switch for \"{ToolExe}\". {exception}");
            return false;
        }
        catch (Exception exception) when (exception is Win32Exception or IOException or UnauthorizedAccessException)
        {
            if (!wasTerminated)
                Error("MSB6003", $"The specified task executable \"{ToolExe}\" could not be run. {exception}");
            return false;
        }
        finally
        {
            if (batchFile != null)
                DeleteTempFile(batchFile);
        }
    }

    private bool Run()
    {
        string commandLine = GenerateCommandLineCommands() ?? "";
        string script = commandLine;
        string response = GenerateResponseFileCommands() ?? "";
        if (UseCommandProcessor)
            commandLine = WriteBatchFile(commandLine);
        if (commandLine.Length > 0)
            commandLine = " " + commandLine;
        HostObjectInitializationStatus next = InitializeHostObject();
        if (next == HostObjectInitializationStatus.NoActionReturnSuccess)
            return true;
        if (next == HostObjectInitializationStatus.NoActionReturnFailure)
        {
            ExitCode = 1;
            return HandleTaskExecutionErrors();
        }
        if (ComputePathToTool() is not { } path)
            return false;
        LogVariables();
        commandLine = AdjustCommandsForOperatingSystem(commandLine);
        response = AdjustCommandsForOperatingSystem(response);
        LogToolCommand(UseCommandProcessor ? path + commandLine : path + commandLine + " " + response);
        if (UseCommandProcessor)
            LogToolCommand(script);
        ExitCode = 0;
        ExitCodeOverriddenToIndicateErrors = false;
        if (next == HostObjectInitializationStatus.UseHostObjectToExecute)
            ExitCode = CallHostObjectToExecute() ? 0 : 1;
        else
            ExitCode = ExecuteTool(path, response, commandLine);
        return !wasTerminated && (ExitCode == 0 || HandleTaskExecutionErrors());
    }

    private string WriteBatchFile(string commands)
    {
        bool isWindows = OperatingSystem.IsWindows();
        batchFile = Path.Combine(Path.GetTempPath(), "task" + Guid.NewGuid().ToString("N") + (isWindows ? ".cmd" : ".sh"));
        ToolExe = isWindows ? "cmd.exe" : "/bin/sh";
        File.WriteAllText(batchFile, isWindows ? commands : "#!/bin/sh\n" + AdjustCommandsForOperatingSystem(commands));
        return isWindows ? $"{(EchoOff ? "/Q " : "")}/D /C \"{batchFile}\"" : $"\"{batchFile}\"";
    }

    private string? WrongVariable() => EnvironmentVariables?.Select(entry => entry.Split('=', 2)).FirstOrDefault(pair => pair.Length < 2 || pair[0].Length == 0)?[0];

    private bool ChooseImportances()
    {
        StandardErrorImportanceToUse = StandardErrorLoggingImportance;
        StandardOutputImportanceToUse = StandardOutputLoggingImportance;
        foreach ((string given, bool isError) in new[] { (StandardErrorImportance, true), (StandardOutputImportance, false) })
        {
            if (string.IsNullOrEmpty(given))
                continue;
            if (!Enum.TryParse(given, ignoreCase: true, out MessageImportance importance))
            {
                Error("MSB3511", $"\"{given}\" is an invalid value for the \"Importance\" parameter. Valid values are: High, Normal and Low.");
                return false;
            }
            if (isError)
                StandardErrorImportanceToUse = importance;
            else
                StandardOutputImportanceToUse = importance;
        }
        return true;
    }

    private void LogVariables()
    {
        IEnumerable<string> overridden = EnvironmentOverride?.Select(pair => pair.Key + "=" + pair.Value) ?? [];
        string[] all = [.. overridden, .. EnvironmentVariables ?? []];
        if (all.Length == 0)
            return;
        Log.LogMessage(MessageImportance.Low, "Environment Variables passed to tool:");
        foreach (string variable in all)
            Log.LogMessage(MessageImportance.Low, "  {0}", variable);
    }

    private string? ComputePathToTool()
    {
        string? path = UseCommandProcessor ? ToolExe : !string.IsNullOrEmpty(ToolPath) ? Path.Combine(ToolPath, ToolExe) : null;
        if (string.IsNullOrEmpty(path))
        {
            path = GenerateFullPathToTool();
            if (path != null && !string.IsNullOrEmpty(toolExe))
                path = Path.Combine(Path.GetDirectoryName(path) ?? "", ToolExe);
        }
        if (string.IsNullOrEmpty(path))
            return null;
        if (Path.GetFileName(path) == path)
            return OnPath(path) ?? path;
        if (File.Exists(path))
            return path;
        Error("MSB6004", $"The specified task executable location \"{path}\" is invalid.");
        return null;
    }

    private static string? OnPath(string name) =>
        Environment.GetEnvironmentVariable("PATH")?.Split(Path.PathSeparator)
            .Where(folder => folder.Length > 0).Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    protected virtual ProcessStartInfo GetProcessStartInfo(string pathToTool, string commandLineCommands, string responseFileSwitch)
    {
        string commandLine = commandLineCommands;
        if (!UseCommandProcessor && !string.IsNullOrEmpty(responseFileSwitch))
            commandLine += " " + responseFileSwitch;
        if (commandLine.Length > 32000)
            Log.LogWarning(null!, "MSB6002", null!, null!, 0, 0, 0, 0, $"The command-line for the \"{GetType().Name}\" task is too long. Command-lines longer than 32000 characters are likely to fail. Try reducing the length of the command-line by breaking down the call to \"{GetType().Name}\" into multiple calls with fewer parameters per call.");
        var start = new ProcessStartInfo(pathToTool, commandLine)
        {
            CreateNoWindow = true,
            UseShellExecute = false,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            StandardErrorEncoding = StandardErrorEncoding,
            StandardOutputEncoding = StandardOutputEncoding,
        };
        if (GetWorkingDirectory() is { Length: > 0 } folder)
            start.WorkingDirectory = Path.GetFullPath(folder);
        foreach ((string name, string value) in EnvironmentOverride ?? [])
            start.Environment[name] = value;
        foreach (string[] pair in (EnvironmentVariables ?? []).Select(entry => entry.Split('=', 2)))
            start.Environment[pair[0]] = pair[1];
        return start;
    }

    protected virtual Process StartToolProcess(Process proc)
    {
        proc.Start();
        return proc;
    }

    protected virtual int ExecuteTool(string pathToTool, string responseFileCommands, string commandLineCommands)
    {
        if (!UseCommandProcessor)
            LogPathToTool(ToolExe, pathToTool);
        string? responseFile = null;
        try
        {
            string responseSwitch = "";
            if (!string.IsNullOrEmpty(responseFileCommands))
            {
                responseFile = Path.Combine(Path.GetTempPath(), "task" + Guid.NewGuid().ToString("N") + ".rsp");
                File.WriteAllText(responseFile, ResponseFileEscape(responseFileCommands), ResponseFileEncoding);
                responseSwitch = GetResponseFileSwitch(responseFile);
            }
            using var process = new Process { StartInfo = GetProcessStartInfo(pathToTool, commandLineCommands, responseSwitch) };
            return Watch(process);
        }
        finally
        {
            if (responseFile != null)
                DeleteTempFile(responseFile);
        }
    }

    // Lines are logged on this thread as they come; the end is the end of the process and of both streams.
    private int Watch(Process process)
    {
        var lines = new BlockingCollection<(bool IsError, string Line)>();
        int open = 2;
        void Take(string? line, bool isError)
        {
            if (line != null)
                lines.Add((isError, line));
            else if (Interlocked.Decrement(ref open) == 0)
                lines.CompleteAdding();
        }
        process.OutputDataReceived += (_, e) => Take(e.Data, false);
        process.ErrorDataReceived += (_, e) => Take(e.Data, true);
        StartToolProcess(process);
        string name = NameOf(process);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        ProcessStarted();
        long start = Environment.TickCount64, ended = 0;
        while (!lines.IsCompleted)
        {
            if (lines.TryTake(out (bool IsError, string Line) entry, 50))
            {
                LogLine(entry.IsError, entry.Line);
                continue;
            }
            if (MustStop(start) && !process.HasExited)
                Terminate(process, name);
            if (!process.HasExited)
                continue;
            ended = ended == 0 ? Environment.TickCount64 : ended;
            if (Environment.TickCount64 - ended > EndOfOutputMilliseconds)
                break;
        }
        process.WaitForExit(EndOfOutputMilliseconds);
        int code = process.ExitCode;
        if (code == 0 && HasLoggedErrors)
        {
            code = -1;
            ExitCodeOverriddenToIndicateErrors = true;
        }
        return code;
    }

    private string NameOf(Process process)
    {
        try
        {
            return process.ProcessName;
        }
        catch (InvalidOperationException)
        {
            return ToolExe;
        }
    }

    private bool MustStop(long start) => ToolCanceled.WaitOne(0) || (Timeout >= 0 && Environment.TickCount64 - start > Timeout);

    private void Terminate(Process process, string name)
    {
        wasTerminated = true;
        if (ToolCanceled.WaitOne(0))
            Log.LogWarning(null!, "MSB5021", null!, null!, 0, 0, 0, 0, $"Terminating the task executable \"{name}\" and its child processes because the build was canceled.");
        else
            Log.LogWarning(null!, "MSB5002", null!, null!, 0, 0, 0, 0, $"Terminating the task executable \"{name}\" because it did not finish within the specified limit of {Timeout} milliseconds.");
        process.Kill(entireProcessTree: true);
    }

    private void LogLine(bool isError, string line)
    {
        if (isError && LogStandardErrorAsError)
        {
            Log.LogError("{0}", line);
            hasLoggedLineErrors = true;
            return;
        }
        LogEventsFromTextOutput(line, isError ? StandardErrorImportanceToUse : StandardOutputImportanceToUse);
    }

    private void Error(string code, string text) => Log.LogError(null!, code, null!, null!, 0, 0, 0, 0, text);
}
