namespace BatchFunctions.Cli.Results;

/// <summary>
/// A file that results are written to. It is written as <c>FILE.part</c>, and renamed when it is complete, so that a
/// file with the final name is never partial.
/// </summary>
internal sealed class ResultFile : IAsyncDisposable
{
    private const string Suffix = ".part";

    private readonly string _path;
    private bool _isComplete;

    private ResultFile(string path)
    {
        _path = path;
        Stream = new FileStream(path + Suffix, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0, useAsync: true);
    }

    /// <summary>The stream to write to.</summary>
    public FileStream Stream { get; }

    /// <summary>Starts a file.</summary>
    /// <exception cref="FailureException">The path cannot be written to.</exception>
    public static ResultFile Create(string path)
    {
        try
        {
            return Directory.Exists(path)
                ? throw new FailureException($"{path} is a folder: name a file.", ExitCodes.LocalFile)
                : new ResultFile(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FailureException($"The results cannot be written: {e.Message} Name another file.", ExitCodes.LocalFile, e);
        }
    }

    /// <summary>Checks early that the file can be written, rather than only once the batch has ended.</summary>
    /// <exception cref="FailureException">The path cannot be written to.</exception>
    public static async Task CheckAsync(string path)
    {
        await using var file = Create(path);
    }

    /// <summary>Renames the file to its final name.</summary>
    public async Task CompleteAsync()
    {
        await Stream.DisposeAsync();
        File.Move(_path + Suffix, _path, overwrite: true);
        _isComplete = true;
    }

    /// <summary>Deletes the file if it is not complete.</summary>
    public async ValueTask DisposeAsync()
    {
        await Stream.DisposeAsync();
        if (!_isComplete)
        {
            File.Delete(_path + Suffix);
        }
    }
}
