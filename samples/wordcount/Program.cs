using System.Globalization;
using System.Text;

// Counts the words of the text on standard input and prints a report: totals, the most frequent words, and how long words are.
// usage: wordcount [N]   (N most frequent words, 20 unless given)

int wanted = 20;
if (args.Length > 1 || (args.Length == 1 && (!int.TryParse(args[0], CultureInfo.InvariantCulture, out wanted) || wanted < 0)))
{
    Console.Error.WriteLine("usage: wordcount [N] < text");
    return 2;
}

var statistics = new TextStatistics();
using (var input = new StreamReader(Console.OpenStandardInput(), Encoding.UTF8, detectEncodingFromByteOrderMarks: true, bufferSize: 1 << 16))
{
    while (input.ReadLine() is { } line)
    {
        statistics.AddLine(line);
    }
}

using var output = new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), bufferSize: 1 << 14);
Report.Write(output, statistics, wanted);
return 0;

/// <summary>What is counted while the text is read.</summary>
sealed class TextStatistics
{
    private readonly Dictionary<string, int> _occurrences = new(StringComparer.Ordinal);

    public long Lines { get; private set; }

    public long Words { get; private set; }

    public long Letters { get; private set; }

    public IReadOnlyDictionary<string, int> Occurrences => _occurrences;

    /// <summary>A word is a longest run of letters and digits; capital letters count as small ones.</summary>
    public void AddLine(string line)
    {
        Lines++;
        int start = -1;
        for (int i = 0; i <= line.Length; i++)
        {
            bool inWord = i < line.Length && char.IsLetterOrDigit(line[i]);
            if (inWord && start < 0)
            {
                start = i;
            }
            else if (!inWord && start >= 0)
            {
                AddWord(line.Substring(start, i - start).ToLowerInvariant());
                start = -1;
            }
        }
    }

    private void AddWord(string word)
    {
        Words++;
        Letters += word.Length;
        _occurrences.TryGetValue(word, out int count);
        _occurrences[word] = count + 1;
    }
}

/// <summary>Turns the statistics into text.</summary>
static class Report
{
    private const int LongestBar = 40;

    public static void Write(TextWriter output, TextStatistics text, int wanted)
    {
        double average = text.Words == 0 ? 0 : (double)text.Letters / text.Words;
        output.WriteLine($"{text.Lines:N0} lines, {text.Words:N0} words, {text.Occurrences.Count:N0} different, {average:F2} letters on average");
        output.WriteLine();
        WriteMostFrequent(output, text, wanted);
        output.WriteLine();
        WriteLengths(output, text);
    }

    private static void WriteMostFrequent(TextWriter output, TextStatistics text, int wanted)
    {
        var ranked = text.Occurrences
            .OrderByDescending(entry => entry.Value)
            .ThenBy(entry => entry.Key, StringComparer.Ordinal)
            .Take(wanted);

        int rank = 0;
        foreach (var (word, count) in ranked)
        {
            double share = 100.0 * count / text.Words;
            output.WriteLine($"{++rank,4}. {word,-20} {count,10:N0} {share,7:F2} %");
        }
    }

    private static void WriteLengths(TextWriter output, TextStatistics text)
    {
        var lengths = text.Occurrences
            .GroupBy(entry => entry.Key.Length, entry => entry.Value)
            .Select(group => (Length: group.Key, Count: group.Sum(count => (long)count)))
            .OrderBy(row => row.Length)
            .ToList();

        long most = lengths.Count == 0 ? 1 : lengths.Max(row => row.Count);
        foreach (var (length, count) in lengths)
        {
            int width = (int)(count * LongestBar / most);
            output.WriteLine($"{length,4} letters {count,10:N0} {new string('#', width)}".TrimEnd());
        }
    }
}
