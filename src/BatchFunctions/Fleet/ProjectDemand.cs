using System.Text.Json.Serialization;

namespace BatchFunctions.Fleet;

/// <summary>What a process has to send for a project.</summary>
/// <param name="Project">The project.</param>
/// <param name="Weight">Its part beside other projects.</param>
/// <param name="Lines">Lines in flight, and lines of chunks at hand that are not sent yet.</param>
internal sealed record ProjectDemand(
    [property: JsonPropertyName("p")] string Project,
    [property: JsonPropertyName("w")] double Weight,
    [property: JsonPropertyName("n")] int Lines);
