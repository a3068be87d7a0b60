using BatchFunctions.Cli.Api;

namespace BatchFunctions.Cli.Results;

/// <summary>
/// The results of a batch, copied as they come. Files have their own names from the first line on, unlike those of
/// <see cref="BatchResults"/>: whoever follows a batch looks at them meanwhile.
/// </summary>
internal sealed class FollowedResults : IAsyncDisposable
{
    private readonly FollowedFile? _output;
    private readonly FollowedFile? _errors;

    /// <summary>Copies nothing yet.</summary>
    public FollowedResults(ApiClient client, CommandEnvironment environment, ResultPlaces places)
    {
        _output = places.Output switch
        {
            null => null,
            ResultPlaces.StandardOutput => new FollowedFile(client, environment.StandardOutput),
            { } path => new FollowedFile(client, () => ResultFile.OpenVisible(path)),
        };
        _errors = places.Errors is { } errors ? new FollowedFile(client, () => ResultFile.OpenVisible(errors)) : null;
    }

    /// <summary>Copies what has come since the last time; of a batch that has ended, all of the rest.</summary>
    /// <returns>Whether anything has come.</returns>
    public async Task<bool> CopyNewAsync(Batch batch, CancellationToken ct)
    {
        var anyOutput = _output is not null && await _output.CopyNewAsync(batch.OutputFileId, batch.HasEnded, ct);
        var anyErrors = _errors is not null && await _errors.CopyNewAsync(batch.ErrorFileId, batch.HasEnded, ct);
        if (batch.HasEnded && batch is not { Status: "failed", HasResults: false })
        {
            // Results of an earlier batch must not be mistaken for this one's, be it that no line succeeded.
            _output?.Open();
        }

        return anyOutput || anyErrors;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var file in new[] { _output, _errors })
        {
            await (file?.DisposeAsync() ?? ValueTask.CompletedTask);
        }
    }
}
