using System.ComponentModel.DataAnnotations;

namespace BatchFunctions.Http;

/// <summary>The API's answer when the service is healthy.</summary>
internal sealed class HealthObject
{
    private const string Ok = "ok";

    [AllowedValues(Ok)]
    public string Status { get; } = Ok;
}
