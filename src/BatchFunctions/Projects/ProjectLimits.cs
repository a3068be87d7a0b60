namespace BatchFunctions.Projects;

/// <summary>What holds for a project: what has been set for it, else the service's defaults.</summary>
/// <param name="Weight">Its part of the upstream beside other projects.</param>
/// <param name="MaxBatches">The most batches that it may have that have not ended.</param>
/// <param name="MaxLines">The most lines that may wait in them.</param>
/// <param name="MaxUploadBytes">The most bytes that its open uploads in parts may hold.</param>
/// <param name="Role">What its keys and tokens may do besides.</param>
internal sealed record ProjectLimits(int Weight, int MaxBatches, long MaxLines, long MaxUploadBytes, ProjectRole Role)
{
    /// <summary>Whether the project is being erased, and takes nothing any more.</summary>
    public bool IsBeingErased { get; init; }
}
