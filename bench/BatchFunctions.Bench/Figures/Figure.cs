namespace BatchFunctions.Bench.Figures;

/// <summary>Something that is measured by a name.</summary>
internal abstract class Figure
{
    /// <summary>What it is asked for by; its measurements' names begin with it.</summary>
    public abstract string Name { get; }

    /// <summary>What is measured, on one line.</summary>
    public abstract string Description { get; }

    /// <summary>
    /// Whether it is measured by what all versions have, the API of OpenAI and a process, so that it can be compared with that of another
    /// version. What it names by types of the service is this version's alone.
    /// </summary>
    public virtual bool IsOfAnyVersion => false;

    /// <summary>Measures, having started what that needs, and ends it.</summary>
    public abstract Task MeasureAsync(Report report, CancellationToken ct);
}
