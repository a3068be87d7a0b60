using System.Globalization;
using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.Configuration;
using BatchFunctions.Ids;
using BatchFunctions.Lines;
using BatchFunctions.Memory;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Processing;

/// <summary>Reads a chunk's lines, and writes the error lines of those that will not be sent any more.</summary>
internal sealed class ChunkInput(BatchBlobs blobs, ByteBudget memory, IOptions<BatchOptions> options)
{
    private readonly int _maxLineBytes = options.Value.MaxLineBytes;

    /// <summary>The id of a line in the output: unique, and telling of batch and line.</summary>
    public static string LineIdOf(Chunk chunk, int index) => string.Create(
        CultureInfo.InvariantCulture,
        $"batch_req_{chunk.Batch.Id.AsSpan(IdKind.Batch.Prefix.Length)}{chunk.LinesBefore + index:x5}");

    /// <summary>Opens the chunk's range of the input.</summary>
    /// <exception cref="FileNotFoundException">The input is gone.</exception>
    public Task<Stream> OpenAsync(Batch batch, Chunk chunk, CancellationToken ct) =>
        blobs.OpenInputAsync(batch.InputBlob, chunk.Offset, chunk.Length, ct);

    /// <summary>A reader of the stream; a line is as long as validation let it be, whatever the setting is now.</summary>
    public LineReader ReaderOf(Stream stream, Chunk chunk) =>
        new(stream, (int)Math.Max(_maxLineBytes, Math.Min(chunk.Length, Array.MaxLength / 2)), chunk.Offset, memory: memory);

    /// <summary>Adds an error line to the segment for each of the chunk's lines that is not done.</summary>
    public async Task AddUnfinishedAsync(
        Batch batch, Chunk chunk, CloseReason reason, ChunkSegment segment, CancellationToken ct)
    {
        var done = chunk.Done.With(segment.Lines);
        if (done.Count == chunk.Lines)
        {
            return;
        }

        await using var stream = await OpenAsync(batch, chunk, ct);
        using var reader = ReaderOf(stream, chunk);
        for (var index = 0; await reader.ReadAsync(ct); index++)
        {
            if (done.Contains(index))
            {
                continue;
            }

            OutputLine.WriteError(
                segment.Error,
                LineIdOf(chunk, index),
                RequestLine.Parse(reader.Line).CustomId,
                reason.Code,
                chunk.Left.GetValueOrDefault(index).State.Last is { } last ? $"{reason.Message} {last}" : reason.Message);
            if (reason.CountsAsFailed)
            {
                segment.AddFailed(index, default);
            }
            else
            {
                segment.AddUnfinished(index);
            }
        }
    }
}
