using BatchFunctions.Lines;

namespace BatchFunctions.Upstream;

/// <summary>One line on its way to an upstream.</summary>
/// <param name="Line">Which line it is.</param>
/// <param name="Endpoint">The batch's endpoint, for instance <c>/v1/chat/completions</c>.</param>
/// <param name="Body">The line's <c>body</c>, sent as it is but for an alias. It must not change until the call has returned.</param>
/// <param name="Memory">What the line holds of the process's memory: its own bytes, and those of the answer as it comes.</param>
/// <param name="Route">Where it may be sent.</param>
/// <param name="Model">Where the body has its model's name.</param>
/// <param name="State">What earlier runs of the line's chunk have left.</param>
internal readonly record struct UpstreamRequest(
    LineKey Line, string Endpoint, ReadOnlyMemory<byte> Body, LineMemory Memory, UpstreamRoute Route, ModelPlace Model = default, LineState State = default);
