using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace BatchFunctions.Testing;

/// <summary>One call that a <see cref="ScriptedUpstream"/> has received.</summary>
/// <param name="Marker">What the body says behind <c>marker=</c>; empty where it says nothing.</param>
/// <param name="Number">The call's number among those of its marker, from 1.</param>
/// <param name="Sequence">The call's number among all, from 1: no two calls have the same.</param>
/// <param name="Path">The request's path.</param>
/// <param name="Query">The request's query, with its question mark.</param>
/// <param name="Headers">The request's headers.</param>
/// <param name="Body">The request's body.</param>
public sealed record ScriptedCall(
    string Marker,
    int Number,
    int Sequence,
    string Path,
    string Query,
    IHeaderDictionary Headers,
    ReadOnlyMemory<byte> Body)
{
    /// <summary>The body as JSON.</summary>
    public JsonElement Json => JsonSerializer.Deserialize<JsonElement>(Body.Span);
}
