using BatchFunctions.Memory;

namespace BatchFunctions.Files;

/// <summary>A file's content, which comes in pieces, as a stream.</summary>
/// <param name="pieces">The pieces; each is good until the next is asked for.</param>
/// <param name="ct">Ends the reading.</param>
internal sealed class PieceStream(IAsyncEnumerable<ReadOnlyMemory<byte>> pieces, CancellationToken ct) : ReadOnlyStream
{
    private readonly IAsyncEnumerator<ReadOnlyMemory<byte>> _pieces = pieces.GetAsyncEnumerator(ct);
    private ReadOnlyMemory<byte> _rest;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_rest.IsEmpty)
        {
            if (!await _pieces.MoveNextAsync())
            {
                return 0;
            }

            _rest = _pieces.Current;
        }

        var taken = Math.Min(buffer.Length, _rest.Length);
        _rest[..taken].CopyTo(buffer);
        _rest = _rest[taken..];
        return taken;
    }

    public override async ValueTask DisposeAsync()
    {
        await _pieces.DisposeAsync();
        await base.DisposeAsync();
    }
}
