namespace BatchFunctions.Processing;

/// <summary>What a failure to read a batch's input comes to.</summary>
/// <param name="IsLost">Whether the input is gone for good, or is not what was validated.</param>
/// <param name="NotBefore">
/// When to look again, where storage refuses to hand the input out, or fails, and trying at once would not help; otherwise null.
/// </param>
internal readonly record struct InputVerdict(bool IsLost, DateTimeOffset? NotBefore)
{
    /// <summary>There was no failure, or one that may be over at the next try.</summary>
    public static readonly InputVerdict Passing;

    /// <summary>Gone for good.</summary>
    public static readonly InputVerdict Lost = new(IsLost: true, null);
}
