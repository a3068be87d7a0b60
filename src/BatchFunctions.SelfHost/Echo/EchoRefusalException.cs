namespace BatchFunctions.SelfHost.Echo;

/// <summary>A request lacks what its endpoint needs.</summary>
internal sealed class EchoRefusalException(string parameter)
    : Exception($"Missing required parameter: '{parameter}'.")
{
    /// <summary>The parameter that is missing.</summary>
    public string Parameter { get; } = parameter;
}
