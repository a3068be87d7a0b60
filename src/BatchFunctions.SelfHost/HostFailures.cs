using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;

namespace BatchFunctions.SelfHost;

/// <summary>Explains in one sentence why a web host could not start, and what to do.</summary>
internal static class HostFailures
{
    /// <summary>The sentence; null if the user cannot fix the failure.</summary>
    public static string? SentenceOf(Exception e) => e switch
    {
        OptionsValidationException options => string.Join(' ', options.Failures),
        IOException { InnerException: AddressInUseException } =>
            $"{e.Message.TrimEnd('.')}: another program listens there; end it, or name another address with --urls http://127.0.0.1:7072.",
        SocketException => $"The address cannot be used: {e.Message.TrimEnd('.')}. Name another with --urls http://127.0.0.1:7072.",
        _ => null,
    };
}
