// What newer versions of Microsoft.Build.Framework have and older ones lack, found by name: TaskEnvironment and AbsolutePath.
using System;
using System.IO;
using System.Reflection;
using Microsoft.Build.Framework;

namespace Aotd.TaskHost;

internal static class Environments
{
    // Reads and writes the process itself, which a task has for itself while it runs.
    public static object? Fallback(Type environment) => environment.GetProperty("Fallback", BindingFlags.Static | BindingFlags.Public)?.GetValue(null);

    public static object Absolute(Type absolutePath, string text, string directory) =>
        Activator.CreateInstance(absolutePath, Path.Combine(directory, text)) ?? throw new ArgumentException(text);

    // Gives a task that asks for it its environment.
    public static void Give(ITask task)
    {
        if (task.GetType().GetInterface("Microsoft.Build.Framework.IMultiThreadableTask") == null)
            return;
        PropertyInfo? property = ParameterKinds.PropertyOf(task.GetType(), "TaskEnvironment");
        if (property is { CanWrite: true })
            property.SetValue(task, Fallback(property.PropertyType));
    }
}
