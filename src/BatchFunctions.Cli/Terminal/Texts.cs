using System.Globalization;
using BatchFunctions.Cli.Api;
using BatchFunctions.SelfHost.Commands;

namespace BatchFunctions.Cli.Terminal;

/// <summary>Formats numbers and times for people.</summary>
internal static class Texts
{
    private static readonly string[] ByteUnits = ["B", "kB", "MB", "GB", "TB"];

    /// <summary>Words of others as a cell of a table, where brackets are markup.</summary>
    public static string Cell(string text) => Spectre.Console.Markup.Escape(TerminalText.OneLine(text));

    /// <summary>A count: <c>1,234</c>.</summary>
    public static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>Bytes, in powers of a thousand: <c>12.3 MB</c>.</summary>
    public static string Bytes(double bytes)
    {
        var unit = 0;
        while (bytes >= 999.5 && unit < ByteUnits.Length - 1)
        {
            bytes /= 1000;
            unit++;
        }

        return $"{bytes.ToString(unit == 0 || bytes >= 99.95 ? "0" : "0.0", CultureInfo.InvariantCulture)} {ByteUnits[unit]}";
    }

    /// <summary>A length of time in its two largest units: <c>45 s</c>, <c>3 min 20 s</c>, <c>2 h 5 min</c>, <c>3 d 4 h</c>.</summary>
    public static string Duration(TimeSpan length)
    {
        var seconds = (long)Math.Max(0, Math.Round(length.TotalSeconds));
        return seconds switch
        {
            < 60 => $"{seconds} s",
            < 3600 => Pair(seconds / 60, "min", seconds % 60, "s"),
            < 86400 => Pair(seconds / 3600, "h", seconds % 3600 / 60, "min"),
            _ => Pair(seconds / 86400, "d", seconds % 86400 / 3600, "h"),
        };
    }

    /// <summary>A length of time in its largest unit: <c>3 min</c>.</summary>
    public static string Rough(TimeSpan length)
    {
        var text = Duration(length);
        return text.Split(' ') is [var count, var unit, _, _] ? $"{count} {unit}" : text;
    }

    /// <summary>How long ago a moment was: <c>3 min ago</c>.</summary>
    public static string Age(DateTimeOffset moment, DateTimeOffset now) =>
        now - moment < TimeSpan.FromSeconds(1) ? "just now" : $"{Rough(now - moment)} ago";

    /// <summary>A time of day, where the reader is: <c>14:03</c>.</summary>
    public static string Clock(DateTimeOffset moment) => moment.ToLocalTime().ToString("HH:mm", CultureInfo.InvariantCulture);

    /// <summary>A rate: <c>210/s</c>, or <c>12/min</c> if it is low.</summary>
    public static string Pace(double perSecond) => perSecond switch
    {
        >= 9.95 => $"{Count((long)Math.Round(perSecond))}/s",
        >= 0.95 => $"{perSecond.ToString("0.0", CultureInfo.InvariantCulture)}/s",
        _ => $"{(perSecond * 60).ToString("0.#", CultureInfo.InvariantCulture)}/min",
    };

    /// <summary>A batch's progress: <c>1,234/50,000, 12 failed</c>.</summary>
    public static string Progress(BatchCounts? counts) => counts switch
    {
        null or { Total: 0 } => "-",
        { Failed: 0 } => $"{Count(counts.Done)}/{Count(counts.Total)}",
        _ => $"{Count(counts.Done)}/{Count(counts.Total)}, {Count(counts.Failed)} failed",
    };

    private static string Pair(long large, string largeUnit, long small, string smallUnit) =>
        small == 0 ? $"{large} {largeUnit}" : $"{large} {largeUnit} {small} {smallUnit}";
}
