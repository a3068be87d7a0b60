using System.ComponentModel.DataAnnotations;

namespace BatchFunctions.Http;

/// <summary>What the service answers when it works.</summary>
internal sealed class HealthObject
{
    private const string Ok = "ok";

    [AllowedValues(Ok)]
    public string Status { get; } = Ok;
}
