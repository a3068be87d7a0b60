using BatchFunctions.Cli.Api;

namespace BatchFunctions.Cli.Input;

/// <summary>Uploads a file of requests, reading it from disk as it is sent.</summary>
internal static class InputUpload
{
    /// <summary>Uploads the file in one request.</summary>
    /// <param name="client">The service.</param>
    /// <param name="input">The file.</param>
    /// <param name="sent">Is told how many bytes have been sent.</param>
    /// <param name="ct">Cancels the upload.</param>
    /// <returns>The file's id.</returns>
    public static async Task<string> WholeAsync(ApiClient client, InputFile input, Action<long> sent, CancellationToken ct)
    {
        var file = await client.UploadAsync(input.Name, gotOn => Part(input, 0, input.Length, sent, gotOn), ct);
        return file.Id;
    }

    /// <summary>Uploads the file in parts, for services that do not accept large requests.</summary>
    /// <param name="client">The service.</param>
    /// <param name="input">The file.</param>
    /// <param name="partBytes">The size of a part, in bytes.</param>
    /// <param name="sent">Is told how many bytes have been sent.</param>
    /// <param name="ct">Cancels the upload.</param>
    /// <returns>The file's id.</returns>
    public static async Task<string> InPartsAsync(
        ApiClient client, InputFile input, long partBytes, Action<long> sent, CancellationToken ct)
    {
        var upload = await client.BeginUploadAsync(input.Name, input.Length, ct);
        var parts = new List<string>();
        for (var offset = 0L; offset < input.Length; offset += partBytes)
        {
            var start = offset;
            var length = Math.Min(partBytes, input.Length - start);
            var part = await client.UploadPartAsync(upload.Id, gotOn => Part(input, start, length, sent, gotOn), ct);
            parts.Add(part.Id);
        }

        var complete = await client.CompleteUploadAsync(upload.Id, parts, ct);
        return complete.File?.Id
            ?? throw new FailureException($"{client.Place} created no file from the parts: upload without --parts.", ExitCodes.Refused);
    }

    private static FilePart Part(InputFile input, long offset, long length, Action<long> sent, Action gotOn) =>
        new(input.Handle, offset, length, done =>
        {
            gotOn();
            sent(offset + done);
        });
}
