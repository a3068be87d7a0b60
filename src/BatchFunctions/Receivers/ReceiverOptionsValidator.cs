using System.Net;
using BatchFunctions.Configuration;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Receivers;

/// <summary>Checks when the host starts that each host which is allowed can be one that events are sent to.</summary>
internal sealed class ReceiverOptionsValidator : IValidateOptions<BatchOptions>
{
    public ValidateOptionsResult Validate(string? name, BatchOptions options)
    {
        string[] failures = [.. options.Webhooks.AllowedHostList.Select(ProblemOf).OfType<string>()];
        return failures.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    private static string? ProblemOf(string host) => HostForm.Of(host) switch
    {
        null => $"Batch__Webhooks__AllowedHosts has '{host}', which no URL's host can be: name each host as it stands in the URL, without scheme, port, path and asterisk, for instance hooks.internal,10.1.2.3,fd00::1.",
        { } form when IPAddress.TryParse(form, out var address) && AddressClasses.Of(address) == AddressClass.Forbidden =>
            $"Batch__Webhooks__AllowedHosts has '{host}', to which nothing is sent whatever is set: it is link-local, reserved or a cloud's metadata service. Take it out.",
        _ => null,
    };
}
