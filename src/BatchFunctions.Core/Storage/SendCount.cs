using Azure.Core;
using Azure.Core.Pipeline;

namespace BatchFunctions.Storage;

/// <summary>
/// How often the SDK has sent one request. Its retries are its own affair, but whether there were any decides whether a
/// refusal may be the echo of an earlier try.
/// </summary>
internal sealed class SendCount
{
    private const string Property = "BatchFunctions.SendCount";

    private readonly Dictionary<string, object?> _properties;
    private int _sent;

    public SendCount() => _properties = new Dictionary<string, object?> { [Property] = this };

    /// <summary>
    /// Whether the request went out exactly once. False where that is not known, as of a client without
    /// <see cref="Policy"/>. The HTTP handler repeats by itself only what it has sent no part of the body of, which is
    /// no request that writes a row.
    /// </summary>
    public bool IsOne => _sent == 1;

    /// <summary>Counts what is sent within it.</summary>
    public IDisposable Begin() => HttpPipeline.CreateHttpMessagePropertiesScope(_properties);

    /// <summary>Stands in the pipeline behind the retries.</summary>
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
