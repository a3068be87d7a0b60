using System.ComponentModel;

namespace BatchFunctions.Batches;

/// <summary>
/// A batch's <c>request_counts</c>. Lines that never ran (cancelled, expired) count in <see cref="Total"/> only.
/// </summary>
internal readonly record struct RequestCounts(
    int Total, int Completed, [property: Description("Lines that never ran are in the total alone.")] int Failed);
