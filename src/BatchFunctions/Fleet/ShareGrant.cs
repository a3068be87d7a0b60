namespace BatchFunctions.Fleet;

/// <summary>What a process may have in flight at an upstream.</summary>
/// <param name="Lines">The most lines.</param>
/// <param name="Limit">The most lines of the whole fleet.</param>
/// <param name="Lease">How long it holds, counted from before it was asked for.</param>
/// <param name="Trial">The trial of the automatic limit that this is part of.</param>
/// <param name="IsShort">Whether it is less than the process's part, or more than it: then it should be asked for again soon.</param>
/// <param name="Parts">The part of each of the process's projects in <paramref name="Lines"/>, by weight over the whole fleet.</param>
internal sealed record ShareGrant(
    int Lines, int Limit, TimeSpan Lease, int Trial, bool IsShort, IReadOnlyDictionary<string, double> Parts);
