namespace BatchFunctions.Storage;

/// <summary>The blob containers that the service keeps. Templates repeat the names; tests compare.</summary>
public static class ContainerNames
{
    /// <summary>Uploaded files, at <c>{tenant}/{file id}</c>.</summary>
    public const string Files = "files";

    /// <summary>What batches make, at <c>{batch id}/output</c>, <c>error</c> and <c>manifest</c>.</summary>
    public const string Batches = "batches";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [Files, Batches];
}
