// Tasks for the tests: each shows one thing that a task of an assembly may do.
using System;
using System.Collections;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

namespace Sample.Tasks
{
    public enum Colour { Red, Green }

    public class Types : Task
    {
        public bool Flag { get; set; }
        public int Number { get; set; }
        public double Real { get; set; }
        public char Letter { get; set; }
        public Colour Colour { get; set; }
        public string[] Texts { get; set; }
        public int[] Numbers { get; set; }
        public bool[] Flags { get; set; }
        public ITaskItem Item { get; set; }
        public ITaskItem[] Items { get; set; }
        public List<string> Unsupported { get; set; }
        [Output] public string Text { get; set; }
        [Output] public int[] Doubled { get; set; }
        [Output] public bool IsFlag { get; set; }
        [Output] public ITaskItem[] Copies { get; set; }
        [Output] public string Nothing { get; set; }
        [Output] public string Throws => throw new InvalidOperationException("no such output");

        public override bool Execute()
        {
            Text = $"{Flag} {Number} {Real.ToString(System.Globalization.CultureInfo.InvariantCulture)} {Letter} {Colour} [{string.Join("|", Texts ?? new string[0])}]";
            Doubled = (Numbers ?? new int[0]).Select(number => number * 2).ToArray();
            IsFlag = Flag;
            Copies = (Items ?? new ITaskItem[0]).Select(item => (ITaskItem)new TaskItem(item)).ToArray();
            if (Item != null)
                Log.LogMessage(MessageImportance.High, "item {0} {1} {2}", Item.ItemSpec, Item.GetMetadata("Colour"), Item.GetMetadata("Filename"));
            return true;
        }
    }

    public class Needs : Task
    {
        [Required] public string What { get; set; }
        public string Bad { get => ""; set => throw new ArgumentException("never " + value); }
        public override bool Execute() => true;
    }

    public class Logs : Task
    {
        public override bool Execute()
        {
            Log.LogMessage(MessageImportance.High, "high");
            Log.LogMessage("normal");
            Log.LogCommandLine(MessageImportance.High, "tool --switch");
            Log.LogWarning("sub", "W1", null, "file.txt", 1, 2, 3, 4, "warned");
            Log.LogError(null, "E1", null, "file.txt", 5, 6, 0, 0, "failed");
            Log.LogMessageFromText("other.cs(7,8): error X9: from text", MessageImportance.High);
            Console.WriteLine("printed");
            return !Log.HasLoggedErrors;
        }
    }

    public class Silent : Task
    {
        public bool IsAllowed { get; set; }
        public override bool Execute()
        {
            BuildEngine7.AllowFailureWithoutError = IsAllowed;
            return false;
        }
    }

    public class Boom : Task
    {
        public override bool Execute() => throw new InvalidOperationException("boom");
    }

    public class Dies : Task
    {
        public override bool Execute()
        {
            Environment.FailFast("gone");
            return true;
        }
    }

    public class Sleeps : Task, ICancelableTask
    {
        private readonly ManualResetEvent cancelled = new ManualResetEvent(false);
        public void Cancel() => cancelled.Set();
        public override bool Execute()
        {
            Log.LogMessage(MessageImportance.High, "sleeping");
            bool wasCancelled = cancelled.WaitOne(60000);
            Log.LogMessage(MessageImportance.High, "cancelled {0}", wasCancelled);
            return true;
        }
    }

    public class Hangs : Task
    {
        public override bool Execute()
        {
            Thread.Sleep(60000);
            return true;
        }
    }

    public class Builds : Task
    {
        public string Project { get; set; }
        public string Target { get; set; }
        [Output] public ITaskItem[] Results { get; set; }
        public override bool Execute()
        {
            var outputs = new Dictionary<string, ITaskItem[]>();
            var properties = new Dictionary<string, string> { ["From"] = "task" };
            bool succeeded = BuildEngine.BuildProjectFile(Project, new[] { Target }, properties, outputs);
            Results = outputs.Values.SelectMany(items => items).ToArray();
            Log.LogMessage(MessageImportance.High, "child {0} in {1}", succeeded, System.IO.Path.GetFileName(Environment.CurrentDirectory));
            return succeeded;
        }
    }

    public class Counts : Task
    {
        public override bool Execute()
        {
            int count = 1 + (int)(BuildEngine4.GetRegisteredTaskObject("count", RegisteredTaskObjectLifetime.Build) ?? 0);
            BuildEngine4.UnregisterTaskObject("count", RegisteredTaskObjectLifetime.Build);
            BuildEngine4.RegisterTaskObject("count", count, RegisteredTaskObjectLifetime.Build, false);
            string globals = string.Join(",", BuildEngine6.GetGlobalProperties().Select(pair => pair.Key + "=" + pair.Value));
            Log.LogMessage(MessageImportance.High, "count {0} globals {1} host {2}", count, globals, HostObject == null);
            return true;
        }
    }

