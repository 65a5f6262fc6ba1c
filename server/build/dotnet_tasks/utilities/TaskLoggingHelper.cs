// Texts, formats and resource names -> events of the build, at the task's own place where none is given.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Resources;
using System.Text;
using Microsoft.Build.Framework;

namespace Microsoft.Build.Utilities;

public class TaskLoggingHelper
{
    private readonly ITask? task;
    private readonly IBuildEngine? engine;

    public TaskLoggingHelper(ITask taskInstance)
    {
        ArgumentNullException.ThrowIfNull(taskInstance);
        task = taskInstance;
        TaskName = taskInstance.GetType().Name;
    }

    public TaskLoggingHelper(IBuildEngine buildEngine, string taskName)
    {
        ArgumentNullException.ThrowIfNull(buildEngine);
        ArgumentException.ThrowIfNullOrEmpty(taskName);
        engine = buildEngine;
        TaskName = taskName;
    }

    protected string TaskName { get; }

    protected IBuildEngine BuildEngine => engine ?? task!.BuildEngine
        ?? throw new InvalidOperationException($"Task attempted to log before it was initialized. Message was: {TaskName}");

    public ResourceManager TaskResources { get; set; } = null!;

    public string HelpKeywordPrefix { get; set; } = "";

    public bool HasLoggedErrors { get; private set; }

    public bool IsTaskInputLoggingEnabled => BuildEngine is IBuildEngine10 ten && ten.EngineServices.IsTaskInputLoggingEnabled;

    public bool LogsMessagesOfImportance(MessageImportance importance) =>
        BuildEngine is not IBuildEngine10 ten || ten.EngineServices.LogsMessagesOfImportance(importance);

    // `MSB1234: text` in two parts; no code when the text does not begin with one.
    public string ExtractMessageCode(string message, out string messageWithoutCodePrefix)
    {
        ArgumentNullException.ThrowIfNull(message);
        int index = 0;
        while (index < message.Length && char.IsWhiteSpace(message[index]))
            index++;
        int start = index;
        while (index < message.Length && char.IsAsciiLetter(message[index]))
            index++;
        int letters = index - start, digitsStart = index;
        while (index < message.Length && char.IsAsciiDigit(message[index]))
            index++;
        if (letters == 0 || index == digitsStart || index >= message.Length || message[index] != ':')
        {
            messageWithoutCodePrefix = message;
            return null!;
        }
        messageWithoutCodePrefix = message[(index + 1)..].TrimStart();
        return message[start..index];
    }

    public virtual string FormatResourceString(string resourceName, params object[] args)
    {
        ArgumentNullException.ThrowIfNull(resourceName);
        if (TaskResources == null)
            throw new InvalidOperationException($"The \"{TaskName}\" task has not registered its resources. In order to use the \"TaskLoggingHelper.FormatResourceString()\" method this task needs to register its resources either during construction, or via the \"TaskResources\" property.");
        string? text = TaskResources.GetString(resourceName, CultureInfo.CurrentUICulture);
        return text == null
            ? throw new ArgumentException($"The resource string \"{resourceName}\" for the \"{TaskName}\" task cannot be found. Confirm that the resource name \"{resourceName}\" is correctly spelled, and the resource exists in the task's assembly.")
            : FormatString(text, args);
    }

    public virtual string FormatString(string unformatted, params object[] args)
    {
        ArgumentNullException.ThrowIfNull(unformatted);
        return args is { Length: > 0 } ? string.Format(CultureInfo.CurrentCulture, unformatted, args) : unformatted;
    }

    public virtual string GetResourceMessage(string resourceName) => FormatResourceString(resourceName);

    public void LogMessage(string message, params object[] messageArgs) => LogMessage(MessageImportance.Normal, message, messageArgs);

