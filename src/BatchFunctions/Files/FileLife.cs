namespace BatchFunctions.Files;

/// <summary>How long files live.</summary>
internal static class FileLife
{
    /// <summary>The only moment that a life is counted from.</summary>
    public const string Anchor = "created_at";

    /// <summary>The shortest life that may be asked for, in seconds: an hour, as OpenAI's.</summary>
    public const long MinSeconds = 3600;

    /// <summary>The longest life that may be asked for, in seconds: thirty days, as OpenAI's.</summary>
    public const long MaxSeconds = 2_592_000;

    /// <summary>When the file goes: as asked for, else batch inputs after thirty days and others never.</summary>
    public static DateTimeOffset? ExpiresAt(DateTimeOffset createdAt, string purpose, long? seconds) =>
        seconds is { } asked ? createdAt.AddSeconds(asked)
        : purpose == FilePurposes.Batch ? createdAt.AddSeconds(MaxSeconds)
        : null;

    /// <summary>
    /// When the entry of a new file is due. One that is kept for ever is looked at after a day, for a crash may have
    /// left its blob without a row.
    /// </summary>
    public static DateTimeOffset DueOf(DateTimeOffset createdAt, DateTimeOffset? expiresAt) =>
        expiresAt ?? createdAt.AddDays(1);
}
