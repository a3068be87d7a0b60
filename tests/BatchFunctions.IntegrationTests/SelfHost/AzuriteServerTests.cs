using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using BatchFunctions.SelfHost.Azurite;
using BatchFunctions.SelfHost.Settings;
using BatchFunctions.Storage;
using Microsoft.Extensions.Configuration;

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
        Assert.Null(AzuriteState.Read(_data.Path));
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
    public async Task A_signal_to_it_does_not_take_storage_away_from_its_user()
    {
        await using var azurite = await StartAsync(_data);
        using var kill = Process.Start("sh", ["-c", $"kill -TERM {azurite.ProcessId}; kill -INT {azurite.ProcessId}"]);
        await kill.WaitForExitAsync();

        await Container(azurite).CreateAsync();

        Assert.True(await Container(azurite).ExistsAsync());
    }

    [Fact]
    public async Task A_second_service_on_the_folder_waits_for_the_first_to_let_go_of_it()
    {
        var first = await StartAsync(_data);
        await Container(first).CreateAsync();
        var waits = new TaskCompletionSource<string>();

        var starting = StartAsync(_data, said => waits.TrySetResult(said));
        Assert.Contains(_data.Path, await waits.Task, StringComparison.Ordinal);
        Assert.False(starting.IsCompleted);
        await first.DisposeAsync();

        await using var second = await starting;
        Assert.NotEqual(first.ProcessId, second.ProcessId);
        Assert.True(await Container(second).ExistsAsync());
    }

    [Fact]
    public async Task A_command_beside_the_service_uses_the_one_that_runs_and_leaves_it_running()
    {
        await using var service = await StartAsync(_data);
        await Container(service).CreateAsync();
        var settings = new ConfigurationBuilder().AddInMemoryCollection().Build();

        await using var own = await EmbeddedStorage.JoinIfNeededAsync(settings, _data.Path, _ => { }, CancellationToken.None);

        Assert.Null(own);
        Assert.Equal(service.ConnectionString(), settings[StorageClients.Connection]);
    }

    [Fact]
    public async Task What_a_killed_one_has_left_is_not_taken_for_one_that_runs()
    {
        // Its guard's port has been given to another program meanwhile.
        using var stranger = new TcpListener(IPAddress.Loopback, 0);
        stranger.Start();
        new AzuriteState("long gone", ((IPEndPoint)stranger.LocalEndpoint).Port, new AzuriteEndpoints(1, 2, 3)).Write(_data.Path);
        var accepted = stranger.AcceptTcpClientAsync();

        var starting = StartAsync(_data);
        (await accepted).Dispose();

        await using var azurite = await starting;
        await Container(azurite).CreateAsync();
    }

    [Fact]
    public async Task The_next_one_waits_until_the_one_of_a_killed_parent_has_written_its_data_out()
    {
        using var left = new TcpListener(IPAddress.Loopback, 0);
        left.Start();
        new AzuriteState("writing", ((IPEndPoint)left.LocalEndpoint).Port, Endpoints: null).Write(_data.Path);

        var starting = StartAsync(_data);
        for (var asked = 0; asked < 3; asked++)
        {
            using var asker = await left.AcceptTcpClientAsync();
            await asker.GetStream().WriteAsync("writing"u8.ToArray());
            Assert.False(starting.IsCompleted);
        }

        left.Stop();
        await using var azurite = await starting;
        Assert.NotEqual("writing", AzuriteState.Read(_data.Path)!.Id);
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

    private static Task<AzuriteServer> StartAsync(DataFolder data, Action<string>? say = null) => AzuriteServer.StartAsync(
        new AzuriteOptions { InstallFolder = SelfHostSettings.AzuriteFolder, DataFolder = data.Path },
        say ?? (_ => { }),
        CancellationToken.None);

    private static BlobContainerClient Container(AzuriteServer azurite) => new(azurite.ConnectionString(), "kept");
}
