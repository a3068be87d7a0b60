namespace BatchFunctions.SelfHost.Azurite;

/// <summary>
/// A lock between processes: a file that is held open. The operating system releases it when the process ends, for
/// whatever reason.
/// </summary>
internal sealed class FolderLock : IDisposable
{
    /// <summary>What the operating systems say of a file that somebody else holds: Windows, Linux, macOS.</summary>
    private static readonly int[] Held = [unchecked((int)0x80070020), 11, 35];

    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(100);

    private readonly FileStream _file;

    private FolderLock(FileStream file) => _file = file;

    /// <summary>Waits until nobody else holds the lock, and takes it.</summary>
    public static async Task<FolderLock> TakeAsync(string path, CancellationToken ct)
    {
        while (true)
        {
            var taken = TryTake(path);
            if (taken is not null)
            {
                return taken;
            }

            await Task.Delay(Retry, ct);
        }
    }

    /// <summary>Takes the lock; null if somebody holds it.</summary>
    /// <exception cref="IOException">The file cannot be made: on a disk that is full, or that may only be read.</exception>
    public static FolderLock? TryTake(string path)
    {
        try
        {
            return new FolderLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException e) when (Held.Contains(e.HResult))
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}
