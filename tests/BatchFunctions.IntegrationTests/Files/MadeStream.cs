namespace BatchFunctions.IntegrationTests.Files;

/// <summary>A batch input of any length that is made while it is read and held nowhere.</summary>
internal sealed class MadeStream(long length) : Stream
{
    private static readonly byte[] Line = [.. System.Text.Encoding.UTF8.GetBytes(Forms.Line), (byte)'\n'];

    private long _position;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count)
    {
        var taken = (int)Math.Min(count, length - _position);
        for (var i = 0; i < taken; i++)
        {
            buffer[offset + i] = Line[(_position + i) % Line.Length];
        }

        _position += taken;
        return taken;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
