namespace BatchFunctions.Keys;

/// <summary>An API key as the table keeps it: never the key itself.</summary>
/// <param name="Id">
/// Identifies the key in lists and for revocation: <c>key_</c> and the first 16 hex digits of the key's SHA-256.
/// </param>
/// <param name="Project">The tenant whose batches and files the key gives access to.</param>
/// <param name="Name">A label for people.</param>
/// <param name="CreatedAt">When it was made, UTC.</param>
/// <param name="RevokedAt">When it was revoked, UTC; null while the key is valid.</param>
public sealed record ApiKey(string Id, string Project, string Name, DateTimeOffset CreatedAt, DateTimeOffset? RevokedAt)
{
    /// <summary>When it expires, UTC; null if it does not.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Whether the key opens its project.</summary>
    /// <param name="now">The time.</param>
    public bool IsGood(DateTimeOffset now) => RevokedAt is null && !(ExpiresAt <= now);
}

/// <summary>A key that has just been made.</summary>
/// <param name="Key">The key itself: shown once, never stored.</param>
/// <param name="Record">The key's record, as stored in the table.</param>
public sealed record NewApiKey(string Key, ApiKey Record);
