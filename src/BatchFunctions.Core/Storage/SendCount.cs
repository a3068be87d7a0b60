using Azure.Core;
using Azure.Core.Pipeline;

namespace BatchFunctions.Storage;

/// <summary>
/// Counts how often the SDK has sent one request. Only if it was sent more than once can a refusal be the echo of an
/// earlier try.
/// </summary>
internal sealed class SendCount
{
    private const string Property = "BatchFunctions.SendCount";

    private readonly Dictionary<string, object?> _properties;
    private int _sent;

    public SendCount() => _properties = new Dictionary<string, object?> { [Property] = this };

    /// <summary>
    /// Whether the request was sent exactly once. False if that is not known, for instance for a client without
    /// <see cref="Policy"/>. The HTTP handler itself repeats a request only if it has sent no part of its body, so
    /// never a write that storage has seen.
    /// </summary>
    public bool IsOne => _sent == 1;

    /// <summary>Counts the requests that are sent within the scope.</summary>
    public IDisposable Begin() => HttpPipeline.CreateHttpMessagePropertiesScope(_properties);

    /// <summary>The pipeline policy that counts. It belongs after the retry policy.</summary>
    public sealed class Policy : HttpPipelineSynchronousPolicy
    {
        public override void OnSendingRequest(HttpMessage message)
        {
            if (message.TryGetProperty(Property, out var value) && value is SendCount count)
            {
                count._sent++;
            }
        }
    }
}
