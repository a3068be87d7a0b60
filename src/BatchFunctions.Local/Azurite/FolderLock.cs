namespace BatchFunctions.SelfHost.Azurite;

/// <summary>
/// A lock between processes: a file that is held open. The operating system releases it when the process ends, for
/// whatever reason.
/// </summary>
internal sealed class FolderLock : IDisposable
{
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
    public static FolderLock? TryTake(string path)
    {
        try
        {
            return new FolderLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException e) when (e.GetType() == typeof(IOException))
        {
            // Somebody holds it. A missing folder and the like throw derived exceptions.
            return null;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}
