namespace BatchFunctions.Batches;

/// <summary>
/// The batches that may have the same lines in flight: a batch, what it is a retry of, up to the first, and whatever is a retry of
/// any of these. One that was deleted leads on to its own as long as its row is there; then they lead past it, unless it was the first.
/// </summary>
/// <param name="Lineage">The batch itself, and each that the one before it is a retry of.</param>
/// <param name="Others">The other batches.</param>
/// <param name="Missing">The names among them that have no row: their batches are still being made, or never were.</param>
/// <param name="IsWhole">Whether there are no more.</param>
internal sealed record BatchFamily(IReadOnlyList<Batch> Lineage, IReadOnlyList<Batch> Others, IReadOnlyList<string> Missing, bool IsWhole)
{
    /// <summary>How many batches are looked at.</summary>
    public const int MostMembers = 100;

    /// <summary>Reads a batch's family.</summary>
    /// <param name="batches">The batches.</param>
    /// <param name="batch">The batch, as it was just read.</param>
    /// <param name="except">A retry that is left out, with its own.</param>
    /// <param name="ct">Cancels the operation.</param>
    public static async Task<BatchFamily> ReadAsync(BatchStore batches, Batch batch, string except, CancellationToken ct)
    {
        var lineage = new List<Batch> { batch };
        while (lineage.Count < MostMembers
            && lineage[^1].Above is { } id
            && await batches.FindAnyAsync(batch.Key with { Id = id }, ct) is { } above)
        {
            lineage.Add(above);
        }

        if (lineage.Count == MostMembers)
        {
            return new BatchFamily(lineage, [], [], IsWhole: false);
        }

        var others = new List<Batch>();
        var missing = new List<string>();
        var known = lineage.Select(one => one.Id).Append(except).ToHashSet(StringComparer.Ordinal);
        var ahead = new Queue<string>(lineage.SelectMany(one => one.Retries));
        while (ahead.TryDequeue(out var id))
        {
            if (!known.Add(id))
            {
                continue;
            }

            if (known.Count > MostMembers)
            {
                return new BatchFamily(lineage, others, missing, IsWhole: false);
            }

            var retry = await batches.FindAnyAsync(batch.Key with { Id = id }, ct);
            foreach (var next in retry?.Retries ?? [])
            {
                ahead.Enqueue(next);
            }

            if (retry is null)
            {
                missing.Add(id);
            }
            else if (!retry.Deleted)
            {
                others.Add(retry);
            }
        }

        return new BatchFamily(lineage, others, missing, IsWhole: true);
    }
}
