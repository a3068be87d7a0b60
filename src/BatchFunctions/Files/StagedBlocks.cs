namespace BatchFunctions.Files;

/// <summary>The blocks staged for a file or a part, in order, and their total size in bytes.</summary>
internal sealed record StagedBlocks(IReadOnlyList<string> BlockIds, long Bytes);
