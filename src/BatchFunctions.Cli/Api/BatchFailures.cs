using BatchFunctions.Failures;

namespace BatchFunctions.Cli.Api;

/// <summary>Why lines of a batch failed, by what they have in common.</summary>
internal sealed record BatchFailures
{
    public string? BatchId { get; init; }

    /// <summary>Failures that were looked at.</summary>
    public long Lines { get; init; }

    public IReadOnlyList<BatchFailureGroup> Groups { get; init; } = [];

    /// <summary>Failures that are in none of the groups.</summary>
    public long OtherLines { get; init; }

    /// <summary>Whether the requests of all examples were searched for.</summary>
    public bool RequestsComplete { get; init; } = true;

    /// <summary>The offset to go on from; null at the end.</summary>
    public long? NextOffset { get; init; }

    /// <summary>What was found here, where a service does not do it.</summary>
    public static BatchFailures Of(string batchId, FailureGroups groups) => new()
    {
        BatchId = batchId,
        Lines = groups.Lines,
        OtherLines = groups.Others,
        Groups =
        [
            .. groups.All.Select(static group => new BatchFailureGroup
            {
                Count = group.Count,
                StatusCode = group.StatusCode,
                Code = group.Code,
                Pattern = group.Pattern,
                Message = group.Message,
                Example = new(group.Example.CustomId, group.Example.Line, group.Example.Request, group.Example.Answer),
            }),
        ],
    };

    /// <summary>Both together.</summary>
    public BatchFailures With(BatchFailures more) => this with
    {
        Lines = Lines + more.Lines,
        OtherLines = OtherLines + more.OtherLines,
        RequestsComplete = RequestsComplete && more.RequestsComplete,
        NextOffset = more.NextOffset,
        Groups =
        [
            .. Groups.Concat(more.Groups)
                .GroupBy(static group => (group.StatusCode, group.Code, group.Pattern))
                .Select(static same => same.First() with { Count = same.Sum(static group => group.Count) })
                .OrderByDescending(static group => group.Count),
        ],
    };
}

/// <summary>Failures that have something in common.</summary>
internal sealed record BatchFailureGroup
{
    public long Count { get; init; }

    public int? StatusCode { get; init; }

    public string? Code { get; init; }

    /// <summary>What their messages have in common.</summary>
    public string Pattern { get; init; } = "";

    /// <summary>The message of the example.</summary>
    public string Message { get; init; } = "";

    public BatchFailureExample? Example { get; init; }
}

/// <summary>A line that failed: what it asked for, and what came of it.</summary>
internal sealed record BatchFailureExample(string? CustomId, int? Line, LineText? Request, LineText? Answer);
