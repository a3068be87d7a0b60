using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Azure.Core;
using Azure.Core.Pipeline;
using BatchFunctions.Ids;
using BatchFunctions.Service;
using BatchFunctions.Testing;
using BatchFunctions.Upstream;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace BatchFunctions.IntegrationTests.Api;

/// <summary>What <c>/healthz</c> answers, and what it costs storage, whoever asks and however they leave.</summary>
public sealed class HealthTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _time = new();
    private readonly HeldStorage _storage = new();
    private ApiDriver _api = null!;

    public async Task InitializeAsync()
    {
        _api = await ApiDriver.StartAsync(
            TestStorage.NewStrictAccount(),
            configure: services => services.AddSingleton<TimeProvider>(_time).AddSingleton<HttpPipelinePolicy>(_storage));
        _storage.Hold();
    }

    public async Task DisposeAsync()
    {
        _storage.Release();
        await _api.DisposeAsync();
    }

    [Fact]
    public async Task Those_who_ask_and_go_away_cost_one_query_together()
    {
        for (var i = 0; i < 50; i++)
        {
            using var gone = new CancellationTokenSource();
            var asked = AskAsync(gone.Token);
            await QueriesAsync(1);
            await gone.CancelAsync();
            await asked;
        }

        _storage.Release();
        Assert.Equal(HttpStatusCode.OK, await StatusAsync());
        Assert.Equal(1, _storage.Queries);
    }

    [Fact]
    public async Task Those_who_ask_at_once_share_a_query()
    {
        var asked = Enumerable.Range(0, 20).Select(_ => StatusAsync()).ToList();
        await QueriesAsync(1);
        _storage.Release();
        Assert.All(await Task.WhenAll(asked), status => Assert.Equal(HttpStatusCode.OK, status));
        Assert.Equal(1, _storage.Queries);
    }

    [Fact]
    public async Task An_answer_holds_for_a_while()
    {
        _storage.Release();
        Assert.Equal(HttpStatusCode.OK, await StatusAsync());
        _time.Advance(StorageHealth.Age - TimeSpan.FromMilliseconds(1));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync());
        Assert.Equal(1, _storage.Queries);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync());
        Assert.Equal(2, _storage.Queries);
    }

    [Fact]
    public async Task Storage_that_does_not_answer_in_time_is_not_healthy()
    {
        var asked = StatusAsync();
        await QueriesAsync(1);
        _time.Advance(StorageHealth.Limit);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await asked);
        _storage.Release();
        _time.Advance(StorageHealth.Age);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync());
    }

    [Fact]
    public async Task An_upstream_that_is_away_is_told_and_is_no_fault_of_the_service()
    {
        _storage.Release();
        Assert.Equal("unknown", (await UpstreamAsync()).GetProperty("status").GetString());

        // Nothing listens where this service sends lines.
        using var shutdown = new CancellationTokenSource();
        var client = _api.Get<UpstreamClient>();
        using var memory = await client.TakeMemoryAsync(2, shutdown.Token);
        using var turn = client.Join(new BatchAtGate(new BatchKey("local", "batch"), null, DateTimeOffset.MaxValue), 0, 1, 1, new SendingLease(DateTimeOffset.MaxValue, _time));
        var route = _api.Get<UpstreamRegistry>().RouteOf("any")!;
        var (place, _) = await client.EnterAsync(turn, route, default, shutdown.Token);
        var sending = client.SendAsync(new UpstreamRequest(default, "/v1/chat/completions", "{}"u8.ToArray(), memory, route), turn, place!, drain: default, shutdown.Token);
        await Eventually.UntilAsync(() => route.Targets[0].Upstream.Gate.Condition.AwaySince is not null, "the upstream is found to be away");

        var upstream = await UpstreamAsync();
        Assert.Equal("away", upstream.GetProperty("status").GetString());
        Assert.Equal("unreachable", upstream.GetProperty("reason").GetString());
        Assert.Equal(_time.GetUtcNow().ToUnixTimeSeconds(), upstream.GetProperty("away_since").GetInt64());
        await shutdown.CancelAsync();
        await Assert.ThrowsAsync<UpstreamCancelledException>(() => sending);
    }

    private async Task<JsonElement> UpstreamAsync() =>
        (await _api.Client.GetFromJsonAsync<JsonElement>(new Uri("/healthz", UriKind.Relative))).GetProperty("upstream");

    /// <summary>Asks as a host does for a client whose going away fires the token.</summary>
    private Task<IResult> AskAsync(CancellationToken gone) =>
        _api.Get<ServiceApi>().HealthAsync(new DefaultHttpContext { RequestAborted = gone }.Request, gone);

    private async Task<HttpStatusCode> StatusAsync()
    {
        using var response = await _api.Client.GetAsync(new Uri("/healthz", UriKind.Relative));
        return response.StatusCode;
    }

    private Task QueriesAsync(int count) =>
        Eventually.UntilAsync(() => _storage.Queries >= count, "storage is asked");

    /// <summary>Counts the queries of tables, and lets them wait until they are released.</summary>
    private sealed class HeldStorage : HttpPipelinePolicy
    {
        private volatile TaskCompletionSource _released = Released();
        private int _queries;

        public int Queries => Volatile.Read(ref _queries);

        public void Hold()
        {
            _queries = 0;
            _released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        public void Release() => _released.TrySetResult();

        public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
        {
            if (message.Request.Method == RequestMethod.Get)
            {
                Interlocked.Increment(ref _queries);
                await _released.Task.WaitAsync(message.CancellationToken);
            }

            await ProcessNextAsync(message, pipeline);
        }

        public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) =>
            throw new NotSupportedException("All calls are asynchronous.");

        private static TaskCompletionSource Released()
        {
            var released = new TaskCompletionSource();
            released.SetResult();
            return released;
        }
    }
}
