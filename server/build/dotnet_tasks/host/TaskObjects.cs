// Objects that tasks register by a key, for the rest of the build or of the process.
using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using Microsoft.Build.Framework;

namespace Aotd.TaskHost;

internal sealed class TaskObjects
{
    private readonly ConcurrentDictionary<object, object> ofBuild = new();
    private readonly ConcurrentDictionary<object, object> ofProcess = new();

    public ConcurrentDictionary<object, object> Of(RegisteredTaskObjectLifetime lifetime) =>
        lifetime == RegisteredTaskObjectLifetime.Build ? ofBuild : ofProcess;

    // An object that fails to go away cannot keep the others from it.
    public void EndBuild()
    {
        foreach (KeyValuePair<object, object> pair in ofBuild)
        {
            ofBuild.TryRemove(pair.Key, out _);
            try
            {
                (pair.Value as IDisposable)?.Dispose();
            }
            catch (Exception exception)
            {
                Console.Error.WriteLine(exception.Message);
            }
        }
    }
}
