// A line of a tool's output -> where, how grave, which code and what, when it has the form `origin : [subcategory] error CODE: text`.
using System;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Microsoft.Build.Utilities;

internal sealed record CanonicalLine(
    string Origin, int Line, int Column, int EndLine, int EndColumn, string Subcategory, bool IsError, string Code, string Text)
{
    private static readonly Regex s_form = new(
        @"^\s*(((?<origin>(((\d+>)?[a-zA-Z]?:[^:]*)|([^:]*))):)|())(?<subcategory>(()|([^:]*? )))(?<category>(error|warning))( \s*(?<code>[^: ]*))?\s*:(?<text>.*)$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);

    private static readonly Regex s_place = new(
        @"^(\d+>)?(?<file>.*)\((?<place>(\d+)?([,-]\d+)*)\)\s*$", RegexOptions.CultureInvariant);

    public static CanonicalLine? Parse(string text)
    {
        if (!text.Contains("error", StringComparison.OrdinalIgnoreCase) && !text.Contains("warning", StringComparison.OrdinalIgnoreCase))
            return null;
        Match match = s_form.Match(text);
        if (!match.Success)
            return null;
        string origin = match.Groups["origin"].Value.Trim();
        (string file, int[] numbers) = Split(origin);
        return new CanonicalLine(
            file, numbers[0], numbers[1], numbers[2], numbers[3], match.Groups["subcategory"].Value.Trim(),
            match.Groups["category"].Value.Equals("error", StringComparison.OrdinalIgnoreCase), match.Groups["code"].Value.Trim(),
            match.Groups["text"].Value.TrimStart());
    }

    // (line) (line,column) (line,column-column) (line,column,line,column) (line-line)
    private static (string File, int[] Numbers) Split(string origin)
    {
        Match match = s_place.Match(origin);
        if (!match.Success)
            return (origin, [0, 0, 0, 0]);
        string place = match.Groups["place"].Value;
        string[] parts = place.Split(',', '-');
        int Number(int index) => index < parts.Length && int.TryParse(parts[index], NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : 0;
        int[] numbers = (parts.Length, place.Contains('-')) switch
        {
            (1, _) => [Number(0), 0, 0, 0],
            (2, true) => [Number(0), 0, Number(1), 0],
            (2, false) => [Number(0), Number(1), 0, 0],
            (3, _) => [Number(0), Number(1), 0, Number(2)],
            _ => [Number(0), Number(1), Number(2), Number(3)],
        };
        return (match.Groups["file"].Value.Trim(), numbers);
    }
}
