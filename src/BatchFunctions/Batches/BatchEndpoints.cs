namespace BatchFunctions.Batches;

/// <summary>
/// The endpoints that a batch may name unless the settings say otherwise: those of OpenAI's Batch API
/// (platform.openai.com/docs/api-reference/batch/create).
/// </summary>
internal static class BatchEndpoints
{
    public static IReadOnlyList<string> Default { get; } =
    [
        "/v1/responses",
        "/v1/chat/completions",
        "/v1/embeddings",
        "/v1/completions",
        "/v1/moderations",
        "/v1/images/generations",
        "/v1/images/edits",
        "/v1/videos",
    ];
}
