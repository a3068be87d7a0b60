using System.Buffers;
using System.Text;
using System.Text.Unicode;
using BatchFunctions.Memory;
using CsCheck;

namespace BatchFunctions.Tests.Memory;

public sealed class ByteBlocksTests
{
    private static readonly Gen<string> Texts = Gen.OneOf(Gen.String, Gen.OneOf("é", "a", "\u2028", "😀")).Array[0, 40].Select(string.Concat);

    [Fact]
    public void Whatever_pieces_it_comes_in_it_is_all_there_and_no_character_is_split() =>
        Gen.Select(Texts, Gen.Int[1, 40], Gen.Int[1, 40]).Sample(
            (text, piece, block) =>
            {
                var bytes = Encoding.UTF8.GetBytes(text);
                using var blocks = new ByteBlocks(1, block);
                Write(blocks, bytes, piece);

                Assert.Equal(bytes.Length, blocks.Count);
                Assert.Equal(bytes, blocks.Sequence.ToArray());
                foreach (var one in blocks.Sequence)
                {
                    Assert.True(Utf8.IsValid(one.Span), "A character is split.");
                }

                using var read = new MemoryStream();
                using var stream = new SequenceStream(blocks.Sequence);
                stream.CopyTo(read);
                Assert.Equal(bytes, read.ToArray());

                var drained = new ArrayBufferWriter<byte>();
                blocks.Drain(one => drained.Write(one));
                Assert.Equal(bytes, drained.WrittenSpan.ToArray());
                Assert.Throws<ObjectDisposedException>(() => blocks.Drain(_ => { }));
            },
            iter: 2_000);

    [Fact]
    public void What_was_written_last_can_be_taken_back() =>
        Gen.Select(Gen.Byte.Array[0, 200], Gen.Byte.Array[0, 200], Gen.Double[0, 1]).Sample(
            (bytes, more, share) =>
            {
                using var blocks = new ByteBlocks(16, 16);
                var kept = (int)(bytes.Length * share);
                Write(blocks, bytes, 7);
                blocks.Truncate(kept);
                Write(blocks, more, 7);
                Assert.Equal([.. bytes.AsSpan(0, kept), .. more], blocks.Sequence.ToArray());
            },
            iter: 2_000);

    [Fact]
    public void Room_is_as_large_as_was_asked_for()
    {
        using var blocks = new ByteBlocks(16, 16);
        Write(blocks, "0123456789"u8.ToArray(), 10);
        Assert.True(blocks.GetSpan(1000).Length >= 1000, "The room is too small.");
    }

    private static void Write(ByteBlocks blocks, byte[] bytes, int piece)
    {
        foreach (var part in bytes.Chunk(piece))
        {
            blocks.Write(part);
        }
    }
}
