namespace BatchFunctions.SelfHost.Echo;

/// <summary>A request lacks a parameter that its endpoint requires.</summary>
internal sealed class EchoRefusalException(string parameter)
    : Exception($"Missing required parameter: '{parameter}'.")
{
    /// <summary>The parameter that is missing.</summary>
    public string Parameter { get; } = parameter;
}
