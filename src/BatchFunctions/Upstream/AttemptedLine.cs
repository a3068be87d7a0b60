namespace BatchFunctions.Upstream;

/// <summary>A line's count, kept from one attempt to the next.</summary>
internal sealed class AttemptedLine(UpstreamRequest request)
{
    public UpstreamRequest Request { get; } = request;

    public int Attempts { get; set; } = request.AttemptsUsed;

    /// <summary>What the first attempt came to, until the pipeline has taken it up.</summary>
    public Verdict? First { get; set; }

    /// <summary>Connections in a row that could not be made.</summary>
    public int ConnectTries { get; set; }

    /// <summary>The time stamp of the first of them.</summary>
    public long UnreachableSince { get; set; }
}
