using BatchFunctions.Batches;

namespace BatchFunctions.Processing;

/// <summary>
/// How many of a batch's chunks have a message at a time. A batch begins with the first of them, and each chunk that ends sends the
/// one that is a window further on: so the queue never holds a whole giant, its order is a round between batches, and its length
/// says how many instances are of use.
/// </summary>
internal static class ChunkWindow
{
    /// <summary>Chunks of one batch, however many others there are: one to be sent while another's last lines come back.</summary>
    private const int Least = 2;

    /// <summary>Batches that are counted: beyond them a window gets no smaller.</summary>
    public const int MostCounted = 100;

    /// <summary>Lines under way for each place in flight, so that none is empty while a chunk ends.</summary>
    private const int LinesForEachPlace = 2;

    /// <summary>The window of a batch that begins.</summary>
    /// <param name="chunks">Its chunks.</param>
    /// <param name="lines">Its lines.</param>
    /// <param name="places">Lines that may be in flight.</param>
    /// <param name="active">Batches that have not ended, this one included; up to <see cref="MostCounted"/> of them.</param>
    /// <param name="whole">Chunks that should be under way of all batches together.</param>
    public static int Of(int chunks, int lines, int places, int active, int whole)
    {
        var toFill = (int)Math.Ceiling((double)LinesForEachPlace * places * chunks / Math.Max(1, lines));
        return Math.Max(Least, Math.Max(whole, toFill) / Math.Max(1, active));
    }

    /// <summary>The chunk whose message the end of the given one sends; null where it is the batch's last window.</summary>
    public static int? NextAfter(Batch batch, int chunk) =>
        batch.ChunkWindow is { } window && chunk + window < batch.ChunkCount ? chunk + window : null;

    /// <summary>The chunk whose end sends the message of the given one; null for one of the first window.</summary>
    public static int? Before(Batch batch, int chunk) =>
        batch.ChunkWindow is { } window && chunk >= window ? chunk - window : null;
}
