namespace BatchFunctions.Storage;

/// <summary>The service's blob containers. The templates repeat the names, and tests compare them.</summary>
public static class ContainerNames
{
    /// <summary>Uploaded files, at <c>{tenant}/{file id}</c>.</summary>
    public const string Files = "files";

    /// <summary>The results of batches, at <c>{batch id}/output</c>, <c>error</c> and <c>manifest</c>.</summary>
    public const string Batches = "batches";

    /// <summary>All containers.</summary>
    public static IReadOnlyList<string> All { get; } = [Files, Batches];
}
