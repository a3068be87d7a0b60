using System.Text;
using BatchFunctions.Lines;

namespace BatchFunctions.Failures;

/// <summary>
/// Finds the requests of examples in a batch's input, which is read once for all of them: by the line's number where that is known,
/// and by <c>custom_id</c> otherwise. Not thread-safe.
/// </summary>
internal sealed class RequestSearch
{
    private readonly Dictionary<string, FailureExample> _byId = new(StringComparer.Ordinal);
    private readonly Dictionary<int, List<FailureExample>> _byLine = [];
    private readonly LineScanner _scanner = new();
    private readonly Scratch _scratch = new();

    /// <summary>Begins a search.</summary>
    /// <param name="groups">The groups whose examples are searched for.</param>
    public RequestSearch(IEnumerable<FailureGroup> groups)
    {
        foreach (var example in groups.Select(static group => group.Example))
        {
            if (example.Line is { } line)
            {
                _byLine.TryAdd(line, []);
                _byLine[line].Add(example);
            }
            else if (example.CustomId is { } id)
            {
                _byId.TryAdd(id, example);
            }
        }
    }

    /// <summary>Whether all are found.</summary>
    public bool IsOver => _byId.Count == 0 && _byLine.Count == 0;

    /// <summary>Looks at the line of the input that a reader is at.</summary>
    public void Take(LineReader reader)
    {
        if ((!_byLine.Remove(reader.Number, out var wanted) && _byId.Count == 0) || reader.TooLong)
        {
            return;
        }

        var line = reader.Line.Span;
        var id = IdOf(line);
        foreach (var example in wanted ?? [])
        {
            example.Found(reader.Number, id, LineText.Of(line));
        }

        if (id is not null && _byId.Remove(id, out var named))
        {
            named.Found(reader.Number, id, LineText.Of(line));
        }
    }

    private string? IdOf(ReadOnlySpan<byte> line) =>
        _scanner.TryFindCustomId(line, _scratch, out var customId) ? Encoding.UTF8.GetString(customId) : null;
}
