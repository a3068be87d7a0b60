namespace BatchFunctions.Progress;

/// <summary>
/// How much was done when, from the beginning on, in a few samples: each time that they become too many, every second one goes, and
/// later ones are taken half as often. The last is always what is done now.
/// </summary>
internal sealed record ProgressHistory
{
    /// <summary>The most samples that are kept.</summary>
    public const int Most = 60;

    /// <summary>How far apart two of them are at first.</summary>
    private static readonly TimeSpan FirstStep = TimeSpan.FromSeconds(1);

    /// <summary>Nothing is known.</summary>
    public static ProgressHistory None { get; } = new();

    /// <summary>The samples, the oldest first.</summary>
    public IReadOnlyList<ProgressSample> Samples { get; init; } = [];

    /// <summary>How far apart two of them are at least, but for the last.</summary>
    public TimeSpan Step { get; init; } = FirstStep;

    /// <summary>How long it usually takes until something comes: the longest wait of late, of which each shorter one takes a quarter away.</summary>
    public TimeSpan Gap { get; init; }

    /// <summary>The history with what is done now. Nothing is taken down where nothing has come.</summary>
    /// <param name="at">The time.</param>
    /// <param name="done">What is done.</param>
    public ProgressHistory With(DateTimeOffset at, long done)
    {
        if (Samples is not [.., var last])
        {
            return this with { Samples = [new ProgressSample(at, done)] };
        }

        if (done <= last.Done || at <= last.At)
        {
            return this;
        }

        // The wait for the very first is one for a turn, or for a model to be loaded, and says nothing of the others.
        var waited = Samples.Count > 1 ? at - last.At : TimeSpan.Zero;
        var isProvisional = Samples.Count > 1 && at - Samples[^2].At < Step;
        return (this with
        {
            Samples = [.. isProvisional ? Samples.SkipLast(1) : Samples, new ProgressSample(at, done)],
            Gap = waited > Gap * 0.75 ? waited : Gap * 0.75,
        }).Thinned();
    }

    /// <summary>Whether another has the same samples.</summary>
    public bool Equals(ProgressHistory? other) =>
        other is not null && Step == other.Step && Gap == other.Gap && (ReferenceEquals(Samples, other.Samples) || Samples.SequenceEqual(other.Samples));

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Samples.Count, Step, Gap);

    private ProgressHistory Thinned() => Samples.Count <= Most
        ? this
        : this with { Samples = [.. Samples.Where((_, place) => place % 2 == 0 || place == Samples.Count - 1)], Step = Step * 2 };
}
