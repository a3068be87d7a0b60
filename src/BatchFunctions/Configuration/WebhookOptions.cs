using System.ComponentModel.DataAnnotations;

namespace BatchFunctions.Configuration;

/// <summary>Where events of batches may be sent: to public addresses by https alone, unless something else is set here.</summary>
public sealed class WebhookOptions
{
    /// <summary>
    /// The most endpoints of a project. Each event is sent to all of them. Where it is 0 there are no webhooks, of single batches neither.
    /// </summary>
    [Range(0, 100, ErrorMessage = "Batch__Webhooks__MaxEndpoints must be from 0 to 100.")]
    public int MaxEndpoints { get; set; } = 10;

    /// <summary>How long an endpoint has for its answer.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00", ErrorMessage = "Batch__Webhooks__Timeout must be from 00:00:00.100 to 00:01:00.")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Whether events may be sent to private addresses (loopback, RFC 1918, RFC 6598, unique local), and by http: for a service whose callers
    /// are all trusted. Link-local addresses, a cloud's metadata service among them, are refused in any case.
    /// </summary>
    public bool AllowPrivateAddresses { get; set; }

    /// <summary>
    /// Hosts for which the same is allowed, by their names in the URL, without its port, separated by commas: <c>hooks.internal,10.1.2.3,fd00::1</c>.
    /// </summary>
    public string? AllowedHosts { get; set; }

    /// <summary>Whether events are sent at all.</summary>
    internal bool AreOn => MaxEndpoints > 0;

    /// <summary>The hosts of <see cref="AllowedHosts"/>, as they are written there.</summary>
    internal IReadOnlyList<string> AllowedHostList =>
        (AllowedHosts ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Whether a host may have a private address, and be sent to by http.</summary>
    internal bool IsTrusted(string host) => AllowPrivateAddresses
        || (HostForm.Of(host) is { } form && AllowedHostList.Any(allowed => HostForm.Of(allowed) == form));
}
