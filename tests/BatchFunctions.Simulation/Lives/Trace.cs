using System.Globalization;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace BatchFunctions.Simulation.Lives;

/// <summary>
/// What happened in a life, line by line. Ids that differ from one run of a seed to the next stand in it by their number, in the order
/// in which they first appear.
/// </summary>
/// <param name="now">The time since the life began.</param>
/// <param name="write">Takes each line; null where nobody reads them.</param>
internal sealed partial class Trace(Func<TimeSpan> now, Action<string>? write)
{
    private readonly Dictionary<string, string> _names = new(StringComparer.Ordinal);
    private readonly XxHash64 _hash = new();

    /// <summary>Whether somebody reads it.</summary>
    public bool IsRead => write is not null;

    /// <summary>Tells whether two runs of a seed were the same, where the trace is read.</summary>
    public string Hash => Convert.ToHexStringLower(_hash.GetCurrentHash());

    /// <summary>Adds a line.</summary>
    /// <param name="who">The worker or the client.</param>
    /// <param name="what">What it does, or what becomes of it; it is only made where somebody reads it.</param>
    public void Add(string who, FormattableString what)
    {
        if (write is null)
        {
            return;
        }

        var line = string.Create(
            CultureInfo.InvariantCulture, $"{now():d\\.hh\\:mm\\:ss\\.fff} {who,-4} {Named(FormattableString.Invariant(what))}");
        _hash.Append(MemoryMarshal.AsBytes(line.AsSpan()));
        write(line);
    }

    /// <summary>A text with the ids in it by their numbers.</summary>
    public string Named(string text) => Ids().Replace(text, match =>
    {
        if (!_names.TryGetValue(match.Value, out var name))
        {
            name = $"{(match.Groups[1].Value is { Length: > 0 } kind ? kind : "id")}-{_names.Count + 1}";
            _names[match.Value] = name;
        }

        return name;
    });

    [GeneratedRegex("(?<=blockid=AZ|Next(?:Row|Partition)Key=)[A-Za-z0-9+/=!%]+|(?:(batch|file|upload)[_-])?[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}[0-9a-f]*|(?<![0-9a-f])[0-9a-f]{64}")]
    private static partial Regex Ids();
}
