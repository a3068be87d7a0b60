using BatchFunctions.Lines;

namespace BatchFunctions.Failures;

/// <summary>
/// Failures by what they have in common: status, code, and message but for numbers, ids and what is quoted. Holds an example of each
/// group, and no more groups than <see cref="Most"/>.
/// </summary>
internal sealed class FailureGroups
{
    /// <summary>The most groups.</summary>
    public const int Most = 50;

    /// <summary>The longest line that is read; what is longer counts as a group of its own.</summary>
    public const int LongestLine = 1024 * 1024;

    private const string TooLongCode = "line_too_long";

    private readonly Dictionary<(int? Status, string? Code, string Pattern), FailureGroup> _groups = [];

    /// <summary>Failures that were added.</summary>
    public long Lines { get; private set; }

    /// <summary>Failures that are in none of the groups, since there are too many.</summary>
    public long Others { get; private set; }

    /// <summary>The groups, the largest first.</summary>
    public IReadOnlyList<FailureGroup> All => [.. _groups.Values.OrderByDescending(static group => group.Count)];

    /// <summary>Adds the line of an error file that a reader is at.</summary>
    public void Add(LineReader reader)
    {
        if (reader.TooLong)
        {
            Add(new FailedLine(null, null, TooLongCode, "The line is too long to be looked into here."), static _ => new FailureExample(null, null, null));
            return;
        }

        var text = reader.Line;
        Add(FailedLine.Parse(text), line => new FailureExample(line.CustomId, null, LineText.Of(text.Span)));
    }

    /// <summary>Adds something that is wrong with an input, or with a batch as a whole.</summary>
    /// <param name="code">Its code.</param>
    /// <param name="message">Its message.</param>
    /// <param name="line">The number of the input's line, 1-based; null where it is none's.</param>
    public void Add(string code, string message, int? line) =>
        Add(new FailedLine(null, null, code, message), _ => new FailureExample(null, line, null));

    private void Add(FailedLine line, Func<FailedLine, FailureExample> exampleOf)
    {
        Lines++;
        var key = (line.StatusCode, line.Code, MessagePattern.Of(line.Message));
        if (_groups.TryGetValue(key, out var group))
        {
            group.Count++;
        }
        else if (_groups.Count < Most)
        {
            _groups[key] = new FailureGroup(line.StatusCode, line.Code, key.Item3, line.Message, exampleOf(line));
        }
        else
        {
            Others++;
        }
    }
}

/// <summary>Failures that have something in common.</summary>
internal sealed class FailureGroup(int? statusCode, string? code, string pattern, string message, FailureExample example)
{
    /// <summary>The HTTP status of their answers; null where there was none.</summary>
    public int? StatusCode => statusCode;

    /// <summary>Their code.</summary>
    public string? Code => code;

    /// <summary>What their messages have in common.</summary>
    public string Pattern => pattern;

    /// <summary>The example's message.</summary>
    public string Message => message;

    /// <summary>The first of them.</summary>
    public FailureExample Example => example;

    /// <summary>How many they are.</summary>
    public long Count { get; set; } = 1;
}

/// <summary>A line that failed.</summary>
internal sealed class FailureExample(string? customId, int? line, LineText? answer)
{
    /// <summary>Its <c>custom_id</c>; null where it is not known.</summary>
    public string? CustomId { get; private set; } = customId;

    /// <summary>The number of its line in the input, 1-based; null until it is found.</summary>
    public int? Line { get; private set; } = line;

    /// <summary>Its line in the input; null until it is found.</summary>
    public LineText? Request { get; private set; }

    /// <summary>Its line in the error file; null where no line was sent.</summary>
    public LineText? Answer => answer;

    /// <summary>Notes what it asked for.</summary>
    public void Found(int line, string? customId, LineText request)
    {
        Line = line;
        CustomId ??= customId;
        Request = request;
    }
}
