using System.Text.Json;

namespace BatchFunctions.Cli.Api;

/// <summary>How a batch gets on, as a service says that offers this.</summary>
/// <param name="LinesPerSecond">Lines that come in a second; null while nothing is known, or comes.</param>
/// <param name="SecondsLeft">How long the rest takes; null while too little is known, or nothing comes.</param>
/// <param name="At">When this was said, in Unix seconds.</param>
/// <param name="StalledSince">Since when no line has come, in Unix seconds; null while lines come.</param>
/// <param name="Upstream">The upstream of its lines.</param>
internal sealed record BatchProgress(double At, double? LinesPerSecond, double? SecondsLeft, double? StalledSince, UpstreamHealth? Upstream)
{
    /// <summary>Reads it.</summary>
    /// <exception cref="JsonException">The JSON is something else.</exception>
    public static BatchProgress Read(JsonElement json) =>
        json.TryGetProperty("object", out var kind) && kind.ValueEquals("batch.progress")
            ? json.Deserialize(ApiJson.Default.BatchProgress)!
            : throw new JsonException("This is no batch's progress.");
}

/// <summary>What a service knows of an upstream.</summary>
/// <param name="Status"><c>away</c> while nobody gets through.</param>
/// <param name="AwaySince">Since when, in Unix seconds.</param>
/// <param name="Reason">What was met last.</param>
internal sealed record UpstreamHealth(string? Status, long? AwaySince, string? Reason)
{
    /// <summary>Whether nobody gets through.</summary>
    public bool IsAway => Status == "away" && AwaySince is not null;
}
