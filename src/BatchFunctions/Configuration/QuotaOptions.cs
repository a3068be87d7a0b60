using System.ComponentModel.DataAnnotations;

namespace BatchFunctions.Configuration;

/// <summary>What a project may have waiting, unless an operator has set something else for it with <c>projects set</c>.</summary>
public sealed class QuotaOptions
{
    /// <summary>The most batches of a project that have not ended.</summary>
    [Range(0, 10_000, ErrorMessage = "Batch__Quota__MaxBatches must be from 0 to 10000: the rows of a project's batches that have not ended are read whenever one is made.")]
    public int MaxBatches { get; set; } = 1000;

    /// <summary>The most lines that wait in them.</summary>
    [Range(0L, 1_000_000_000L, ErrorMessage = "Batch__Quota__MaxLines must be from 0 to 1000000000.")]
    public long MaxLines { get; set; } = 10_000_000;
}
