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

    /// <summary>
    /// The most bytes that a project's uploads in parts may be begun with that are open at a time. Where this is not set, it is 16 GiB,
    /// and no less than the largest file.
    /// </summary>
    [Range(0L, 1L << 50, ErrorMessage = "Batch__Quota__MaxUploadBytes must be from 0 to 1125899906842624 (1 PiB).")]
    public long? MaxUploadBytes { get; set; }

    /// <summary><see cref="MaxUploadBytes"/>, set or not.</summary>
    /// <param name="maxFileBytes">The largest file.</param>
    internal long UploadBytesFor(long maxFileBytes) => MaxUploadBytes ?? Math.Max(16L * 1024 * 1024 * 1024, maxFileBytes);
}
