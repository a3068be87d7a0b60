using System.Numerics;

namespace BatchFunctions.Chunks;

/// <summary>A set of a chunk's lines, one bit for each index. Immutable; at most 1,000 lines, so 125 bytes.</summary>
internal readonly struct LineSet
{
    public static readonly LineSet Empty = new([]);

    private readonly byte[] _bits;

    private LineSet(byte[] bits)
    {
        _bits = bits;
    }

    public int Count
    {
        get
        {
            var count = 0;
            foreach (var b in _bits)
            {
                count += BitOperations.PopCount(b);
            }

            return count;
        }
    }

    public static LineSet FromBytes(byte[] bits) => new(bits);

    public bool Contains(int line) => line >> 3 < _bits.Length && (_bits[line >> 3] & (1 << (line & 7))) != 0;

    public LineSet With(IReadOnlyCollection<int> lines)
    {
        if (lines.Count == 0)
        {
            return this;
        }

        var bits = new byte[Math.Max(_bits.Length, (lines.Max() >> 3) + 1)];
        _bits.CopyTo(bits, 0);
        foreach (var line in lines)
        {
            bits[line >> 3] |= (byte)(1 << (line & 7));
        }

        return new LineSet(bits);
    }

    public byte[] ToBytes() => _bits;
}
