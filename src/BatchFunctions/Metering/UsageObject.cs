using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace BatchFunctions.Metering;

/// <summary>The API's answer to what a project has used, in the form of OpenAI's usage API: a page of buckets of results.</summary>
internal sealed class UsagePageObject(IReadOnlyList<UsageBucketObject> data)
{
    private const string Kind = "page";

    [AllowedValues(Kind)]
    public string Object { get; } = Kind;

    public IReadOnlyList<UsageBucketObject> Data { get; } = data;

    [Description("Always false: a page has all that was asked for.")]
    public bool HasMore { get; }

    public string? NextPage { get; }
}

/// <summary>A stretch of time, and what was used in it.</summary>
internal sealed class UsageBucketObject(DateOnly from, DateOnly to, IReadOnlyList<UsageResultObject> results)
{
    private const string Kind = "bucket";

    [AllowedValues(Kind)]
    public string Object { get; } = Kind;

    [Description("Its first second (Unix seconds): a day's beginning, UTC.")]
    public long StartTime { get; } = SecondsOf(from);

    [Description("The first second behind it.")]
    public long EndTime { get; } = SecondsOf(to.AddDays(1));

    [Description("None where no batch ended in it.")]
    public IReadOnlyList<UsageResultObject> Results { get; } = results;

    private static long SecondsOf(DateOnly day) => new DateTimeOffset(day, TimeOnly.MinValue, TimeSpan.Zero).ToUnixTimeSeconds();
}

/// <summary>What batches come to that ended in a bucket.</summary>
internal sealed class UsageResultObject(UsageSum sum, string? model)
{
    private const string Kind = "usage.result";

    [AllowedValues(Kind)]
    public string Object { get; } = Kind;

    [Description("Of usage by model, the model that all lines of these batches have; null for batches with several models or of which no line is known, and where it is not grouped.")]
    public string? Model { get; } = model;

    public UsageBatchesObject Batches { get; } = new(sum);

    public UsageRequestsObject Requests { get; } = new(sum);

    [Description("The lines that failed, by kind, the most frequent first.")]
    public IReadOnlyList<UsageFailureObject> Failures { get; } = [.. sum.Failures.All.Select(failure => new UsageFailureObject(failure.Kind, failure.Count))];

    [Description("Requests that a model answered or refused: completed and failed ones.")]
    public long NumModelRequests { get; } = sum.LinesCompleted + sum.LinesFailed;

    [Description("Cached ones included.")]
    public long InputTokens { get; } = sum.Tokens.Input;

    public long InputCachedTokens { get; } = sum.Tokens.CachedInput;

    [Description("Those of reasoning included.")]
    public long OutputTokens { get; } = sum.Tokens.Output;

    public long OutputReasoningTokens { get; } = sum.Tokens.ReasoningOutput;

    [Description("Seconds from the making of each batch to its end, added up.")]
    public long BatchSeconds { get; } = sum.Seconds;
}

/// <summary>Batches that have ended, by their status.</summary>
internal sealed class UsageBatchesObject(UsageSum sum)
{
    public long Total { get; } = sum.Batches;

    public long Completed { get; } = sum.Completed;

    public long Failed { get; } = sum.Failed;

    public long Expired { get; } = sum.Expired;

    public long Cancelled { get; } = sum.Cancelled;
}

/// <summary>Their lines.</summary>
internal sealed class UsageRequestsObject(UsageSum sum)
{
    [Description("Those that never ran included.")]
    public long Total { get; } = sum.Lines;

    public long Completed { get; } = sum.LinesCompleted;

    public long Failed { get; } = sum.LinesFailed;
}

/// <summary>Lines that failed in one way.</summary>
internal sealed class UsageFailureObject(string kind, long requests)
{
    [Description("The HTTP status of the answer, or a code such as 'request_timeout'; 'other' for the rest.")]
    public string Kind { get; } = kind;

    public long Requests { get; } = requests;
}
