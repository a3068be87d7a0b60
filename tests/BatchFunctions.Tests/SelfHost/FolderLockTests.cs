using System.Runtime.Versioning;
using BatchFunctions.SelfHost.Azurite;

namespace BatchFunctions.Tests.SelfHost;

public sealed class FolderLockTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("batchfunctions-lock-");

    private string Place => Path.Combine(_folder.FullName, "lock");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void A_lock_that_is_held_is_told_from_one_that_is_free()
    {
        using (FolderLock.TryTake(Place))
        {
            Assert.Null(FolderLock.TryTake(Place));
        }

        using var free = FolderLock.TryTake(Place);
        Assert.NotNull(free);
    }

    /// <summary>A link to itself is what any machine can have that fails in that way: as a full disk does, or one to be read only.</summary>
    [Fact]
    [UnsupportedOSPlatform("windows")]
    public async Task A_file_that_cannot_be_made_is_no_lock_that_is_held()
    {
        File.CreateSymbolicLink(Place, Place);

        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));

        Assert.Throws<IOException>(() => FolderLock.TryTake(Place));
        await Assert.ThrowsAsync<IOException>(() => FolderLock.TakeAsync(Place, limit.Token));
    }
}
