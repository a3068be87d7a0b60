namespace BatchFunctions.StrictStorage.Blobs;

/// <summary>A block of a blob.</summary>
/// <param name="Id">Its id in Base64; null for the content of a blob that was put as a whole.</param>
/// <param name="Content">Its bytes.</param>
internal sealed record Block(string? Id, byte[] Content);
