using BatchFunctions.Simulation.Rules;
using BatchFunctions.StrictStorage.Http;

namespace BatchFunctions.Simulation.Lives;

/// <summary>What befalls whoever comes to a point of the protocol.</summary>
internal enum AmbushKind
{
    /// <summary>The worker dies: at a gap before it goes on, at a request when that takes effect.</summary>
    Death,

    /// <summary>The worker freezes: at a request before it is sent.</summary>
    Freeze,

    /// <summary>The one task is held up: at a request before it is sent.</summary>
    HoldUp,

    /// <summary>The request takes effect, and its answer is lost.</summary>
    AnswerLost,

    /// <summary>The same, and the worker freezes.</summary>
    AnswerLostAndFreeze,

    /// <summary>The request is answered with 500, and takes no effect.</summary>
    Failed,
}

/// <summary>A point of the protocol, and what befalls whoever comes there: a gap between two writes, or a kind of request to storage.</summary>
/// <param name="Kind">What.</param>
internal sealed record Ambush(AmbushKind Kind)
{
    /// <summary>The gaps, by their names; empty where it is at a request.</summary>
    public IReadOnlyList<string> Steps { get; init; } = [];

    /// <summary>The requests: a method, and what the path begins with behind the account; empty for any.</summary>
    public IReadOnlyList<(string Method, string Path)> Requests { get; init; } = [];

    /// <summary>How many come through before the first.</summary>
    public int After { get; init; }

    /// <summary>How many are met at most.</summary>
    public int Most { get; init; } = 1;

    /// <summary>The probability for each.</summary>
    public double Chance { get; init; } = 1;

    /// <summary>What must be so besides; null for nothing.</summary>
    public Func<LifeWatch, bool>? When { get; init; }

    /// <summary>When it begins.</summary>
    public TimeSpan From { get; init; }

    /// <summary>How long who is met stands still at least, and at most, in seconds.</summary>
    public (double Least, double Most) Stands { get; init; } = (1, 60);

    public bool IsAt(StorageRequest request)
    {
        foreach (var (method, path) in Requests)
        {
            if (request.Method == method && request.Path.StartsWith(path, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }
}
