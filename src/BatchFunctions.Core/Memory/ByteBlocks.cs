using System.Buffers;

namespace BatchFunctions.Memory;

/// <summary>
/// Bytes that come piece by piece, in rented blocks: what is there is never copied as more comes. A character of UTF-8 is in one
/// block whole, so that each block can be looked at by itself.
/// </summary>
/// <param name="first">The first block's size, in bytes, where it is known that no more will come.</param>
/// <param name="next">The size of those that follow, in bytes.</param>
internal sealed class ByteBlocks(int first = BlockPool.BlockBytes, int next = BlockPool.BlockBytes) : IBufferWriter<byte>, IDisposable
{
    private const int LongestCharacter = 4;

    private readonly List<Block> _blocks = [];
    private bool _isGone;

    /// <summary>How many bytes there are.</summary>
    public long Count { get; private set; }

    /// <summary>All bytes, as long as none is added or drained.</summary>
    public ReadOnlySequence<byte> Sequence
    {
        get
        {
            if (_blocks.Count <= 1)
            {
                return _blocks.Count == 0 ? default : new ReadOnlySequence<byte>(_blocks[0].Written);
            }

            var start = new Segment(_blocks[0].Written, null);
            var end = start;
            foreach (var block in _blocks.Skip(1))
            {
                end = new Segment(block.Written, end);
            }

            return new ReadOnlySequence<byte>(start, 0, end, end.Memory.Length);
        }
    }

    /// <summary>Room for more bytes: never empty.</summary>
    /// <param name="sizeHint">How much is asked for in one piece, at least.</param>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (_blocks.Count == 0)
        {
            _blocks.Add(new Block(Math.Max(Math.Clamp(first, 1, BlockPool.BlockBytes), sizeHint)));
        }
        else if (_blocks[^1].Room.Length < Math.Max(1, sizeHint))
        {
            AddBlock(sizeHint);
        }

        return _blocks[^1].Room;
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <summary>Takes up what has been written into the room.</summary>
    public void Advance(int count)
    {
        _blocks[^1].Count += count;
        Count += count;
    }

    /// <summary>Takes back what was written last.</summary>
    /// <param name="count">How many bytes are kept.</param>
    public void Truncate(long count)
    {
        while (Count > count)
        {
            var last = _blocks[^1];
            var taken = (int)Math.Min(last.Count, Count - count);
            last.Count -= taken;
            Count -= taken;
            if (last.Count == 0)
            {
                _blocks.RemoveAt(_blocks.Count - 1);
                last.Dispose();
            }
        }
    }

    /// <summary>Hands over the bytes, block by block, and gives each block back once it has been taken.</summary>
    /// <exception cref="ObjectDisposedException">They are gone already.</exception>
    public void Drain(Action<ReadOnlySpan<byte>> take)
    {
        ObjectDisposedException.ThrowIf(_isGone, this);
        _isGone = true;

        // From the end of the list the blocks go without moving the others.
        _blocks.Reverse();
        while (_blocks.Count > 0)
        {
            var block = _blocks[^1];
            take(block.Written.Span);
            _blocks.RemoveAt(_blocks.Count - 1);
            block.Dispose();
        }

        Count = 0;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _isGone = true;
        _blocks.ForEach(block => block.Dispose());
        _blocks.Clear();
        Count = 0;
    }

    private void AddBlock(int sizeHint)
    {
        var last = _blocks[^1];
        var begun = BegunAtEndOf(last.Written.Span);
        var block = new Block(Math.Max(next, sizeHint + LongestCharacter));
        last.Written.Span[^begun..].CopyTo(block.Room.Span);
        last.Count -= begun;
        block.Count = begun;
        _blocks.Add(block);
    }

    /// <summary>How many bytes at the end are the beginning of a character.</summary>
    private static int BegunAtEndOf(ReadOnlySpan<byte> text)
    {
        for (var back = 1; back < LongestCharacter && back <= text.Length; back++)
        {
            var length = text[^back] switch
            {
                < 0x80 => 1,
                < 0xC0 => 0,
                < 0xE0 => 2,
                < 0xF0 => 3,
                _ => 4,
            };
            if (length > 0)
            {
                return length > back ? back : 0;
            }
        }

        return 0;
    }

    private sealed class Block(int size) : IDisposable
    {
        private readonly byte[] _array = size == BlockPool.BlockBytes ? BlockPool.Rent() : ArrayPool<byte>.Shared.Rent(size);

        public int Count { get; set; }

        public ReadOnlyMemory<byte> Written => _array.AsMemory(0, Count);

        public Memory<byte> Room => _array.AsMemory(Count);

        public void Dispose()
        {
            if (size == BlockPool.BlockBytes)
            {
                BlockPool.Return(_array);
            }
            else
            {
                ArrayPool<byte>.Shared.Return(_array);
            }
        }
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, Segment? before)
        {
            Memory = memory;
            if (before is not null)
            {
                RunningIndex = before.RunningIndex + before.Memory.Length;
                before.Next = this;
            }
        }
    }
}
