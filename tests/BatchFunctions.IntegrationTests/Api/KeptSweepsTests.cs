using Azure.Data.Tables;
using Azure.Storage.Queues.Models;
using BatchFunctions.Batches;
using BatchFunctions.Ids;
using BatchFunctions.IntegrationTests.Files;
using BatchFunctions.Processing;
using BatchFunctions.Storage;

namespace BatchFunctions.IntegrationTests.Api;

/// <summary>Whoever asks for a batch that has not ended sees to it that sweeps go on: the worker may have died that had their message in hand.</summary>
public sealed class KeptSweepsTests
{
    private static readonly TimeSpan Lost = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData("/v1/batches")]
    [InlineData("/v1/batches/{0}")]
    [InlineData("/v1/batches/{0}/progress")]
    public async Task Sweeps_that_nobody_asks_for_any_more_go_on(string path)
    {
        await using var host = await FilesHost.StartAsync();
        var batch = await host.BatchReadingAsync(await host.UploadedAsync());
        await LoseSweepAsync(host);

        await AskAsync(host, path, batch);
        Assert.False(await IsAskedForAsync(host), "it has not been long");

        host.Time.Advance(Lost);
        await AskAsync(host, path, batch);
        Assert.True(await IsAskedForAsync(host));
    }

    [Fact]
    public async Task Whoever_sends_events_sees_to_it_too()
    {
        await using var host = await FilesHost.StartAsync();
        await host.BatchReadingAsync(await host.UploadedAsync());
        await LoseSweepAsync(host);
        var ofAnother = QueuesModelFactory.QueueMessage("1", "1", """{"v":1,"k":"deliver","t":"local","b":"batch_0","w":"delivery_0","n":1}""", dequeueCount: 1);

        await host.Service<BatchJobs>().StepAsync(ofAnother, CancellationToken.None);
        Assert.False(await IsAskedForAsync(host), "it has not been long");

        host.Time.Advance(Lost);
        await host.Service<BatchJobs>().StepAsync(ofAnother, CancellationToken.None);
        Assert.True(await IsAskedForAsync(host));
    }

    [Fact]
    public async Task A_sweep_that_is_on_its_way_is_left_alone_and_one_that_is_late_is_taken_over()
    {
        await using var host = await FilesHost.StartAsync();
        var batch = await host.BatchReadingAsync(await host.UploadedAsync());
        host.Time.Advance(Lost);
        var asked = await TicketAsync(host);

        await AskAsync(host, "/v1/batches/{0}", batch);
        Assert.Equal(asked, await TicketAsync(host));

        host.Time.Advance(Lost + TimeSpan.FromSeconds(1));
        await AskAsync(host, "/v1/batches/{0}", batch);
        Assert.NotEqual(asked, await TicketAsync(host));
    }

    [Fact]
    public async Task For_a_batch_that_has_ended_nobody_asks()
    {
        await using var host = await FilesHost.StartAsync();
        var batch = await host.BatchReadingAsync(await host.UploadedAsync());
        await host.Service<BatchStore>().MutateAsync(
            new BatchKey(host.Tenant, batch), current => current.Fail([BatchFailures.NoInput], host.Time.GetUtcNow()), CancellationToken.None);
        await LoseSweepAsync(host);
        host.Time.Advance(Lost);

        await AskAsync(host, "/v1/batches", batch);
        await AskAsync(host, "/v1/batches/{0}", batch);

        Assert.False(await IsAskedForAsync(host));
    }

    private static async Task AskAsync(FilesHost host, string path, string batch)
    {
        var answer = await host.GetAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, path, batch));
        Assert.Equal(200, (int)answer.Status);
    }

    /// <summary>Takes the sweep up, as one does who dies over it.</summary>
    private static async Task LoseSweepAsync(FilesHost host)
    {
        await Pending(host).DeleteEntityAsync("sweep", "sweep");
        await host.Storage.Queues.GetQueueClient(QueueNames.Steps).ClearMessagesAsync();
    }

    /// <summary>Whether a sweep is asked for, and has a message.</summary>
    private static async Task<bool> IsAskedForAsync(FilesHost host)
    {
        var isAsked = await TicketAsync(host) is not null;
        var properties = await host.Storage.Queues.GetQueueClient(QueueNames.Steps).GetPropertiesAsync();
        Assert.Equal(isAsked ? 1 : 0, properties.Value.ApproximateMessagesCount);
        return isAsked;
    }

    private static async Task<string?> TicketAsync(FilesHost host) =>
        await Pending(host).GetEntityIfExistsAsync<TableEntity>("sweep", "sweep") is { HasValue: true, Value: { } row } ? row.ETag.ToString() : null;

    private static TableClient Pending(FilesHost host) => host.Storage.Tables.GetTableClient(TableNames.Pending);
}
