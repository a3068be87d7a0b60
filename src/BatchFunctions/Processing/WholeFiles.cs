using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.Files;
using BatchFunctions.Protocol;

namespace BatchFunctions.Processing;

/// <summary>Makes a batch's files whole: the last of their segments are published, and what version 0.1 staged is committed.</summary>
internal sealed class WholeFiles(ResultFiles results, StagedBlobs staged, ProtocolSteps steps)
{
    /// <summary>Completes both files. A crash in between leaves what the next finisher finds, or completes in the same way.</summary>
    /// <param name="batch">The batch, whose chunks have all ended.</param>
    /// <param name="sum">What they come to.</param>
    /// <param name="ct">Fires when the host shuts down.</param>
    /// <returns>The ids of the files; null for one that nothing is in.</returns>
    /// <exception cref="ResultsLostException">What version 0.1 staged is gone.</exception>
    public async Task<(string? Output, string? Error)> CompleteAsync(Batch batch, BatchSum sum, CancellationToken ct)
    {
        var before = sum.Staged.Count > 0 ? await staged.IdsAsync(batch, sum, ct) : default;
        var output = await CompleteAsync(batch, ResultFile.Output, sum.Output, sum.Settled.OutputSegments, sum.Staged, before.Output, ct);
        await steps.ReachedAsync(ProtocolStep.OutputFileWritten, ct);
        var error = await CompleteAsync(batch, ResultFile.Error, sum.Error, sum.Settled.ErrorSegments, sum.Staged, before.Error, ct);
        await steps.ReachedAsync(ProtocolStep.ErrorFileWritten, ct);
        return (output, error);
    }

    private async Task<string?> CompleteAsync(
        Batch batch,
        ResultFile file,
        IReadOnlyList<FileSegment> segments,
        int settled,
        IReadOnlyList<Chunk> chunksOfBefore,
        string? idOfBefore,
        CancellationToken ct)
    {
        if (idOfBefore is not null && await results.IsWholeAsync(batch, idOfBefore, ct))
        {
            return idOfBefore;
        }

        if (idOfBefore is not null && await staged.CommitAsync(batch.Id, file, chunksOfBefore, ct) is { } whole)
        {
            segments = [.. segments, whole];
        }

        if (segments.Count == 0 && settled == 0)
        {
            return null;
        }

        var id = idOfBefore ?? ResultFiles.IdOf(batch, file);
        await results.CompleteAsync(batch, file, id, segments, ct);
        return id;
    }
}
