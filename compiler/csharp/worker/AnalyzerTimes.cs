// Times of analyzers -> the table that csc prints for /reportanalyzer: by assembly, the slowest first.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Reflection;

namespace Aotd.Worker;

internal static class AnalyzerTimes
{
    private const double Shortest = 0.001;

    public static IReadOnlyList<string> Lines(IReadOnlyList<(object Analyzer, TimeSpan Time)> times, bool isConcurrent)
    {
        double total = times.Sum(item => item.Time.TotalSeconds);
        var lines = new List<string> { "", $"Total analyzer execution time: {total.ToString("##0.000", CultureInfo.InvariantCulture)} seconds." };
        if (isConcurrent)
            lines.Add("NOTE: Elapsed time may be less than analyzer execution time because analyzers can run concurrently.");
        lines.AddRange(["", $"{"Time (s)",8}{"%",5}   Analyzer"]);
        var assemblies = times.GroupBy(item => item.Analyzer.GetType().Assembly).OrderByDescending(group => group.Sum(item => item.Time.Ticks));
        foreach (IGrouping<Assembly, (object Analyzer, TimeSpan Time)> assembly in assemblies)
        {
            lines.Add(Row(assembly.Sum(item => item.Time.TotalSeconds), total, assembly.Key.FullName!));
            lines.AddRange(assembly.OrderByDescending(item => item.Time).Select(item => Row(item.Time.TotalSeconds, total, "   " + item.Analyzer)));
            lines.Add("");
        }
        return lines;
    }

    private static string Row(double seconds, double total, string name)
    {
        string time = seconds < Shortest ? "<0.001" : seconds.ToString("##0.000", CultureInfo.InvariantCulture);
        int percentage = total > 0 ? (int)(seconds * 100 / total) : 0;
        return $"{time,8}{(percentage < 1 ? "<1" : percentage.ToString(CultureInfo.InvariantCulture)),5}   {name}";
    }
}
