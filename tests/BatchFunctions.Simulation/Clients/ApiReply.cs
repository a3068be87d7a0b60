using System.Text;
using System.Text.Json;

namespace BatchFunctions.Simulation.Clients;

/// <summary>What a client was answered.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Body">The body.</param>
internal sealed record ApiReply(int Status, byte[] Body)
{
    public bool IsGood => Status == 200;

    /// <summary>Whether it says that asking again may help.</summary>
    public bool Passes => Status is 408 or 429 or >= 500;

    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    public string Text => Encoding.UTF8.GetString(Body);
}
