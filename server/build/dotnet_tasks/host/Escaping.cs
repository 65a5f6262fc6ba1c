// MSBuild's escapes: a character that means something in an item list <-> % and two hexadecimal digits.
using System;
using System.Globalization;
using System.Text;

namespace Microsoft.Build.Utilities;

internal static class Escaping
{
    private const string Special = "%*?@$();'";

    public static string Escape(string text)
    {
        if (text.AsSpan().IndexOfAny(Special) < 0)
            return text;
        var result = new StringBuilder(text.Length + 8);
        foreach (char character in text)
        {
            if (Special.Contains(character))
                result.Append('%').Append(((int)character).ToString("x2", CultureInfo.InvariantCulture));
            else
                result.Append(character);
        }
        return result.ToString();
    }

    public static string Unescape(string text)
    {
        if (!text.Contains('%'))
            return text;
        var result = new StringBuilder(text.Length);
        for (int index = 0; index < text.Length; index++)
        {
            if (text[index] == '%' && index + 2 < text.Length && char.IsAsciiHexDigit(text[index + 1]) && char.IsAsciiHexDigit(text[index + 2]))
            {
                result.Append((char)int.Parse(text.AsSpan(index + 1, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
                index += 2;
            }
            else
            {
                result.Append(text[index]);
            }
        }
        return result.ToString();
    }
}
