using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Microsoft.Build.Framework;
using Microsoft.Build.Logging;

// Plays a binary log with MSBuild's own reader: one line per event (`events`), or what its console logger shows at a verbosity.
internal static class Replay
{
    private static int Main(string[] arguments)
    {
        var source = new BinaryLogReplayEventSource();
        if (arguments[1] != "events")
        {
            var verbosity = Enum.Parse<LoggerVerbosity>(arguments[1]);
            var logger = new ConsoleLogger(verbosity, text => Console.Out.Write(text), _ => { }, () => { });
            logger.Parameters = "ENABLEMPLOGGING;SHOWPROJECTFILE=TRUE;" + (arguments.Length > 3 ? arguments[3] : "");
            logger.Initialize(source, int.Parse(arguments[2]));
            source.Replay(arguments[0]);
            logger.Shutdown();
            return 0;
        }
        source.AnyEventRaised += (_, e) => Console.Out.WriteLine(Line(e));
        source.Replay(arguments[0]);
        return 0;
    }

    private static string Line(BuildEventArgs e)
    {
        var c = e.BuildEventContext;
        var place = c == null ? "-" : $"{c.SubmissionId},{c.NodeId},{c.EvaluationId},{c.ProjectInstanceId},{c.ProjectContextId},{c.TargetId},{c.TaskId}";
        var more = e switch
        {
            BuildErrorEventArgs x => $"{x.Subcategory}|{x.Code}|{x.File}|{x.LineNumber},{x.ColumnNumber}|{x.ProjectFile}",
            BuildWarningEventArgs x => $"{x.Subcategory}|{x.Code}|{x.File}|{x.LineNumber},{x.ColumnNumber}|{x.ProjectFile}",
            TargetSkippedEventArgs x => $"{x.SkipReason}|{x.BuildReason}|{x.TargetFile}|{x.ParentTarget}|{x.Importance}",
            TaskParameterEventArgs x => $"{x.Kind}|{x.ItemType}|{x.LineNumber},{x.ColumnNumber}",
            ProjectImportedEventArgs x => $"{x.ImportedProjectFile}|{x.UnexpandedProject}|{x.ProjectFile}|{x.LineNumber},{x.ColumnNumber}",
            TaskCommandLineEventArgs x => $"{x.TaskName}|{x.Importance}",
            BuildMessageEventArgs x => $"{x.Importance}|{x.Code}|{x.File}|{x.LineNumber},{x.ColumnNumber}",
            BuildFinishedEventArgs x => $"{x.Succeeded}",
            ProjectStartedEventArgs x => $"{x.ProjectFile}|{x.TargetNames}|{x.ProjectId}|{Names(x.GlobalProperties)}",
            ProjectFinishedEventArgs x => $"{x.ProjectFile}|{x.Succeeded}",
            TargetStartedEventArgs x => $"{x.TargetName}|{x.ProjectFile}|{x.TargetFile}|{x.ParentTarget}|{x.BuildReason}",
            TargetFinishedEventArgs x => $"{x.TargetName}|{x.Succeeded}|{Items(x.TargetOutputs)}",
            TaskStartedEventArgs x => $"{x.TaskName}|{x.ProjectFile}|{x.TaskFile}|{x.LineNumber},{x.ColumnNumber}",
            TaskFinishedEventArgs x => $"{x.TaskName}|{x.Succeeded}",
            ProjectEvaluationFinishedEventArgs x => $"{x.ProjectFile}|{Count(x.Properties)}|{Count(x.Items)}",
            _ => "",
        };
        return $"{e.GetType().Name} [{place}] {more} :: {e.Message?.Replace("\r", "").Replace("\n", "\\n")}";
    }

    private static string Names(IDictionary<string, string>? pairs) =>
        pairs == null ? "" : string.Join(";", pairs.Select(pair => $"{pair.Key}={pair.Value}"));

    private static string Items(System.Collections.IEnumerable? items) =>
        items == null ? "" : string.Join(";", items.Cast<ITaskItem>().Select(item => item.ItemSpec));

    private static int Count(System.Collections.IEnumerable? values) => values == null ? 0 : values.Cast<object>().Count();
}
