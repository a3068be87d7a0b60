using BatchFunctions.Upstream;

namespace BatchFunctions.Chunks;

/// <summary>What a chunk's row keeps of a line that has been sent and has not come to an end.</summary>
/// <param name="State">What is known of it.</param>
/// <param name="NotBefore">Until when it is kept back; null when it may be sent at once.</param>
internal readonly record struct LineLeft(LineState State, DateTimeOffset? NotBefore);
