namespace BatchFunctions.Files;

/// <summary>
/// The purposes of files, by OpenAI's names. Only batches read files here; other files are merely stored.
/// </summary>
internal static class FilePurposes
{
    public const string Batch = "batch";
    public const string BatchOutput = "batch_output";

    /// <summary>The purposes that an upload may name.</summary>
    public static IReadOnlyList<string> Uploaded { get; } =
        ["fine-tune", "assistants", Batch, "user_data", "vision", "evals"];

    /// <summary>
    /// The purposes that a list may be filtered by. No file here can have the last two, so they give an empty list.
    /// </summary>
    public static IReadOnlyList<string> Listed { get; } =
        [.. Uploaded, BatchOutput, "assistants_output", "fine-tune-results"];
}
