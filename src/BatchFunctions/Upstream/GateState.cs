namespace BatchFunctions.Upstream;

/// <summary>How a gate stands for the next line, beside other gates that the line might go to.</summary>
/// <param name="IsAway">Whether nobody gets through to its upstream.</param>
/// <param name="WantsProbe">Whether it is away, and a line should ask it now whether it still is.</param>
/// <param name="HasRoom">Whether a line that comes now is sent at once.</param>
/// <param name="Load">Its lines in flight by those that it may have; 1 where it may have none as yet.</param>
internal readonly record struct GateState(bool IsAway, bool WantsProbe, bool HasRoom, double Load);
