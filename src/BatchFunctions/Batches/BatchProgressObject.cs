using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using BatchFunctions.Http;
using BatchFunctions.Progress;

namespace BatchFunctions.Batches;

/// <summary>The API's answer to how a batch gets on.</summary>
internal sealed class BatchProgressObject
{
    private const string Kind = "batch.progress";

    private readonly Batch _batch;
    private readonly ProgressEstimate _estimate;

    /// <param name="batch">The batch.</param>
    /// <param name="upstream">What the process knows of the upstream that its lines go to.</param>
    /// <param name="now">The time.</param>
    internal BatchProgressObject(Batch batch, UpstreamHealthObject upstream, DateTimeOffset now)
    {
        _batch = batch;
        Upstream = upstream;
        At = SecondsOf(now);
        _estimate = batch.Status == BatchStatus.InProgress ? ProgressEstimate.Of(batch.History, batch.Counts.Total, now) : ProgressEstimate.Unknown;
    }

    [AllowedValues(Kind)]
    public string Object { get; } = Kind;

    [Example("batch_019a00000000aaaaaaaaaaaaaaaaaaaa")]
    public string BatchId => _batch.Id;

    [BatchStatuses]
    public string Status => _batch.Status.Wire();

    [Description("When this was said (Unix seconds, with fractions)")]
    public double At { get; }

    [Description("Lines that come in a second, of late; null while nothing is known, or comes.")]
    public double? LinesPerSecond => _estimate.PerSecond is { } rate ? Math.Round(rate, 4) : null;

    [Description("How long the rest takes at this rate; null while too little is known, or nothing comes.")]
    public double? SecondsLeft => _estimate.Left is { } left ? Math.Round(left.TotalSeconds, 1) : null;

    [Description("Since when no line has come, for longer than usual (Unix seconds, with fractions); null while lines come, and before the first.")]
    public double? StalledSince => _estimate.StalledSince is { } since ? SecondsOf(since) : null;

    [Description("The upstream of its lines, as the process sees it that answers; of several the one that lines go through to.")]
    public UpstreamHealthObject Upstream { get; }

    [Description("How many lines were done when, from its beginning on: sixty entries at most, which get further apart the longer it runs.")]
    public IReadOnlyList<Sample> Samples => [.. _batch.History.Samples.Select(sample => new Sample(SecondsOf(sample.At), sample.Done))];

    private static double SecondsOf(DateTimeOffset time) => time.ToUnixTimeMilliseconds() / 1000.0;

    /// <summary>How many lines were done when.</summary>
    internal readonly record struct Sample([property: Description("Unix seconds, with fractions")] double At, long Done);
}
