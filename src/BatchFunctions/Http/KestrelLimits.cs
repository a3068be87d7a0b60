using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace BatchFunctions.Http;

/// <summary>
/// The limits of the server that handlers run on: the self-host's own, and under Functions that of the worker behind
/// the host. The handlers stream and bound the bodies themselves, and answer in the API's envelope; the server's own
/// limit would turn even an early 401 to a large upload into an empty 500. The limits for request lines and headers are
/// above those of the Functions host, since a request that hits the worker's limit hangs for seconds. How slowly a body may
/// come is for <see cref="PacedBody"/> to say, alike in both hosts and in the envelope.
/// </summary>
internal static class KestrelLimits
{
    public const int RequestLineBytes = 32 * 1024;
    public const int HeaderBytes = 128 * 1024;
    public const int HeaderCount = 300;

    public static void Raise(KestrelServerOptions server)
    {
        server.AddServerHeader = false;
        server.Limits.MaxRequestBodySize = null;
        server.Limits.MinRequestBodyDataRate = null;
        server.Limits.MaxRequestLineSize = RequestLineBytes;
        server.Limits.MaxRequestHeadersTotalSize = HeaderBytes;
        server.Limits.MaxRequestHeaderCount = HeaderCount;
    }
}
