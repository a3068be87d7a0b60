namespace BatchFunctions.Configuration;

/// <summary>How the service signs in at the upstream without a key.</summary>
public enum UpstreamCredential
{
    /// <summary>As the managed identity of the Azure resource that the service runs on.</summary>
    ManagedIdentity,
}
