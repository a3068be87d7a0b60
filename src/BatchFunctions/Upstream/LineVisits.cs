namespace BatchFunctions.Upstream;

/// <summary>What one upstream has made of a line in this run.</summary>
/// <param name="upstream">The upstream's place in the registry.</param>
/// <param name="before">The upstream that the line came to before it; null at the first.</param>
internal sealed class LineVisits(int upstream, LineVisits? before)
{
    /// <summary>The upstream's place in the registry.</summary>
    public int Upstream { get; } = upstream;

    /// <summary>The upstream that the line came to before it; null at the first.</summary>
    public LineVisits? Before { get; } = before;

    /// <inheritdoc cref="LineHistory.LastWords"/>
    public ulong? LastWords { get; set; }

    /// <inheritdoc cref="LineHistory.ChargedWords"/>
    public ulong? ChargedWords { get; set; }

    /// <inheritdoc cref="LineHistory.ChargedBy"/>
    public int? ChargedBy { get; set; }

    /// <inheritdoc cref="LineHistory.ToldSince"/>
    public DateTimeOffset ToldSince { get; set; }

    /// <inheritdoc cref="LineHistory.Number"/>
    public int Number { get; set; }

    /// <inheritdoc cref="LineHistory.RefusedNumber"/>
    public int? RefusedNumber { get; set; }

    /// <inheritdoc cref="LineHistory.SentWhenRefused"/>
    public int SentWhenRefused { get; set; }

    /// <summary>From when on the line may be sent here again.</summary>
    public DateTimeOffset Due { get; set; } = DateTimeOffset.MinValue;
}
