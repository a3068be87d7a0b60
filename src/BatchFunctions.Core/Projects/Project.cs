namespace BatchFunctions.Projects;

/// <summary>What an operator has set for a project. Where a value is null, the default of the service's settings holds.</summary>
/// <param name="Name">The project's name, which is the tenant of its batches and files.</param>
public sealed record Project(string Name)
{
    /// <summary>The smallest weight and the largest.</summary>
    public const int LeastWeight = 1;

    /// <inheritdoc cref="LeastWeight"/>
    public const int MostWeight = 1000;

    /// <summary>
    /// The most that <see cref="MaxBatches"/> may be: the rows of a project's batches that have not ended are read whenever one is
    /// made.
    /// </summary>
    public const int MostBatches = 10_000;

    /// <summary>The most that <see cref="MaxLines"/> may be.</summary>
    public const long MostLines = 1_000_000_000;

    /// <summary>The most that <see cref="MaxUploadBytes"/> may be: a PiB.</summary>
    public const long MostUploadBytes = 1L << 50;

    /// <summary>The name of <see cref="ProjectRole.Operator"/>, wherever it is written.</summary>
    public const string OperatorName = "operator";

    /// <summary>Its part of the upstream beside projects that send lines at the same time: twice the weight is twice the lines in flight.</summary>
    public int? Weight { get; init; }

    /// <summary>The most batches that it may have that have not ended; with 0 it can make none.</summary>
    public int? MaxBatches { get; init; }

    /// <summary>The most lines that may wait in them.</summary>
    public long? MaxLines { get; init; }

    /// <summary>The most bytes that its open uploads in parts may hold.</summary>
    public long? MaxUploadBytes { get; init; }

    /// <summary>What its keys and tokens may do besides.</summary>
    public ProjectRole Role { get; init; }

    /// <summary>Since when the project is being erased, UTC: then it is given no key, and takes no request. Null if it is not.</summary>
    public DateTimeOffset? ErasingSince { get; init; }

    /// <summary>The role's name; null where there is none.</summary>
    internal string? RoleName => Role == ProjectRole.Operator ? OperatorName : null;
}

/// <summary>What the keys and tokens of a project may do beyond using the API for the project.</summary>
public enum ProjectRole
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>See the state of the whole service.</summary>
    Operator,
}
