using System.Diagnostics;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using BatchFunctions.SelfHost.Azurite;
using BatchFunctions.SelfHost.Settings;
using BatchFunctions.Testing;

namespace BatchFunctions.IntegrationTests.SelfHost;

public sealed class AzuriteServerTests : IDisposable
{
    private readonly DataFolder _data = new();
    private readonly DataFolder _otherData = new();

    public void Dispose()
    {
        _data.Dispose();
        _otherData.Dispose();
    }

    [Fact]
    public async Task Data_are_kept_between_runs()
    {
        await using (var first = await StartAsync(_data))
        {
            await Container(first).CreateAsync();
            await Container(first).GetBlobClient("note").UploadAsync(BinaryData.FromString("kept"));
        }

        await using var second = await StartAsync(_data);

        Assert.Equal("kept", (await Container(second).GetBlobClient("note").DownloadContentAsync()).Value.Content.ToString());
    }

    [Fact]
    public async Task It_ends_with_its_user()
    {
        var azurite = await StartAsync(_data);
        using var process = Process.GetProcessById(azurite.ProcessId);

        await azurite.DisposeAsync();

        Assert.True(process.HasExited);
        Assert.False(File.Exists(Path.Combine(_data.Path, "azurite.json")));
    }

    [Fact]
    public async Task Two_data_folders_are_served_side_by_side()
    {
        var both = await Task.WhenAll(StartAsync(_data), StartAsync(_otherData));
        await using var one = both[0];
        await using var other = both[1];

        await Container(one).CreateAsync();

        Assert.NotEqual(one.ProcessId, other.ProcessId);
        Assert.True(await Container(one).ExistsAsync());
        Assert.False(await Container(other).ExistsAsync());
    }

    [Fact]
    public async Task Users_of_one_data_folder_share_it_and_the_last_of_them_ends_it()
    {
        var users = await Task.WhenAll(StartAsync(_data), StartAsync(_data), StartAsync(_data));
        using var process = Process.GetProcessById(users[0].ProcessId);
        Assert.All(users, user => Assert.Equal(process.Id, user.ProcessId));

        // Whoever of them started it goes before the last.
        await users[0].DisposeAsync();
        await users[1].DisposeAsync();
        Assert.False(process.HasExited);
        await Container(users[2]).CreateAsync();

        await users[2].DisposeAsync();
        await Eventually.UntilAsync(() => process.HasExited, "the process has gone");
    }

    [Fact]
    public async Task One_that_died_is_started_again_on_the_same_data()
    {
        var first = await StartAsync(_data);
        await Container(first).CreateAsync();
        var state = await File.ReadAllTextAsync(Path.Combine(_data.Path, "azurite.json"));
        await first.DisposeAsync();
        await File.WriteAllTextAsync(Path.Combine(_data.Path, "azurite.json"), state);

        await using var second = await StartAsync(_data);

        Assert.NotEqual(first.ProcessId, second.ProcessId);
        Assert.True(await Container(second).ExistsAsync());
    }

    [Fact]
    public async Task A_process_of_the_same_id_that_is_no_Azurite_is_let_alone()
    {
        using var stranger = Process.Start(new ProcessStartInfo("node", ["-e", "setInterval(() => {}, 1000)"]))!;
        try
        {
            var state = new AzuriteState(stranger.Id, stranger.StartTime.ToUniversalTime().AddHours(-1), 1, 2, 3, [AzuriteOptions.DefaultAccount]);
            state.Write(_data.Path);

            await using var azurite = await StartAsync(_data);

            Assert.NotEqual(stranger.Id, azurite.ProcessId);
            Assert.False(stranger.HasExited);
        }
        finally
        {
            stranger.Kill();
        }
    }

    [Fact]
    public async Task Accounts_do_not_see_each_other()
    {
        await using var azurite = await AzuriteServer.StartAsync(
            new AzuriteOptions { InstallFolder = SelfHostSettings.AzuriteFolder, Accounts = ["one", "other"] }, _ => { }, CancellationToken.None);
        await new QueueClient(azurite.ConnectionString("one"), "queue").CreateAsync();

        Assert.True(await new QueueClient(azurite.ConnectionString("one"), "queue").ExistsAsync());
        Assert.False(await new QueueClient(azurite.ConnectionString("other"), "queue").ExistsAsync());
    }

    [Fact]
    public async Task One_that_nobody_asks_anything_of_ends_by_itself_and_keeps_its_data()
    {
        await using (var forgotten = await StartAsync(_data, idleLimit: TimeSpan.FromSeconds(3)))
        {
            await Container(forgotten).CreateAsync();
            using var process = Process.GetProcessById(forgotten.ProcessId);
            await Eventually.UntilAsync(() => process.HasExited, "the forgotten Azurite has ended");
        }

        await using var next = await StartAsync(_data);
        Assert.True(await Container(next).ExistsAsync());
    }

    private static Task<AzuriteServer> StartAsync(DataFolder data, TimeSpan? idleLimit = null) => AzuriteServer.StartAsync(
        new AzuriteOptions
        {
            InstallFolder = SelfHostSettings.AzuriteFolder,
            DataFolder = data.Path,
            IdleLimit = idleLimit ?? TimeSpan.FromMinutes(10),
        },
        _ => { },
        CancellationToken.None);

    private static BlobContainerClient Container(AzuriteServer azurite) => new(azurite.ConnectionString(), "kept");
}
