namespace BatchFunctions.Upstream;

/// <summary>What is kept of a line that has not come to an end, from one run of its chunk to the next.</summary>
/// <param name="Attempts">Attempts that it has been charged so far, those of earlier runs included.</param>
/// <param name="Breaks">How often it broke the connection alone.</param>
/// <param name="Last">What the upstream last said about it; null when it said nothing.</param>
internal readonly record struct LineState(int Attempts, int Breaks, LastAnswer? Last);
