namespace BatchFunctions.Files;

/// <summary>How long files live.</summary>
internal static class FileLife
{
    /// <summary>The only point in time that a lifetime may be counted from.</summary>
    public const string Anchor = "created_at";

    /// <summary>The shortest lifetime that may be requested, in seconds: an hour, as with OpenAI.</summary>
    public const long MinSeconds = 3600;

    /// <summary>The longest lifetime that may be requested, in seconds: thirty days, as with OpenAI.</summary>
    public const long MaxSeconds = 2_592_000;

    /// <summary>
    /// When the file expires: as requested, else after thirty days for batch inputs and never for other files.
    /// </summary>
    public static DateTimeOffset? ExpiresAt(DateTimeOffset createdAt, string purpose, long? seconds) =>
        seconds is { } asked ? createdAt.AddSeconds(asked)
        : purpose == FilePurposes.Batch ? createdAt.AddSeconds(MaxSeconds)
        : null;

    /// <summary>
    /// When a new file's entry is due. A file without an expiry is looked at after a day, since a crash may have left
    /// its blob without a row.
    /// </summary>
    public static DateTimeOffset DueOf(DateTimeOffset createdAt, DateTimeOffset? expiresAt) =>
        expiresAt ?? createdAt.AddDays(1);
}
