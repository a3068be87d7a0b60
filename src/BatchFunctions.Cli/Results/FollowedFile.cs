using BatchFunctions.Cli.Api;

namespace BatchFunctions.Cli.Results;

/// <summary>
/// A file of the service that is copied as it grows. The copy is opened once the file has an id, so that what was there before stays
/// while there is nothing to take its place.
/// </summary>
/// <param name="client">The service.</param>
/// <param name="open">Opens what receives the content.</param>
internal sealed class FollowedFile(ApiClient client, Func<Stream> open) : IAsyncDisposable
{
    private Stream? _copy;
    private FileDownload? _download;
    private string? _id;

    /// <summary>Opens the copy: empty, unless something has been copied.</summary>
    public Stream Open() => _copy ??= open();

    /// <summary>Copies what has come since the last time.</summary>
    /// <param name="id">The file's id; null if there is none yet.</param>
    /// <param name="isWhole">Whether the file grows no more.</param>
    /// <param name="ct">Cancels the operation.</param>
    /// <returns>Whether anything has come.</returns>
    /// <exception cref="ApiException">The service refuses, or does not answer.</exception>
    public async Task<bool> CopyNewAsync(string? id, bool isWhole, CancellationToken ct)
    {
        if (id is null)
        {
            return false;
        }

        if (id != (_id ??= id))
        {
            throw new FailureException(
                "The service has put another file in the place of the one that was followed: download the results without --follow.",
                ExitCodes.Refused);
        }

        _download ??= new FileDownload(client, id);
        var before = _download.Bytes;
        try
        {
            await _download.CopyAsync(Open(), (_, _) => { }, ct);
        }
        catch (ApiException e) when (!isWhole && e.Status is 400 or 404 or 409)
        {
            // Some services name a file before they let it be read.
        }

        return _download.Bytes > before;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _copy?.DisposeAsync() ?? ValueTask.CompletedTask;
}
