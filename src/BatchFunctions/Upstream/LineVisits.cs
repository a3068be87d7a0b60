namespace BatchFunctions.Upstream;

/// <summary>What one upstream has made of a line in this run.</summary>
internal sealed class LineVisits
{
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
