namespace BatchFunctions.Cli.Results;

/// <summary>
/// A file that results are written to. It is written as <c>FILE.part</c>, and renamed when it is complete, so that a
/// file with the final name is never partial. A device, or another program's pipe (<c>/dev/null</c>, <c>/dev/fd/63</c> as a shell gives it),
/// is written to as it is: nothing may take its place.
/// </summary>
internal sealed class ResultFile : IAsyncDisposable
{
    private const string Suffix = ".part";

    /// <summary>Memory that is used as a disk, among the devices.</summary>
    private const string SharedMemory = "/dev/shm/";

    /// <summary>Where systems have what looks like files and is none.</summary>
    private static readonly string[] Devices = ["/dev/", "/proc/"];

    private readonly string _path;
    private readonly bool _isFile;
    private bool _isComplete;

    private ResultFile(string path)
    {
        _path = path;
        _isFile = !IsDevice(path);
        Stream = _isFile ? Open(path + Suffix, FileShare.None) : OpenDevice(path);
    }

    /// <summary>The stream to write to.</summary>
    public FileStream Stream { get; }

    /// <summary>Starts a file.</summary>
    /// <exception cref="FailureException">The path cannot be written to.</exception>
    public static ResultFile Create(string path) => Guarded(path, () => new ResultFile(path));

    /// <summary>Opens a file that has its own name while it is written, and that others read meanwhile.</summary>
    /// <exception cref="FailureException">The path cannot be written to.</exception>
    public static FileStream OpenVisible(string path) => Guarded(path, () => IsDevice(path) ? OpenDevice(path) : Open(path, FileShare.Read));

    /// <summary>Checks early that the file can be written, rather than only once the batch has ended.</summary>
    /// <exception cref="FailureException">The path cannot be written to.</exception>
    public static async Task CheckAsync(string path)
    {
        if (!IsDevice(path))
        {
            await using var file = Create(path);
        }
    }

    /// <summary>Renames the file to its final name.</summary>
    public async Task CompleteAsync()
    {
        await Stream.DisposeAsync();
        if (_isFile)
        {
            File.Move(_path + Suffix, _path, overwrite: true);
        }

        _isComplete = true;
    }

    /// <summary>Deletes the file if it is not complete.</summary>
    public async ValueTask DisposeAsync()
    {
        await Stream.DisposeAsync();
        if (_isFile && !_isComplete)
        {
            File.Delete(_path + Suffix);
        }
    }

    private static FileStream Open(string path, FileShare share) =>
        new(path, FileMode.Create, FileAccess.Write, share, bufferSize: 0, useAsync: true);

    private static FileStream OpenDevice(string path) =>
        new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0, useAsync: true);

    private static bool IsDevice(string path)
    {
        var full = Path.GetFullPath(path);
        return !OperatingSystem.IsWindows() && Devices.Any(Begins) && !Begins(SharedMemory) && File.Exists(full);

        bool Begins(string folder) => full.StartsWith(folder, StringComparison.Ordinal);
    }

    private static T Guarded<T>(string path, Func<T> open)
    {
        try
        {
            return Directory.Exists(path)
                ? throw new FailureException($"{path} is a folder: name a file.", ExitCodes.LocalFile)
                : open();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FailureException($"The results cannot be written: {e.Message} Name another file.", ExitCodes.LocalFile, e);
        }
    }
}