    public class Echo : ToolTask
    {
        public string Say { get; set; }
        public int Exit { get; set; }
        protected override string ToolName => "sh";
        protected override MessageImportance StandardOutputLoggingImportance => MessageImportance.High;
        protected override string GenerateFullPathToTool() => "/bin/sh";
        protected override string GenerateCommandLineCommands()
        {
            var line = new CommandLineBuilder();
            line.AppendSwitch("-c");
            line.AppendSwitchIfNotNull("", $"echo {Say}; exit {Exit}");
            return line.ToString();
        }
    }

    public abstract class Unmade : Task
    {
    }

    public class BadConstructor : Task
    {
        public BadConstructor() => throw new InvalidOperationException("cannot be made");
        public override bool Execute() => true;
    }

    // Stands in for the task of that name, which the engine alone does not have.
    public class Message : Task
    {
        public string Text { get; set; }
        public string Importance { get; set; }
        public override bool Execute()
        {
            Log.LogMessage(MessageImportance.High, "{0}", Text ?? "");
            return true;
        }
    }

    public class Outs : Task
    {
        [Output] public string[] Strings => new[] { "a;b", "", null, "c%3bd", "e\\f" };
        [Output] public string Empty => "";
        [Output] public string Null => null;
        [Output] public double Real => 1.5;
        [Output] public DateTime Date => new DateTime(2024, 1, 2, 3, 4, 5);
        [Output] public char Letter => 'x';
        [Output] public Colour[] Colours => new[] { Colour.Red, Colour.Green };
        [Output] public ITaskItem Single => new TaskItem("x%3by");
        [Output] public ITaskItem NullItem => null;
        [Output] public ITaskItem[] WithNull => new ITaskItem[] { new TaskItem("p"), null, new TaskItem("q") };
        [Output] public TaskItem[] Concretes => new[] { new TaskItem("c1"), new TaskItem("c2") };
        [Output] public List<string> BadType => new List<string>();
        [Output] public ITaskItem Meta
        {
            get
            {
                var item = new TaskItem("m");
                item.SetMetadata("A", "1;2");
                item.SetMetadata("B", "%3b");
                item.SetMetadata("C", "");
                item.SetMetadata("D", "$(X) @(Y)");
                return item;
            }
        }
        public override bool Execute() => true;
    }

    public class Items : Task
    {
        public ITaskItem[] In { get; set; }
        public override bool Execute()
        {
            foreach (ITaskItem item in In ?? new ITaskItem[0])
            {
                var parts = new List<string> { item.ItemSpec, item.MetadataCount.ToString(), ((ITaskItem2)item).EvaluatedIncludeEscaped };
                parts.AddRange(item.MetadataNames.Cast<string>().Where(name => !name.EndsWith("Time"))
                    .OrderBy(name => name, StringComparer.Ordinal).Select(name => name + "=" + item.GetMetadata(name)));
                parts.AddRange(item.CloneCustomMetadata().Cast<DictionaryEntry>().Select(entry => entry.Key + ":" + entry.Value));
                item.SetMetadata("Added", "z%3bz");
                item.RemoveMetadata("M");
                item.SetMetadata("FullPath", "x");
                var copy = new TaskItem(item);
                parts.AddRange(new[] { item.GetMetadata("Added"), item.GetMetadata("M"), copy.ItemSpec, copy.GetMetadata("Added") });
                parts.AddRange(new[] { copy.GetMetadata("OriginalItemSpec"), copy.GetMetadata("DefiningProjectFullPath") });
                Log.LogMessage(MessageImportance.High, "{0}", string.Join("|", parts));
            }
            return true;
        }
    }

    public class Raw : Task
    {
        public override bool Execute()
        {
            IBuildEngine engine = BuildEngine;
            Log.LogMessage(MessageImportance.High, "{0},{1} {2}", engine.LineNumberOfTaskNode, engine.ColumnNumberOfTaskNode, engine.ContinueOnError);
            engine.LogErrorEvent(new BuildErrorEventArgs("", "", null, 0, 0, 0, 0, "no file", "", ""));
            engine.LogWarningEvent(new BuildWarningEventArgs("", "W", "f.txt", 0, 0, 0, 0, "no line", "", ""));
            engine.LogMessageEvent(new BuildMessageEventArgs("", "M1", "f.txt", 3, 4, 0, 0, "placed", "", "", MessageImportance.High));
            engine.LogErrorEvent(new BuildErrorEventArgs("sub", "E", "f.txt", 3, 0, 5, 0, "lines", "", ""));
            engine.LogErrorEvent(new BuildErrorEventArgs("sub", "E", "f.txt", 3, 4, 0, 9, "columns", "", ""));
            Log.LogCriticalMessage("s", "C1", "", "c.txt", 1, 1, 0, 0, "critical");
            Log.LogErrorFromException(new InvalidOperationException("outer", new Exception("inner")));
            Log.LogWarning("two\nlines");
            return true;
        }
    }
}
