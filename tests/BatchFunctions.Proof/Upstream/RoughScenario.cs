using BatchFunctions.Testing;

namespace BatchFunctions.Proof.Upstream;

/// <summary>How an upstream treats a batch, and which lines may fail of it.</summary>
/// <param name="Name">Its name on the command line and in the table.</param>
/// <param name="Lines">Lines of the batch.</param>
/// <param name="Answer">What a call is answered.</param>
internal sealed record RoughScenario(string Name, int Lines, Func<RoughCall, RoughServer, ScriptedAnswer> Answer)
{
    /// <summary>How long a success takes.</summary>
    public Func<RoughCall, RoughServer, TimeSpan> Latency { get; init; } = static (_, _) => TimeSpan.FromSeconds(1);

    /// <summary>The lines that are themselves at fault, and must fail; no other may.</summary>
    public Func<int, bool> IsAtFault { get; init; } = static _ => false;

    /// <summary>When nobody is let through, if such a time is the scenario's subject.</summary>
    public (TimeSpan From, TimeSpan To)? Away { get; init; }

    /// <summary>The requests a second that are let through, if such a limit is the scenario's subject.</summary>
    public int? Limit { get; init; }

    /// <summary>Settings that differ from those that are shipped.</summary>
    public IReadOnlyDictionary<string, string?> Settings { get; init; } = new Dictionary<string, string?>();
}
