using BatchFunctions.Memory;

namespace BatchFunctions.IntegrationTests.Files;

/// <summary>A batch input of any length that is made while it is read and held nowhere.</summary>
internal sealed class MadeStream(long length) : ReadOnlyStream
{
    private static readonly byte[] Line = [.. System.Text.Encoding.UTF8.GetBytes(Forms.Line), (byte)'\n'];

    private long _position;

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        var taken = (int)Math.Min(buffer.Length, length - _position);
        for (var i = 0; i < taken; i++)
        {
            buffer[i] = Line[(_position + i) % Line.Length];
        }

        _position += taken;
        return taken;
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult(Read(buffer.Span));
}
