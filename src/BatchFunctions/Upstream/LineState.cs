namespace BatchFunctions.Upstream;

/// <summary>What is kept of a line that has not come to an end, from one run of its chunk to the next.</summary>
/// <param name="Attempts">Attempts that it has been charged so far.</param>
/// <param name="Breaks">How often the connection broke under it.</param>
/// <param name="OthersPassed">Whether others went through after the connection first broke under it.</param>
/// <param name="Last">What the upstream last said about it; null when it said nothing.</param>
internal readonly record struct LineState(int Attempts, int Breaks, bool OthersPassed, LastAnswer? Last);
