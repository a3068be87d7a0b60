using System.Net;
using System.Runtime.CompilerServices;
using BatchFunctions.Cli.Api;

namespace BatchFunctions.Cli.Results;

/// <summary>
/// Downloads a file of the service, resuming after a broken connection, and, where the file grows, after its end so far. No byte is
/// written twice, so a pipe works.
/// </summary>
/// <param name="client">The service.</param>
/// <param name="id">The file.</param>
internal sealed class FileDownload(ApiClient client, string id)
{
    private const int BufferBytes = 128 * 1024;
    private const int MostBreaks = 5;
    private const byte LineEnd = (byte)'\n';

    /// <summary>The bytes that have been written.</summary>
    public long Bytes { get; private set; }

    /// <summary>The lines that end in them.</summary>
    public long Lines { get; private set; }

    /// <summary>Copies what the file has beyond <see cref="Bytes"/>.</summary>
    /// <param name="to">Receives the content.</param>
    /// <param name="moved">Is told how many bytes have arrived, and the total if it is known.</param>
    /// <param name="ct">Cancels the download.</param>
    public async Task CopyAsync(Stream to, Action<long, long?> moved, CancellationToken ct)
    {
        for (var breaks = 0; ;)
        {
            var before = Bytes;
            using var answer = await OpenAsync(ct);
            try
            {
                await (answer is null ? Task.CompletedTask : CopyAsync(answer, to, moved, ct));
                await to.FlushAsync(ct);
                return;
            }
            catch (ApiException) when (Bytes > before || ++breaks < MostBreaks)
            {
                breaks = Bytes > before ? 0 : breaks;
            }
        }
    }

    private async Task CopyAsync(HttpResponseMessage answer, Stream to, Action<long, long?> moved, CancellationToken ct)
    {
        var start = answer.StatusCode == HttpStatusCode.PartialContent ? answer.Content.Headers.ContentRange?.From ?? Bytes : 0;
        var total = start + answer.Content.Headers.ContentLength;
        moved(Bytes, total);
        await foreach (var piece in PiecesAsync(answer, ct))
        {
            // If the answer starts from the beginning, the first bytes have already been written.
            var fresh = piece[(int)Math.Clamp(Bytes - start, 0, piece.Length)..];
            await to.WriteAsync(fresh, ct);
            start += piece.Length;
            Bytes += fresh.Length;
            Lines += fresh.Span.Count(LineEnd);
            moved(Bytes, total);
        }
    }

    /// <returns>Null if the file has no byte beyond those that have been written.</returns>
    private async Task<HttpResponseMessage?> OpenAsync(CancellationToken ct)
    {
        try
        {
            return await client.OpenFileAsync(id, Bytes, ct);
        }
        catch (ApiException e) when (e.Status == (int)HttpStatusCode.RequestedRangeNotSatisfiable && Bytes > 0)
        {
            return null;
        }
    }

    private async IAsyncEnumerable<ReadOnlyMemory<byte>> PiecesAsync(
        HttpResponseMessage answer, [EnumeratorCancellation] CancellationToken ct)
    {
        var buffer = new byte[BufferBytes];
        using var limit = new SilenceLimit(client.Times.Silence, ct);
        await using var body = await answer.Content.ReadAsStreamAsync(ct);
        while (true)
        {
            int read;
            try
            {
                read = await body.ReadAsync(buffer, limit.Token);
            }
            catch (Exception e) when (ApiErrors.IsConnectionFailure(e) || (e is OperationCanceledException && limit.IsStandstill))
            {
                throw client.BrokenOff(e);
            }

            if (read == 0)
            {
                yield break;
            }

            limit.GotOn();
            yield return buffer.AsMemory(0, read);
            limit.GotOn();
        }
    }
}
