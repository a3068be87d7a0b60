using System.Text.Json.Serialization;

namespace BatchFunctions.Wakeups;

/// <summary>What a message asks for.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<BatchMessageKind>))]
internal enum BatchMessageKind
{
    /// <summary>
    /// Work on a chunk. Only this kind carries a chunk's number, and as the default value it is not written out.
    /// </summary>
    [JsonStringEnumMemberName("chunk")]
    Chunk,

    /// <summary>Read a batch's input, check it and cut it into chunks.</summary>
    [JsonStringEnumMemberName("validate")]
    Validate,

    /// <summary>Bring a batch's counts and status up to date.</summary>
    [JsonStringEnumMemberName("advance")]
    Advance,

    /// <summary>Go through all active batches and whatever else needs looking after.</summary>
    [JsonStringEnumMemberName("sweep")]
    Sweep,

    /// <summary>Send an event of a batch to one of those who want it.</summary>
    [JsonStringEnumMemberName("deliver")]
    Deliver,
}

internal static class BatchMessageKindNames
{
    private static readonly string[] Names = ["chunk", "validate", "advance", "sweep", "deliver"];

    /// <summary>The kind's name in traces.</summary>
    public static string Name(this BatchMessageKind kind) => Names[(int)kind];
}
