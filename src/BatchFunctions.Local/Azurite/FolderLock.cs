namespace BatchFunctions.SelfHost.Azurite;

/// <summary>
/// A lock between processes, by a file that is held open. The operating system lets go of it when its process ends,
/// however that happens.
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

    /// <summary>Takes the lock if nobody holds it.</summary>
    public static FolderLock? TryTake(string path)
    {
        try
        {
            return new FolderLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException e) when (e.GetType() == typeof(IOException))
        {
            // Held. Missing folders and the like have exceptions of their own.
            return null;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}
