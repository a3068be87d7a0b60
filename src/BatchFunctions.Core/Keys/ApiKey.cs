namespace BatchFunctions.Keys;

/// <summary>An API key as the table keeps it: never the key itself.</summary>
/// <param name="Id">Names the key in lists and when it is revoked: <c>key_</c> and the first 16 hex digits of its SHA-256.</param>
/// <param name="Project">The tenant whose batches and files the key opens.</param>
/// <param name="Name">A label for people.</param>
/// <param name="CreatedAt">When it was made, UTC.</param>
/// <param name="RevokedAt">When it was revoked, UTC; null while it is good.</param>
public sealed record ApiKey(string Id, string Project, string Name, DateTimeOffset CreatedAt, DateTimeOffset? RevokedAt);

/// <summary>A key that has just been made.</summary>
/// <param name="Key">The key itself: shown once, kept nowhere.</param>
/// <param name="Record">What the table keeps of it.</param>
public sealed record NewApiKey(string Key, ApiKey Record);
