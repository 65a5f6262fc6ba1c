// The base of loggers: a verbosity and parameters.
using System;
using Microsoft.Build.Framework;

namespace Microsoft.Build.Utilities;

public abstract class Logger : ILogger
{
    public virtual LoggerVerbosity Verbosity { get; set; } = LoggerVerbosity.Normal;

    public virtual string Parameters { get; set; } = null!;

    public abstract void Initialize(IEventSource eventSource);

    public virtual void Shutdown()
    {
    }

    public virtual string FormatErrorEvent(BuildErrorEventArgs args) =>
        Format(args.File, args.LineNumber, args.ColumnNumber, args.Subcategory, "error", args.Code, args.Message);

    public virtual string FormatWarningEvent(BuildWarningEventArgs args) =>
        Format(args.File, args.LineNumber, args.ColumnNumber, args.Subcategory, "warning", args.Code, args.Message);

    public bool IsVerbosityAtLeast(LoggerVerbosity checkVerbosity) => Verbosity >= checkVerbosity;

    private static string Format(string file, int line, int column, string subcategory, string category, string code, string? message)
    {
        string place = string.IsNullOrEmpty(file) ? "MSBUILD" : line == 0 ? file : column == 0 ? $"{file}({line})" : $"{file}({line},{column})";
        string kind = string.IsNullOrEmpty(subcategory) ? category : subcategory + " " + category;
        return $"{place}: {kind} {code}: {message}".Replace(" : ", ": ", StringComparison.Ordinal);
    }
}
