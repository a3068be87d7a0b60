using System.Buffers;

namespace BatchFunctions.Files;

/// <summary>
/// A block of a file while it comes. It begins small and grows with what comes, so that an upload that stalls holds
/// little, and is given back as soon as the block is staged.
/// </summary>
/// <param name="size">The most bytes that the block may have.</param>
internal sealed class BlockBuffer(int size) : IDisposable
{
    private const int FirstBytes = 64 * 1024;

    /// <summary>How many times as large a buffer gets at once: three copies make a block of 4 MiB.</summary>
    private const int Growth = 4;

    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(Math.Min(size, FirstBytes));

    /// <summary>How many bytes have come.</summary>
    public int Length { get; private set; }

    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, Length);

    /// <summary>The bytes as a stream, which is not to outlive the buffer.</summary>
    public MemoryStream Read() => new(_bytes, 0, Length, writable: false);

    /// <summary>Fills the block from a part.</summary>
    /// <returns>Whether the block is full; otherwise the part has ended.</returns>
    public async ValueTask<bool> FillAsync(FormPart part, CancellationToken ct)
    {
        while (true)
        {
            var room = Math.Min(_bytes.Length, size);
            Length += await part.FillAsync(_bytes.AsMemory(Length, room - Length), ct);
            if (Length < room || Length == size)
            {
                return Length == size;
            }

            Grow();
        }
    }

    public void Dispose() => ArrayPool<byte>.Shared.Return(_bytes);

    private void Grow()
    {
        var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(size, (long)_bytes.Length * Growth));
        Bytes.CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = larger;
    }
}
