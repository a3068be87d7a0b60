using System.Globalization;
using System.Text;
using BatchFunctions.Memory;
using BatchFunctions.Storage;

namespace BatchFunctions.Processing;

/// <summary>
/// One file's part of a segment on its way to storage: in one request, or in blocks where it is large. What is stored stays
/// stored: a checkpoint that fails on the way goes on where it was.
/// </summary>
/// <param name="content">What is stored; it must not change any more.</param>
/// <param name="blob">Under which name: one that nothing else has.</param>
/// <param name="blockBytes">What goes in one request, at most.</param>
internal sealed class SegmentUpload(ByteBlocks content, BlobLocation blob, long blockBytes)
{
    /// <summary>The most blocks that a blob may have (Azure Storage, Put Block List).</summary>
    private const int MostBlocks = 50_000;

    private readonly long _blockBytes = Math.Max(blockBytes, (content.Count + MostBlocks - 1) / MostBlocks);
    private int _staged;
    private bool _isStored;

    /// <summary>The blob's name.</summary>
    public BlobLocation Blob { get; } = blob;

    private int Blocks => (int)((content.Count + _blockBytes - 1) / _blockBytes);

    /// <summary>Stores what is not stored yet.</summary>
    /// <param name="blobs">Where it is stored.</param>
    /// <param name="backlog">Whose turn it is.</param>
    /// <param name="ct">Ends the wait.</param>
    public async Task RunAsync(ResultBlobs blobs, ResultBacklog backlog, CancellationToken ct)
    {
        if (_isStored)
        {
            return;
        }

        if (Blocks == 1)
        {
            await PutAwayAsync(backlog, 0, piece => blobs.PutAsync(Blob, piece, ct), ct);
        }
        else
        {
            for (; _staged < Blocks; _staged++)
            {
                await PutAwayAsync(backlog, _staged, piece => blobs.StageAsync(Blob, IdOf(_staged), piece, ct), ct);
            }

            await blobs.CommitAsync(Blob, Enumerable.Range(0, Blocks).Select(IdOf), ct);
        }

        _isStored = true;
    }

    /// <summary>A block's id: all have one length, as storage requires.</summary>
    private static string IdOf(int block) =>
        Convert.ToBase64String(Encoding.ASCII.GetBytes(block.ToString("D6", CultureInfo.InvariantCulture)));

    private async Task PutAwayAsync(ResultBacklog backlog, int block, Func<Stream, Task> send, CancellationToken ct)
    {
        var offset = block * _blockBytes;
        var bytes = Math.Min(_blockBytes, content.Count - offset);
        await using var piece = new SequenceStream(content.Sequence.Slice(offset, bytes));
        await backlog.PutAwayAsync(bytes, () => send(piece), ct);
    }
}
