namespace BatchFunctions.Batches;

/// <summary>A page of a tenant's batches.</summary>
internal sealed record BatchPage(IReadOnlyList<Batch> Batches, bool HasMore);
