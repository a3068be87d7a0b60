using System.Net;
using BatchFunctions.Cli.Api;

namespace BatchFunctions.Cli.Results;

/// <summary>Downloads a file of the service, resuming after a broken connection.</summary>
internal static class FileDownload
{
    private const int BufferBytes = 128 * 1024;
    private const int MostBreaks = 5;

    /// <summary>Copies a file's content.</summary>
    /// <param name="client">The service.</param>
    /// <param name="id">The file.</param>
    /// <param name="to">Receives the content. No byte is written twice, so a pipe works.</param>
    /// <param name="moved">Is told how many bytes have arrived, and the total if it is known.</param>
    /// <param name="ct">Cancels the download.</param>
    public static async Task CopyAsync(ApiClient client, string id, Stream to, Action<long, long?> moved, CancellationToken ct)
    {
        var done = 0L;
        for (var breaks = 0; ;)
        {
            var before = done;
            using var answer = await client.OpenFileAsync(id, done, ct);
            var start = answer.StatusCode == HttpStatusCode.PartialContent ? answer.Content.Headers.ContentRange?.From ?? done : 0;
            var total = start + answer.Content.Headers.ContentLength;
            moved(done, total);
            try
            {
                await foreach (var piece in PiecesAsync(client, answer, ct))
                {
                    // If the answer starts from the beginning, the first bytes have already been written.
                    var known = (int)Math.Clamp(done - start, 0, piece.Length);
                    await to.WriteAsync(piece[known..], ct);
                    start += piece.Length;
                    done = Math.Max(done, start);
                    moved(done, total);
                }

                await to.FlushAsync(ct);
                return;
            }
            catch (ApiException) when (done > before || ++breaks < MostBreaks)
            {
                breaks = done > before ? 0 : breaks;
            }
        }
    }

    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> PiecesAsync(
        ApiClient client, HttpResponseMessage answer, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
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
