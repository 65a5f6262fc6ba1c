// Types of task parameters <-> texts: which types can be given and taken, and the values in them.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Build.Framework;

namespace Aotd.TaskHost;

internal static class ParameterKinds
{
    private const string AbsolutePath = "Microsoft.Build.Framework.AbsolutePath";

    // `input` says how the value travels: item, items, text, texts, or "" when MSBuild takes no such type.
    public static JsonObject Describe(TaskPropertyInfo parameter, Type task)
    {
        Type type = parameter.PropertyType;
        PropertyInfo? property = PropertyOf(task, parameter.Name);
        return new JsonObject
        {
            ["name"] = parameter.Name,
            ["type"] = type.FullName,
            ["input"] = InputKind(type),
            ["required"] = parameter.Required,
            ["is_output"] = parameter.Output,
            ["is_settable"] = property == null || property.CanWrite,
        };
    }

    public static PropertyInfo? PropertyOf(Type task, string name) =>
        task.GetProperties(BindingFlags.Instance | BindingFlags.Public)
            .Where(property => property.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            .OrderByDescending(property => property.Name == name)
            .FirstOrDefault();

    // A parameter of a <ParameterGroup>, whose type is named as in the project.
    public static TaskPropertyInfo Declared(JsonElement row)
    {
        string name = row.GetProperty("type").GetString()!;
        Type type = Type.GetType(name) ?? Type.GetType(name + "," + typeof(ITaskItem).Assembly.FullName) ?? typeof(string);
        return new TaskPropertyInfo(
            row.GetProperty("name").GetString()!, type, row.GetProperty("is_output").GetBoolean(), row.GetProperty("required").GetBoolean());
    }

    private static string InputKind(Type type)
    {
        Type element = type.IsArray ? type.GetElementType()! : type;
        if (element == typeof(ITaskItem) || TypedValue(element) != null)
            return type.IsArray ? "items" : "item";
        bool isItem = typeof(ITaskItem).IsAssignableFrom(element);
        return isItem || !IsText(element) ? "" : type.IsArray ? "texts" : "text";
    }

    public static bool IsOutput(Type type)
    {
        Type element = type.IsArray ? type.GetElementType()! : type;
        return typeof(ITaskItem).IsAssignableFrom(element) || IsText(element);
    }

    // The T of TaskItem<T> and ITaskItem<T>, which newer versions of MSBuild have; null for other types.
    public static Type? TypedValue(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition().FullName is "Microsoft.Build.Framework.TaskItem`1" or "Microsoft.Build.Framework.ITaskItem`1"
            ? type.GetGenericArguments()[0]
            : null;

    // An item as a parameter of `type` takes it.
    public static object AsParameter(EngineItem item, Type type)
    {
        if (TypedValue(type) is not { } value)
            return item;
        Type generic = typeof(ITaskItem).Assembly.GetType("Microsoft.Build.Framework.TaskItem`1", throwOnError: true)!;
        return Activator.CreateInstance(generic.MakeGenericType(value), item)!;
    }

    private static bool IsText(Type type) => type.IsValueType || type == typeof(string) || type == typeof(FileInfo) || type == typeof(DirectoryInfo);

    // Throws ArgumentException, FormatException, OverflowException or InvalidCastException when the text is no such value.
    public static object Parse(string text, Type type, string directory)
    {
        if (type == typeof(string))
            return text;
        if (type == typeof(bool))
            return ParseBoolean(text);
        if (type == typeof(FileInfo))
            return new FileInfo(Path.Combine(directory, text));
        if (type == typeof(DirectoryInfo))
            return new DirectoryInfo(Path.Combine(directory, text));
        if (type.FullName == AbsolutePath)
            return Environments.Absolute(type, text, directory);
        if (type.IsEnum)
        {
            object value = Enum.Parse(type, text, ignoreCase: true);
            return Enum.IsDefined(type, value) ? value : throw new ArgumentException(text);
        }
        return Convert.ChangeType(text, type, CultureInfo.InvariantCulture);
    }

    private static bool ParseBoolean(string text) => text.ToLowerInvariant() switch
    {
        "true" or "on" or "yes" or "!false" or "!off" or "!no" => true,
        "false" or "off" or "no" or "!true" or "!on" or "!yes" => false,
        _ => throw new ArgumentException(text),
    };

    public static string Text(object? value) => value switch
    {
        null => "",
        FileSystemInfo file => file.FullName,
        _ when value.GetType().FullName == AbsolutePath => value.GetType().GetProperty("Value")!.GetValue(value) as string ?? "",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };
}
