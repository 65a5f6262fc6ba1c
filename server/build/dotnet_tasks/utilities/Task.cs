// The base of most tasks: the build that calls it, and a helper that logs.
using System.Resources;
using Microsoft.Build.Framework;

namespace Microsoft.Build.Utilities;

public abstract class Task : ITask
{
    protected Task() => Log = new TaskLoggingHelper(this);

    protected Task(ResourceManager taskResources) : this() => Log.TaskResources = taskResources;

    protected Task(ResourceManager taskResources, string helpKeywordPrefix) : this(taskResources) => Log.HelpKeywordPrefix = helpKeywordPrefix;

    public IBuildEngine BuildEngine { get; set; } = null!;

    public IBuildEngine2 BuildEngine2 => (IBuildEngine2)BuildEngine;

    public IBuildEngine3 BuildEngine3 => (IBuildEngine3)BuildEngine;

    public IBuildEngine4 BuildEngine4 => (IBuildEngine4)BuildEngine;

    public IBuildEngine5 BuildEngine5 => (IBuildEngine5)BuildEngine;

    public IBuildEngine6 BuildEngine6 => (IBuildEngine6)BuildEngine;

    public IBuildEngine7 BuildEngine7 => (IBuildEngine7)BuildEngine;

    public IBuildEngine8 BuildEngine8 => (IBuildEngine8)BuildEngine;

    public IBuildEngine9 BuildEngine9 => (IBuildEngine9)BuildEngine;

    public IBuildEngine10 BuildEngine10 => (IBuildEngine10)BuildEngine;

    public ITaskHost HostObject { get; set; } = null!;

    public TaskLoggingHelper Log { get; }

    protected ResourceManager TaskResources
    {
        get => Log.TaskResources;
        set => Log.TaskResources = value;
    }

    protected string HelpKeywordPrefix
    {
        get => Log.HelpKeywordPrefix;
        set => Log.HelpKeywordPrefix = value;
    }

    public abstract bool Execute();
}
