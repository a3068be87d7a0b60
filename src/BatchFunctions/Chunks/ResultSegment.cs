using BatchFunctions.Files;

namespace BatchFunctions.Chunks;

/// <summary>
/// The results of one checkpoint of a chunk: a blob for the output, and one for the errors, unless there are none. Its name is
/// never given twice, and what is stored under it never changes.
/// </summary>
/// <param name="Epoch">The epoch of the claim that wrote it.</param>
/// <param name="Part">Its number within that claim, from 0.</param>
/// <param name="OutputBytes">The size of its output, in bytes.</param>
/// <param name="OutputLines">The lines of its output.</param>
/// <param name="ErrorBytes">The size of its errors, in bytes.</param>
/// <param name="ErrorLines">The lines of its errors.</param>
internal readonly record struct ResultSegment(
    int Epoch, int Part, long OutputBytes, int OutputLines, long ErrorBytes, int ErrorLines)
{
    /// <summary>The part of the output file that it is; null where it has no output.</summary>
    /// <param name="chunk">The number of its chunk.</param>
    public FileSegment? OutputOf(int chunk) => Of(chunk, OutputBytes, OutputLines);

    /// <summary>The part of the error file that it is; null where it has no errors.</summary>
    /// <inheritdoc cref="OutputOf"/>
    public FileSegment? ErrorOf(int chunk) => Of(chunk, ErrorBytes, ErrorLines);

    private FileSegment? Of(int chunk, long bytes, int lines) =>
        bytes > 0 ? new FileSegment(chunk, Epoch, Part, bytes, lines) : null;
}
