namespace BatchFunctions.Tests.Lines;

/// <summary>A stream that hands out its bytes in pieces of given sizes, over and over.</summary>
internal sealed class Pieces(byte[] bytes, params int[] sizes) : MemoryStream(bytes, writable: false)
{
    private int _reads;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var size = sizes.Length == 0 ? buffer.Length : Math.Min(buffer.Length, sizes[_reads++ % sizes.Length]);
        return ValueTask.FromResult(Read(buffer.Span[..size]));
    }
}
