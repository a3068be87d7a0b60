using BatchFunctions.Memory;

namespace BatchFunctions.Upstream;

/// <summary>What a line on its way holds of the process's memory: its own bytes, and those of its answer.</summary>
/// <param name="share">What is held.</param>
/// <param name="request">The line's own bytes.</param>
internal sealed class LineMemory(ByteShare share, long request) : IDisposable
{
    /// <summary>How many bytes are held.</summary>
    public long Bytes => share.Bytes;

    /// <summary>Waits until so many bytes of an answer may be held, beside the line.</summary>
    /// <param name="bytes">How many.</param>
    /// <param name="ct">Ends the wait.</param>
    public ValueTask HoldAnswerAsync(long bytes, CancellationToken ct) => share.GrowAsync(request + bytes, ct);

    /// <summary>Holds the line alone: no answer is to come for now.</summary>
    public void HoldLine() => share.Set(request);

    /// <summary>Hands over what is held: the line has ended, and its result takes up the place of both.</summary>
    /// <param name="result">Holds it from now on.</param>
    /// <param name="bytes">The result's bytes.</param>
    public void MoveTo(ByteShare result, long bytes)
    {
        share.Set(bytes);
        share.MoveTo(result);
    }

    public void Dispose() => share.Dispose();
}
