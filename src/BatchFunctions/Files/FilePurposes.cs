namespace BatchFunctions.Files;

/// <summary>What files are for, by OpenAI's names. Only batches read them here; the others are stored as they are.</summary>
internal static class FilePurposes
{
    public const string Batch = "batch";
    public const string BatchOutput = "batch_output";

    /// <summary>The purposes that an upload may name.</summary>
    public static IReadOnlyList<string> Uploaded { get; } =
        ["fine-tune", "assistants", Batch, "user_data", "vision", "evals"];

    /// <summary>The purposes that a list may be asked for: those that no file here can have make an empty list.</summary>
    public static IReadOnlyList<string> Listed { get; } =
        [.. Uploaded, BatchOutput, "assistants_output", "fine-tune-results"];
}
