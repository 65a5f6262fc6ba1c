// Switches, files and values -> one command line, quoted where it must be.
using System;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Build.Framework;

namespace Microsoft.Build.Utilities;

public class CommandLineBuilder
{
    private readonly bool quotesHyphens;
    private readonly bool usesNewLines;

    public CommandLineBuilder()
    {
    }

    public CommandLineBuilder(bool quoteHyphensOnCommandLine) => quotesHyphens = quoteHyphensOnCommandLine;

    public CommandLineBuilder(bool quoteHyphensOnCommandLine, bool useNewLineSeparator) : this(quoteHyphensOnCommandLine) => usesNewLines = useNewLineSeparator;

    public int Length => CommandLine.Length;

    protected StringBuilder CommandLine { get; } = new();

    public override string ToString() => CommandLine.ToString();

    protected virtual bool IsQuotingRequired(string parameter)
    {
        if (string.IsNullOrEmpty(parameter))
            return true;
        string plain = quotesHyphens ? @"^[a-z\\/:0-9\._+=]*$" : @"^[a-z\\/:0-9\._\-+=]*$";
        return !Regex.IsMatch(parameter, plain, RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)
            && (Regex.IsMatch(parameter, quotesHyphens ? @"[|><\s,;\-""]+" : @"[|><\s,;""]+", RegexOptions.CultureInvariant) || parameter.Contains('\''));
    }

    protected void AppendSpaceIfNotEmpty()
    {
        if (CommandLine.Length == 0)
            return;
        if (usesNewLines)
            CommandLine.Append(Environment.NewLine);
        else if (CommandLine[^1] != ' ')
            CommandLine.Append(' ');
    }

    protected void AppendTextWithQuoting(string textToAppend) => AppendQuotedTextToBuffer(CommandLine, textToAppend);

    protected void AppendQuotedTextToBuffer(StringBuilder buffer, string unquotedTextToAppend)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        if (unquotedTextToAppend == null)
            return;
        if (!IsQuotingRequired(unquotedTextToAppend))
        {
            buffer.Append(unquotedTextToAppend);
            return;
        }
        int quotes = unquotedTextToAppend.Count(character => character == '"');
        string text = unquotedTextToAppend;
        if (quotes > 0)
        {
            if (quotes % 2 == 1)
                throw new ArgumentException($"Illegal quote in the command line value [{text}].");
            text = text.Replace("\\\"", "\\\\\"", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
        }
        buffer.Append('"').Append(text);
        if (text.EndsWith('\\'))
            buffer.Append('\\');
        buffer.Append('"');
    }

    public void AppendTextUnquoted(string textToAppend)
    {
        if (textToAppend != null)
            CommandLine.Append(textToAppend);
    }

    // A name that begins like a switch would be taken for one.
    protected void AppendFileNameWithQuoting(string fileName)
    {
        if (fileName == null)
            return;
        VerifyThrowNoEmbeddedDoubleQuotes("", fileName);
        bool isLikeSwitch = fileName.Length != 0 && fileName[0] != '$' && !char.IsLetterOrDigit(fileName[0]) && fileName[0] != '"'
            && fileName[0] != '.' && fileName[0] != '/' && fileName[0] != '\\';
        AppendTextWithQuoting(isLikeSwitch ? "." + Path.DirectorySeparatorChar + fileName : fileName);
    }

    public void AppendFileNameIfNotNull(string fileName)
    {
        if (fileName == null)
            return;
        AppendSpaceIfNotEmpty();
        AppendFileNameWithQuoting(fileName);
    }

    public void AppendFileNameIfNotNull(ITaskItem fileItem) => AppendFileNameIfNotNull(fileItem?.ItemSpec!);

    public void AppendFileNamesIfNotNull(string[] fileNames, string delimiter)
    {
        ArgumentNullException.ThrowIfNull(delimiter);
        if (fileNames is not { Length: > 0 })
            return;
        AppendSpaceIfNotEmpty();
        for (int index = 0; index < fileNames.Length; index++)
        {
            if (index > 0)
                AppendTextUnquoted(delimiter);
            AppendFileNameWithQuoting(fileNames[index]);
        }
    }

    public void AppendFileNamesIfNotNull(ITaskItem[] fileItems, string delimiter) =>
        AppendFileNamesIfNotNull(fileItems?.Select(item => item?.ItemSpec!).ToArray()!, delimiter);

    public void AppendSwitch(string switchName)
    {
        ArgumentNullException.ThrowIfNull(switchName);
        AppendSpaceIfNotEmpty();
        AppendTextUnquoted(switchName);
    }

    protected virtual void VerifyThrowNoEmbeddedDoubleQuotes(string switchName, string parameter)
    {
        if (parameter == null || !parameter.Contains('"'))
            return;
        throw new ArgumentException(string.IsNullOrEmpty(switchName)
            ? $"Illegal quote in the command line value [{parameter}]."
            : $"Illegal quote passed to the command line switch named \"{switchName}\". The value was [{parameter}].");
    }

    public void AppendSwitchIfNotNull(string switchName, string parameter)
    {
        if (parameter == null)
            return;
        AppendSwitch(switchName);
        AppendTextWithQuoting(parameter);
    }

    public void AppendSwitchIfNotNull(string switchName, ITaskItem parameter) => AppendSwitchIfNotNull(switchName, parameter?.ItemSpec!);

    public void AppendSwitchIfNotNull(string switchName, string[] parameters, string delimiter)
    {
        ArgumentNullException.ThrowIfNull(delimiter);
        if (parameters is not { Length: > 0 })
            return;
        AppendSwitch(switchName);
        for (int index = 0; index < parameters.Length; index++)
        {
            if (index > 0)
                AppendTextUnquoted(delimiter);
            AppendTextWithQuoting(parameters[index]);
        }
    }

    public void AppendSwitchIfNotNull(string switchName, ITaskItem[] parameters, string delimiter) =>
        AppendSwitchIfNotNull(switchName, parameters?.Select(item => item?.ItemSpec!).ToArray()!, delimiter);

    public void AppendSwitchUnquotedIfNotNull(string switchName, string parameter)
    {
        if (parameter == null)
            return;
        AppendSwitch(switchName);
        AppendTextUnquoted(parameter);
    }

    public void AppendSwitchUnquotedIfNotNull(string switchName, ITaskItem parameter) => AppendSwitchUnquotedIfNotNull(switchName, parameter?.ItemSpec!);

    public void AppendSwitchUnquotedIfNotNull(string switchName, string[] parameters, string delimiter)
    {
        ArgumentNullException.ThrowIfNull(delimiter);
        if (parameters is { Length: > 0 })
            AppendSwitchUnquotedIfNotNull(switchName, string.Join(delimiter, parameters));
    }

    public void AppendSwitchUnquotedIfNotNull(string switchName, ITaskItem[] parameters, string delimiter) =>
        AppendSwitchUnquotedIfNotNull(switchName, parameters?.Select(item => item?.ItemSpec!).ToArray()!, delimiter);
}
