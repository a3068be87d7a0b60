using System.Diagnostics;

namespace BatchFunctions.SelfHost.Azurite;

/// <summary>
/// A data folder, locked by the process whose Azurite serves it. The operating system releases the lock when that
/// process ends, for whatever reason; its Azurite ends with it, but may take a moment longer to write out its data.
/// </summary>
internal sealed class AzuriteFolder : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Gap = TimeSpan.FromMilliseconds(50);

    private readonly FolderLock _lock;

    private AzuriteFolder(string path, FolderLock taken)
    {
        Path = path;
        _lock = taken;
    }

    public string Path { get; }

    /// <summary>Takes the folder, creating it if necessary, once an earlier run has finished writing to it.</summary>
    /// <exception cref="StartupException">Another process holds it and does not release it in time.</exception>
    public static async Task<AzuriteFolder> TakeAsync(string path, Action<string> say, CancellationToken ct)
    {
        if (await TryTakeAsync(path, ct) is { } free)
        {
            return free;
        }

        say($"Waiting for another process to let go of {path} …");
        var start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < Limit)
        {
            await Task.Delay(Gap, ct);
            if (await TryTakeAsync(path, ct) is { } taken)
            {
                return taken;
            }
        }

        throw InUse(path);
    }

    /// <summary>Takes the folder; null if another process holds it.</summary>
    public static async Task<AzuriteFolder?> TryTakeAsync(string path, CancellationToken ct)
    {
        Directory.CreateDirectory(path);
#pragma warning disable CA2000 // The folder owns its lock.
        if (FolderLock.TryTake(System.IO.Path.Combine(path, "azurite.lock")) is not { } taken)
#pragma warning restore CA2000
        {
            return null;
        }

        var folder = new AzuriteFolder(path, taken);
        try
        {
            await folder.LeftAsync(ct);
            AzuriteState.Remove(path);
            return folder;
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <summary>The error for a folder that another process holds.</summary>
    public static StartupException InUse(string path) => new(
        $"{path} is in use by another process: end that self-host, or name another folder with --data.")
    {
        Kind = FailureKind.Refused,
    };

    public void Dispose() => _lock.Dispose();

    /// <summary>Waits until the Azurite of a killed parent process is gone.</summary>
    private async Task LeftAsync(CancellationToken ct)
    {
        var start = Stopwatch.GetTimestamp();
        while (AzuriteState.Read(Path) is { } left && await left.IsAliveAsync(ct))
        {
            if (Stopwatch.GetElapsedTime(start) > Limit)
            {
                throw InUse(Path);
            }

            await Task.Delay(Gap, ct);
        }
    }
}
