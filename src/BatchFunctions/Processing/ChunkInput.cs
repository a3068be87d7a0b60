using System.Globalization;
using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.Configuration;
using BatchFunctions.Ids;
using BatchFunctions.Lines;
using BatchFunctions.Memory;
using BatchFunctions.Storage;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Processing;

/// <summary>Reads a chunk's lines, and writes the error lines of those that will not be sent any more.</summary>
internal sealed class ChunkInput(InputBlobs blobs, InputWatch watch, ByteBudget memory, IOptions<BatchOptions> options)
{
    private readonly int _maxLineBytes = options.Value.MaxLineBytes;

    /// <summary>The id of a line in the output: unique, and telling of batch and line.</summary>
    public static string LineIdOf(Chunk chunk, int index) => string.Create(
        CultureInfo.InvariantCulture,
        $"batch_req_{chunk.Batch.Id.AsSpan(IdKind.Batch.Prefix.Length)}{chunk.LinesBefore + index:x5}");

    /// <summary>Opens the chunk's range of the input.</summary>
    /// <exception cref="FileNotFoundException">The input is gone.</exception>
    /// <exception cref="InputChangedException">The input is shorter than it was.</exception>
    public Task<Stream> OpenAsync(Batch batch, Chunk chunk, CancellationToken ct) =>
        blobs.OpenAsync(batch.InputBlob, chunk.Offset, chunk.Length, ct);

    /// <summary>A reader of the stream; a line is as long as validation let it be, whatever the setting is now.</summary>
    public LineReader ReaderOf(Stream stream, Chunk chunk) =>
        new(stream, (int)Math.Max(_maxLineBytes, Math.Min(chunk.Length, Array.MaxLength / 2)), chunk.Offset, memory: memory);

    /// <summary>Reads what a line of the chunk asks for.</summary>
    /// <exception cref="InputChangedException">It is not what validation saw.</exception>
    public static RequestLine Parse(ReadOnlyMemory<byte> line)
    {
        try
        {
            return RequestLine.Parse(line);
        }
        catch (InvalidDataException e)
        {
            throw new InputChangedException(e);
        }
    }

    /// <summary>Checks that the input had as many lines for the chunk as validation saw.</summary>
    /// <exception cref="InputChangedException">It had more, or fewer.</exception>
    public static void CheckCount(Chunk chunk, int lines)
    {
        if (lines != chunk.Lines)
        {
            throw new InputChangedException(
                $"Chunk {chunk.Number} of batch {chunk.Batch.Id} has {lines} lines, where validation saw {chunk.Lines}.");
        }
    }

    /// <summary>Judges what a run of one of the batch's chunks has met, failures of storage that may pass among it.</summary>
    /// <inheritdoc cref="InputWatch.JudgeAsync"/>
    public async Task<InputVerdict> JudgeAsync(Batch batch, Exception? met, CancellationToken ct) => met is not null && StorageFaults.IsFault(met)
        ? new InputVerdict(IsLost: false, watch.AgainAfterFault(batch))
        : await watch.JudgeAsync(batch, met, ct);

    /// <summary>
    /// Adds an error line to the segment for each of the chunk's lines that is not done. What storage will not hand out is
    /// not waited for: the lines are closed, whether or not they can be named.
    /// </summary>
    /// <returns>Whether each of them has its error line; false if the input can no longer be read.</returns>
    public async Task<bool> TryAddUnfinishedAsync(
        Batch batch, Chunk chunk, CloseReason reason, ChunkSegment segment, CancellationToken ct)
    {
        try
        {
            await AddUnfinishedAsync(batch, chunk, reason, segment, ct);
            return true;
        }
        catch (Exception e) when (InputWatch.IsLasting(e))
        {
            return await watch.JudgeAsync(batch, e, ct) == InputVerdict.Passing
                ? throw new StorageUnavailableException(e)
                : false;
        }
    }

    private async Task AddUnfinishedAsync(
        Batch batch, Chunk chunk, CloseReason reason, ChunkSegment segment, CancellationToken ct)
    {
        var done = chunk.Done.With(segment.Lines);
        if (done.Count == chunk.Lines)
        {
            return;
        }

        await using var stream = await OpenAsync(batch, chunk, ct);
        using var reader = ReaderOf(stream, chunk);
        var index = 0;
        for (; await reader.ReadAsync(ct); index++)
        {
            if (done.Contains(index))
            {
                continue;
            }

            OutputLine.WriteError(
                segment.Error,
                LineIdOf(chunk, index),
                Parse(reader.Line).CustomId,
                reason.Code,
                chunk.Left.GetValueOrDefault(index).State.Last is { } last ? $"{reason.Message} {last}" : reason.Message);
            if (reason.CountsAsFailed)
            {
                segment.AddFailed(index, reason.Code);
            }
            else
            {
                segment.AddUnfinished(index);
            }
        }

        CheckCount(chunk, index);
    }
}
