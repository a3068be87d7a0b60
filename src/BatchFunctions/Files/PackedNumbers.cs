using System.Buffers;

namespace BatchFunctions.Files;

/// <summary>Numbers from 0 on, one behind the other, each in as many bytes as it needs (LEB128).</summary>
internal sealed class PackedNumbers
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    public void Add(long number)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        while (number >= 0x80)
        {
            Add((byte)(number | 0x80));
            number >>= 7;
        }

        Add((byte)number);
    }

    public byte[] ToBytes() => _bytes.WrittenSpan.ToArray();

    private void Add(byte next) => _bytes.Write([next]);

    /// <summary>Reads them back.</summary>
    /// <param name="bytes">The bytes; null for none.</param>
    public ref struct Reader(ReadOnlySpan<byte> bytes)
    {
        private ReadOnlySpan<byte> _rest = bytes;

        public readonly bool IsAtEnd => _rest.IsEmpty;

        /// <exception cref="FormatException">The bytes end in the middle of a number, or it is too large.</exception>
        public long Next()
        {
            long number = 0;
            for (var shift = 0; ; shift += 7)
            {
                if (_rest.IsEmpty || shift > 56)
                {
                    throw new FormatException("A list of numbers ends in the middle of one, or has one that is too large.");
                }

                var next = _rest[0];
                _rest = _rest[1..];
                number |= (long)(next & 0x7F) << shift;
                if (next < 0x80)
                {
                    return number;
                }
            }
        }

        /// <inheritdoc cref="Next"/>
        public int NextInt() => Next() is var number and <= int.MaxValue
            ? (int)number
            : throw new FormatException("A list of numbers has one that is too large.");
    }
}