    public void LogMessage(MessageImportance importance, string message, params object[] messageArgs)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (LogsMessagesOfImportance(importance))
            BuildEngine.LogMessageEvent(new BuildMessageEventArgs(FormatString(message, messageArgs), null, TaskName, importance));
    }

    public void LogMessage(
        string subcategory, string code, string helpKeyword, string file, int lineNumber, int columnNumber, int endLineNumber, int endColumnNumber,
        MessageImportance importance, string message, params object[] messageArgs)
    {
        ArgumentNullException.ThrowIfNull(message);
        (file, lineNumber, columnNumber) = Place(file, lineNumber, columnNumber);
        BuildEngine.LogMessageEvent(new BuildMessageEventArgs(
            subcategory, code, file, lineNumber, columnNumber, endLineNumber, endColumnNumber,
            FormatString(message, messageArgs), helpKeyword, TaskName, importance));
    }

    public void LogCriticalMessage(
        string subcategory, string code, string helpKeyword, string file, int lineNumber, int columnNumber, int endLineNumber, int endColumnNumber,
        string message, params object[] messageArgs)
    {
        ArgumentNullException.ThrowIfNull(message);
        (file, lineNumber, columnNumber) = Place(file, lineNumber, columnNumber);
        BuildEngine.LogMessageEvent(new CriticalBuildMessageEventArgs(
            subcategory, code, file, lineNumber, columnNumber, endLineNumber, endColumnNumber, FormatString(message, messageArgs), helpKeyword, TaskName));
    }

    public void LogMessageFromResources(string messageResourceName, params object[] messageArgs) =>
        LogMessageFromResources(MessageImportance.Normal, messageResourceName, messageArgs);

    public void LogMessageFromResources(MessageImportance importance, string messageResourceName, params object[] messageArgs)
    {
        ArgumentNullException.ThrowIfNull(messageResourceName);
        if (LogsMessagesOfImportance(importance))
            LogMessage(importance, FormatResourceString(messageResourceName, messageArgs));
    }

    public void LogIncludeGeneratedFile(string filePath, string content)
    {
        // Only a binary log takes generated files, and it reads what was built from the disk.
    }

    public static string GetInnerExceptionMessageString(Exception e)
    {
        var text = new StringBuilder(e.Message);
        for (Exception? inner = e.InnerException; inner != null; inner = inner.InnerException)
            text.Append(" ---> ").Append(inner.Message);
        return text.ToString();
    }

    public void LogExternalProjectStarted(string message, string helpKeyword, string projectFile, string targetNames) =>
        BuildEngine.LogCustomEvent(new ExternalProjectStartedEventArgs(message, helpKeyword, TaskName, projectFile, targetNames));

    public void LogExternalProjectFinished(string message, string helpKeyword, string projectFile, bool succeeded) =>
        BuildEngine.LogCustomEvent(new ExternalProjectFinishedEventArgs(message, helpKeyword, TaskName, projectFile, succeeded));

    public void LogCommandLine(string commandLine) => LogCommandLine(MessageImportance.Low, commandLine);

    public void LogCommandLine(MessageImportance importance, string commandLine)
    {
        ArgumentNullException.ThrowIfNull(commandLine);
        if (LogsMessagesOfImportance(importance))
            BuildEngine.LogMessageEvent(new TaskCommandLineEventArgs(commandLine, TaskName, importance));
    }

    public void LogError(string message, params object[] messageArgs) => LogError(null!, null!, null!, null!, 0, 0, 0, 0, message, messageArgs);

    public void LogError(
        string subcategory, string errorCode, string helpKeyword, string file, int lineNumber, int columnNumber, int endLineNumber,
        int endColumnNumber, string message, params object[] messageArgs) =>
        LogError(subcategory, errorCode, helpKeyword, null!, file, lineNumber, columnNumber, endLineNumber, endColumnNumber, message, messageArgs);

    public void LogError(
        string subcategory, string errorCode, string helpKeyword, string helpLink, string file, int lineNumber, int columnNumber,
        int endLineNumber, int endColumnNumber, string message, params object[] messageArgs)
    {
        ArgumentNullException.ThrowIfNull(message);
        (file, lineNumber, columnNumber) = Place(file, lineNumber, columnNumber);
        BuildEngine.LogErrorEvent(new BuildErrorEventArgs(
            subcategory, errorCode, file, lineNumber, columnNumber, endLineNumber, endColumnNumber,
            FormatString(message, messageArgs), helpKeyword, TaskName, helpLink, DateTime.UtcNow, null));
        HasLoggedErrors = true;
    }

    public void LogErrorFromResources(string messageResourceName, params object[] messageArgs) => LogError(FormatResourceString(messageResourceName, messageArgs));

    public void LogErrorFromResources(
        string subcategoryResourceName, string errorCode, string helpKeyword, string file, int lineNumber, int columnNumber, int endLineNumber,
        int endColumnNumber, string messageResourceName, params object[] messageArgs) =>
        LogError(
            Subcategory(subcategoryResourceName), errorCode, helpKeyword, file, lineNumber, columnNumber, endLineNumber, endColumnNumber,
            FormatResourceString(messageResourceName, messageArgs));

    public void LogErrorWithCodeFromResources(string messageResourceName, params object[] messageArgs) =>
        LogErrorWithCodeFromResources(null!, null!, 0, 0, 0, 0, messageResourceName, messageArgs);

    public void LogErrorWithCodeFromResources(
        string subcategoryResourceName, string file, int lineNumber, int columnNumber, int endLineNumber, int endColumnNumber,
        string messageResourceName, params object[] messageArgs)
    {
        string code = ExtractMessageCode(FormatResourceString(messageResourceName, messageArgs), out string text);
        LogError(
            Subcategory(subcategoryResourceName), code, HelpKeyword(messageResourceName), file, lineNumber, columnNumber, endLineNumber,
            endColumnNumber, text);
    }

    public void LogErrorFromException(Exception exception) => LogErrorFromException(exception, showStackTrace: false);

    public void LogErrorFromException(Exception exception, bool showStackTrace) =>
        LogErrorFromException(exception, showStackTrace, showDetail: false, file: null!);

    public void LogErrorFromException(Exception exception, bool showStackTrace, bool showDetail, string file)
    {
        ArgumentNullException.ThrowIfNull(exception);
        LogError(null!, null!, null!, file, 0, 0, 0, 0, Describe(exception, showStackTrace, showDetail));
    }

    public void LogWarning(string message, params object[] messageArgs) => LogWarning(null!, null!, null!, null!, 0, 0, 0, 0, message, messageArgs);

    public void LogWarning(
        string subcategory, string warningCode, string helpKeyword, string file, int lineNumber, int columnNumber, int endLineNumber,
        int endColumnNumber, string message, params object[] messageArgs) =>
        LogWarning(subcategory, warningCode, helpKeyword, null!, file, lineNumber, columnNumber, endLineNumber, endColumnNumber, message, messageArgs);

    public void LogWarning(
        string subcategory, string warningCode, string helpKeyword, string helpLink, string file, int lineNumber, int columnNumber,
        int endLineNumber, int endColumnNumber, string message, params object[] messageArgs)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (BuildEngine is IBuildEngine8 eight && eight.ShouldTreatWarningAsError(warningCode))
        {
            LogError(subcategory, warningCode, helpKeyword, helpLink, file, lineNumber, columnNumber, endLineNumber, endColumnNumber, message, messageArgs);
            return;
        }
        (file, lineNumber, columnNumber) = Place(file, lineNumber, columnNumber);
        BuildEngine.LogWarningEvent(new BuildWarningEventArgs(
            subcategory, warningCode, file, lineNumber, columnNumber, endLineNumber, endColumnNumber,
            FormatString(message, messageArgs), helpKeyword, TaskName, helpLink, DateTime.UtcNow, null));
    }

    public void LogWarningFromResources(string messageResourceName, params object[] messageArgs) =>
        LogWarning(FormatResourceString(messageResourceName, messageArgs));

    public void LogWarningFromResources(
        string subcategoryResourceName, string warningCode, string helpKeyword, string file, int lineNumber, int columnNumber, int endLineNumber,
        int endColumnNumber, string messageResourceName, params object[] messageArgs) =>
        LogWarning(
            Subcategory(subcategoryResourceName), warningCode, helpKeyword, file, lineNumber, columnNumber, endLineNumber, endColumnNumber,
            FormatResourceString(messageResourceName, messageArgs));

    public void LogWarningWithCodeFromResources(string messageResourceName, params object[] messageArgs) =>
        LogWarningWithCodeFromResources(null!, null!, 0, 0, 0, 0, messageResourceName, messageArgs);

    public void LogWarningWithCodeFromResources(
        string subcategoryResourceName, string file, int lineNumber, int columnNumber, int endLineNumber, int endColumnNumber,
        string messageResourceName, params object[] messageArgs)
    {
        string code = ExtractMessageCode(FormatResourceString(messageResourceName, messageArgs), out string text);
        LogWarning(
            Subcategory(subcategoryResourceName), code, HelpKeyword(messageResourceName), file, lineNumber, columnNumber, endLineNumber,
            endColumnNumber, text);
    }

    public void LogWarningFromException(Exception exception) => LogWarningFromException(exception, showStackTrace: false);

    public void LogWarningFromException(Exception exception, bool showStackTrace)
    {
        ArgumentNullException.ThrowIfNull(exception);
        LogWarning(showStackTrace ? exception.Message + Environment.NewLine + exception.StackTrace : GetInnerExceptionMessageString(exception));
    }

    public bool LogMessagesFromFile(string fileName) => LogMessagesFromFile(fileName, MessageImportance.Low);

    public bool LogMessagesFromFile(string fileName, MessageImportance messageImportance)
    {
        using StreamReader reader = File.OpenText(fileName);
        return LogMessagesFromStream(reader, messageImportance);
    }

    public bool LogMessagesFromStream(TextReader stream, MessageImportance messageImportance)
    {
        bool hadErrors = false;
        while (stream.ReadLine() is { } line)
            hadErrors |= LogMessageFromText(line, messageImportance);
        return hadErrors;
    }

    // A line in the form of a compiler's error or warning becomes one. Was it an error?
    public bool LogMessageFromText(string lineOfText, MessageImportance messageImportance)
    {
        ArgumentNullException.ThrowIfNull(lineOfText);
        CanonicalLine? line = CanonicalLine.Parse(lineOfText);
        if (line == null)
        {
            LogMessage(messageImportance, lineOfText);
            return false;
        }
        string origin = string.IsNullOrEmpty(line.Origin) ? TaskName.ToUpperInvariant() : line.Origin;
        if (line.IsError)
            LogError(line.Subcategory, line.Code, null!, origin, line.Line, line.Column, line.EndLine, line.EndColumn, line.Text.Replace("\r\n", Environment.NewLine));
        else
            LogWarning(line.Subcategory, line.Code, null!, origin, line.Line, line.Column, line.EndLine, line.EndColumn, line.Text.Replace("\r\n", Environment.NewLine));
        return line.IsError;
    }

    public void LogTelemetry(string eventName, IDictionary<string, string> properties) => (BuildEngine as IBuildEngine5)?.LogTelemetry(eventName, properties);

    private static string Describe(Exception exception, bool showStackTrace, bool showDetail)
    {
        if (!showDetail)
            return showStackTrace ? exception.Message + Environment.NewLine + exception.StackTrace : GetInnerExceptionMessageString(exception);
        var text = new StringBuilder();
        for (Exception? one = exception; one != null; one = one.InnerException)
        {
            text.Append(one.GetType().Name).Append(": ").AppendLine(one.Message);
            if (showStackTrace)
                text.AppendLine(one.StackTrace);
        }
        return text.ToString();
    }

    private (string File, int Line, int Column) Place(string file, int line, int column) =>
        string.IsNullOrEmpty(file) && line == 0 && column == 0
            ? (BuildEngine.ProjectFileOfTaskNode, BuildEngine.LineNumberOfTaskNode, BuildEngine.ColumnNumberOfTaskNode)
            : (file, line, column);

    private string Subcategory(string resourceName) => resourceName == null ? null! : FormatResourceString(resourceName);

    private string HelpKeyword(string resourceName) => HelpKeywordPrefix == null ? null! : HelpKeywordPrefix + resourceName;
}
