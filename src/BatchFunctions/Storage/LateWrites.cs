namespace BatchFunctions.Storage;

/// <summary>
/// Writes that storage carries out when their senders have given them up, and perhaps sent them once more. An update is refused by then, by its ETag; an
/// insertion is as long as there is a row in its place, so that what was deleted soon after it was made leaves a tombstone for a while.
/// </summary>
internal static class LateWrites
{
    /// <summary>How late one may be: several times as long as storage waits for its own parts (a request ends within 30 s there).</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(2);
}
