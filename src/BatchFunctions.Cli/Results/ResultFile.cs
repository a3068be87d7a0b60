namespace BatchFunctions.Cli.Results;

/// <summary>
/// A file that results are written to. It grows beside its place, as <c>FILE.part</c>, and takes its name when it is
/// complete: whatever has the name is whole.
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

    /// <summary>Where to write.</summary>
    public FileStream Stream { get; }

    /// <summary>Begins a file.</summary>
    /// <exception cref="FailureException">It cannot be written there.</exception>
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

    /// <summary>Finds out now what would otherwise be found out when the batch has ended.</summary>
    /// <exception cref="FailureException">It cannot be written there.</exception>
    public static async Task CheckAsync(string path)
    {
        await using var file = Create(path);
    }

    /// <summary>Gives the file its name.</summary>
    public async Task CompleteAsync()
    {
        await Stream.DisposeAsync();
        File.Move(_path + Suffix, _path, overwrite: true);
        _isComplete = true;
    }

    /// <summary>Removes what is not complete.</summary>
    public async ValueTask DisposeAsync()
    {
        await Stream.DisposeAsync();
        if (!_isComplete)
        {
            File.Delete(_path + Suffix);
        }
    }
}
