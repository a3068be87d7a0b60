namespace BatchFunctions.Proof.Upstream;

/// <summary>A response's content that breaks off where it should go on.</summary>
internal sealed class CutOffStream(byte[] content) : MemoryStream(content)
{
    public override int Read(byte[] buffer, int offset, int count) => Broken(base.Read(buffer, offset, count));

    public override int Read(Span<byte> buffer) => Broken(base.Read(buffer));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Broken(await base.ReadAsync(buffer, cancellationToken));

    private static int Broken(int read) =>
        read > 0 ? read : throw new HttpIOException(HttpRequestError.ResponseEnded, "The response ended prematurely.");
}
