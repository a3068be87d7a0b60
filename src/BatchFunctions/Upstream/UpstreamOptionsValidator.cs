using BatchFunctions.Configuration;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Upstream;

/// <summary>Checks what only the upstream's own room can read, beside what the settings say of themselves.</summary>
internal sealed class UpstreamOptionsValidator : IValidateOptions<BatchOptions>
{
    public ValidateOptionsResult Validate(string? name, BatchOptions options) =>
        UpstreamAddress.TryParse(options.Upstream.BaseUrl, out _)
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail(UpstreamAddress.Requirement);
}
