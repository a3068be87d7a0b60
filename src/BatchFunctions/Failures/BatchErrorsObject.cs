using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace BatchFunctions.Failures;

/// <summary>A batch's failures by what they have in common, as the API returns them.</summary>
internal sealed class BatchErrorsObject
{
    private const string Kind = "batch.errors";

    private readonly FailureGroups _groups;

    /// <param name="batchId">The batch.</param>
    /// <param name="groups">What was found.</param>
    /// <param name="nextOffset">The lines of the error file that are read, where there are more; null where all are.</param>
    /// <param name="isSearched">Whether all requests were searched for.</param>
    internal BatchErrorsObject(string batchId, FailureGroups groups, long? nextOffset, bool isSearched)
    {
        BatchId = batchId;
        _groups = groups;
        NextOffset = nextOffset;
        RequestsComplete = isSearched;
        Groups = [.. groups.All.Select(static group => new Group(group))];
    }

    [AllowedValues(Kind)]
    public string Object { get; } = Kind;

    public string BatchId { get; }

    [Description("Whether all failures that there are so far were looked at.")]
    public bool Complete => NextOffset is null;

    [Description("What to send as 'offset' to go on; null at the end.")]
    public long? NextOffset { get; }

    [Description("Whether time sufficed to search the input for the requests of all examples.")]
    public bool RequestsComplete { get; }

    [Description("Failures that were looked at.")]
    public long Lines => _groups.Lines;

    [Description("The largest first, up to fifty.")]
    public IReadOnlyList<Group> Groups { get; }

    [Description("Failures that are in none of the groups, since there are too many.")]
    public long OtherLines => _groups.Others;

    /// <summary>Failures that have something in common.</summary>
    internal sealed class Group(FailureGroup group)
    {
        [Description("How many they are.")]
        public long Count => group.Count;

        [Description("The HTTP status of their answers; null where there was none.")]
        public int? StatusCode => group.StatusCode;

        [Description("The code in the error file, or the upstream's; null where neither has one.")]
        public string? Code => group.Code;

        [Description("What their messages have in common: '#' is a number or an id, '…' what is quoted.")]
        public string Pattern => group.Pattern;

        [Description("The message of the example.")]
        public string Message => group.Message;

        public Example Example { get; } = new(group.Example);
    }

    /// <summary>The first of a group.</summary>
    internal sealed class Example(FailureExample example)
    {
        public string? CustomId => example.CustomId;

        [Description("The line in the input, 1-based; null where it was not found.")]
        public int? Line => example.Line;

        [Description("What was asked; null where it was not found.")]
        public LineText? Request => example.Request;

        [Description("What the error file has; null where no line was sent.")]
        public LineText? Answer => example.Answer;
    }
}
