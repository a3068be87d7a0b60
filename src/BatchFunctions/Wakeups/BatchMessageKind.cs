using System.Text.Json.Serialization;

namespace BatchFunctions.Wakeups;

/// <summary>What a message asks for.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<BatchMessageKind>))]
internal enum BatchMessageKind
{
    /// <summary>That a chunk be worked on. The one kind that names a chunk, and needs no name of its own.</summary>
    [JsonStringEnumMemberName("chunk")]
    Chunk,

    /// <summary>That a batch's input be read, checked and cut into chunks.</summary>
    [JsonStringEnumMemberName("validate")]
    Validate,

    /// <summary>That a batch's counts and status be brought forward.</summary>
    [JsonStringEnumMemberName("advance")]
    Advance,

    /// <summary>That all that is active be looked through.</summary>
    [JsonStringEnumMemberName("sweep")]
    Sweep,
}

internal static class BatchMessageKindNames
{
    private static readonly string[] Names = ["chunk", "validate", "advance", "sweep"];

    /// <summary>What traces call it.</summary>
    public static string Name(this BatchMessageKind kind) => Names[(int)kind];
}
