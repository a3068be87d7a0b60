namespace BatchFunctions.Upstream;

/// <summary>Whose fault it is that an attempt did not bring an answer to keep.</summary>
internal enum Blame
{
    /// <summary>Nobody's: the line is answered.</summary>
    None,

    /// <summary>The line's: the same would be answered again.</summary>
    Line,

    /// <summary>The line's or the upstream's, which only what other lines meet can tell.</summary>
    Doubtful,

    /// <summary>The upstream's: the line is as good as any, and is charged nothing.</summary>
    Upstream,
}
