using BatchFunctions.Cli.Api;
using BatchFunctions.Failures;
using BatchFunctions.Lines;

namespace BatchFunctions.Cli.Results;

/// <summary>Why lines of a batch failed: as the service groups them, or from the batch's files where it does not.</summary>
internal sealed class FailedLines(ApiClient client)
{
    /// <summary>What is read of a line of an input; no service takes longer ones.</summary>
    private const int LongestRequest = 128 * 1024 * 1024;

    /// <summary>Groups all failures that there are so far.</summary>
    public async Task<BatchFailures> GetAsync(Batch batch, CancellationToken ct)
    {
        try
        {
            var found = await client.GetFailuresAsync(batch.Id, 0, ct);
            while (found.NextOffset is { } next)
            {
                found = found.With(await client.GetFailuresAsync(batch.Id, next, ct));
            }

            return found;
        }
        catch (ApiException e) when (e.Status is 404 or 405)
        {
            // The batch is there, so it is the operation that is not: or else the files are gone, which reading them tells too.
            return await ReadAsync(batch, ct);
        }
    }

    private async Task<BatchFailures> ReadAsync(Batch batch, CancellationToken ct)
    {
        var groups = new FailureGroups();
        foreach (var error in batch.Errors?.Data ?? [])
        {
            groups.Add(error.Code ?? "", error.Message ?? "", (int?)error.Line);
        }

        if (batch.ErrorFileId is { } errors)
        {
            await ReadAsync(errors, FailureGroups.LongestLine, groups.Add, static () => false, ct);
        }

        var search = new RequestSearch(groups.All);
        if (batch.InputFileId is { } input && !search.IsOver)
        {
            await FindAsync(input, search, ct);
        }

        return BatchFailures.Of(batch.Id, groups);
    }

    private async Task FindAsync(string input, RequestSearch search, CancellationToken ct)
    {
        try
        {
            await ReadAsync(input, LongestRequest, search.Take, () => search.IsOver, ct);
        }
        catch (ApiException e) when (e.Status is 400 or 403 or 404 or 410)
        {
            // The input has expired, or may not be read: the failures are known all the same.
        }
    }

    private async Task ReadAsync(string file, int longest, Action<LineReader> take, Func<bool> isOver, CancellationToken ct)
    {
        using var answer = await client.OpenFileAsync(file, 0, ct);
        using var limit = new SilenceLimit(client.Times.Silence, ct);
        try
        {
            await using var content = await answer.Content.ReadAsStreamAsync(limit.Token);
            using var reader = new LineReader(content, longest);
            while (!isOver() && await reader.ReadAsync(limit.Token))
            {
                limit.GotOn();
                take(reader);
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !ct.IsCancellationRequested))
        {
            throw client.BrokenOff(e);
        }
    }
}
