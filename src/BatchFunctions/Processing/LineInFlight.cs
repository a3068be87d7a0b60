using System.Buffers;
using BatchFunctions.Upstream;

namespace BatchFunctions.Processing;

/// <summary>
/// A line on its way to the upstream: its bytes, copied since the input's reader goes on to the next line. They are given back
/// when it is disposed of.
/// </summary>
internal sealed class LineInFlight : IDisposable
{
    private readonly byte[] _bytes;
    private readonly int _length;

    /// <summary>Copies a line.</summary>
    /// <param name="index">Which of the chunk's lines it is.</param>
    /// <param name="content">The line; it may change once this has returned.</param>
    /// <param name="memory">What it holds of the process's memory, given back with it.</param>
    public LineInFlight(int index, ReadOnlyMemory<byte> content, LineMemory memory)
    {
        Index = index;
        Memory = memory;
        _bytes = ArrayPool<byte>.Shared.Rent(content.Length);
        content.CopyTo(_bytes);
        _length = content.Length;
    }

    /// <summary>Which of the chunk's lines it is.</summary>
    public int Index { get; }

    /// <summary>Its <c>custom_id</c>, once it has been read.</summary>
    public string CustomId { get; set; } = "";

    /// <summary>What it holds of the process's memory.</summary>
    public LineMemory Memory { get; }

    public ReadOnlyMemory<byte> Content => _bytes.AsMemory(0, _length);

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_bytes);
        Memory.Dispose();
    }
}
