using BatchFunctions.Batches;

namespace BatchFunctions.Tests.Batches;

/// <summary>The table of transitions, pair by pair, against the picture in ARCHITECTURE.md.</summary>
public sealed class BatchTransitionsTests
{
    /// <summary>The picture's arrows; nothing else leads anywhere.</summary>
    private static readonly HashSet<(BatchStatus From, BatchStatus To)> Arrows =
    [
        (BatchStatus.Validating, BatchStatus.InProgress),
        (BatchStatus.Validating, BatchStatus.Cancelling),
        (BatchStatus.Validating, BatchStatus.Finalizing),
        (BatchStatus.Validating, BatchStatus.Failed),
        (BatchStatus.InProgress, BatchStatus.Finalizing),
        (BatchStatus.InProgress, BatchStatus.Cancelling),
        (BatchStatus.InProgress, BatchStatus.Failed),
        (BatchStatus.Cancelling, BatchStatus.Finalizing),
        (BatchStatus.Cancelling, BatchStatus.Failed),
        (BatchStatus.Finalizing, BatchStatus.Completed),
        (BatchStatus.Finalizing, BatchStatus.Expired),
        (BatchStatus.Finalizing, BatchStatus.Cancelled),
        (BatchStatus.Finalizing, BatchStatus.Failed),
    ];

    /// <summary>What one write may pass two arrows for.</summary>
    private static readonly (BatchStatus From, BatchStatus To) AtOnce = (BatchStatus.InProgress, BatchStatus.Completed);

    public static IEnumerable<object[]> EveryPair =>
        Enum.GetNames<BatchStatus>().SelectMany(_ => Enum.GetNames<BatchStatus>(), (from, to) => new object[] { from, to });

    [Theory]
    [MemberData(nameof(EveryPair))]
    public void A_batch_goes_where_the_picture_has_an_arrow_and_nowhere_else(string from, string to)
    {
        var pair = (From: Enum.Parse<BatchStatus>(from), To: Enum.Parse<BatchStatus>(to));
        Assert.Equal(Arrows.Contains(pair), BatchTransitions.Leads(pair.From, pair.To));
    }

    [Theory]
    [MemberData(nameof(EveryPair))]
    public void A_row_is_written_along_an_arrow_or_while_its_batch_stays_where_it_is_and_has_not_ended(string from, string to)
    {
        var pair = (From: Enum.Parse<BatchStatus>(from), To: Enum.Parse<BatchStatus>(to));
        var refused = Record.Exception(() => BatchTransitions.Check("batch_1", pair.From, pair.To));
        var stays = pair.From == pair.To && Arrows.Any(arrow => arrow.From == pair.From);
        Assert.Equal(!stays && !Arrows.Contains(pair) && pair != AtOnce, refused is InvalidOperationException);
    }
}
