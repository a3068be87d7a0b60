using System.Security.Cryptography;
using System.Text;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Data.Tables;
using BatchFunctions.Http;
using BatchFunctions.Keys;
using BatchFunctions.Storage;
using BatchFunctions.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace BatchFunctions.IntegrationTests.Api;

/// <summary>What was never a key costs no storage, and what was a key before is one still.</summary>
public sealed class UnknownKeyTests : IAsyncLifetime
{
    private const string Characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    private const string Reads = "GET " + TableNames.ApiKeys;

    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly KeyReads _reads = new();
    private ApiDriver _api = null!;

    public async Task InitializeAsync()
    {
        _api = await ApiDriver.StartAsync(TestStorage.NewStrictAccount(), configure: services =>
        {
            services.AddSingleton<TimeProvider>(_time);
            services.AddSingleton<HttpPipelinePolicy>(_reads);
        });
        _api.Storage.Requests.Clear();
    }

    public async Task DisposeAsync() => await _api.DisposeAsync();

    [Fact]
    public async Task Ten_thousand_in_the_form_of_before_share_a_listing()
    {
        await Parallel.ForAsync(0, 10_000, async (_, _) => await AssertRefusedAsync(OldKey()));
        Assert.Equal(1, _api.Storage.Requests[Reads]);

        _time.Advance(OldKeys.Age);
        await Parallel.ForAsync(0, 100, async (_, _) => await AssertRefusedAsync(OldKey()));
        Assert.Equal(2, _api.Storage.Requests[Reads]);
    }

    [Fact]
    public async Task Ten_thousand_with_a_wrong_checksum_cost_nothing()
    {
        await Parallel.ForAsync(0, 10_000, async (_, _) => await AssertRefusedAsync(OldKey() + RandomNumberGenerator.GetString(Characters, 6)));

        Assert.Empty(_api.Storage.Requests);
    }

    [Fact]
    public async Task One_with_the_right_checksum_is_read_once()
    {
        var key = KeyForm.New();

        await Parallel.ForAsync(0, 100, async (_, _) => await AssertRefusedAsync(key));

        // As many as were under way before the first had its answer.
        Assert.InRange(_api.Storage.Requests[Reads], 1, KeyRing.ReadsAtOnce);
        _api.Storage.Requests.Clear();
        await AssertRefusedAsync(key);
        Assert.Empty(_api.Storage.Requests);
    }

    [Fact]
    public async Task Few_unknown_ones_are_read_at_once_and_one_that_was_good_does_not_wait_behind_them()
    {
        var good = (await _api.Get<ApiKeyStore>().CreateAsync("local", "test", default)).Key;
        Assert.Equal("local", await AskAsync(good));
        _time.Advance(KeyRing.RememberedFor);
        _reads.Hold();

        var unknown = Task.WhenAll(Enumerable.Range(0, 40).Select(_ => AssertRefusedAsync(KeyForm.New())));
        await UnderWayAsync(KeyRing.ReadsAtOnce);
        var known = AskAsync(good);
        await UnderWayAsync(KeyRing.ReadsAtOnce + 1);
        _reads.Release();

        Assert.Equal("local", await known);
        await unknown;
        Assert.Equal(KeyRing.ReadsAtOnce + 1, _reads.Most);
    }

    [Fact]
    public async Task A_key_that_was_made_before_checksums_works_until_it_is_revoked()
    {
        var key = OldKey();
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(key)));
        await _api.Get<StorageClients>().Tables.GetTableClient(TableNames.ApiKeys).AddEntityAsync(new TableEntity("key", hash)
        {
            ["Project"] = "before",
            ["Name"] = "old",
            ["CreatedAt"] = _time.GetUtcNow(),
            ["Version"] = 1,
        });

        Assert.Equal("before", await AskAsync(key));
        Assert.True(await _api.Get<ApiKeyStore>().RevokeAsync("key_" + hash[..16], default));
        _time.Advance(KeyRing.RememberedFor);
        await AssertRefusedAsync(key);
    }

    [Fact]
    public async Task A_key_that_another_process_makes_works_at_once()
    {
        await AssertRefusedAsync(KeyForm.New());
        var elsewhere = new ApiKeyStore(_api.Get<StorageClients>().Tables, TimeProvider.System);

        Assert.Equal("new", await AskAsync((await elsewhere.CreateAsync("new", "test", default)).Key));
    }

    private static string OldKey() => "sk-" + RandomNumberGenerator.GetString(Characters, 48);

    private Task UnderWayAsync(int reads) => Eventually.UntilAsync(
        () => Task.FromResult(_reads.UnderWay == reads), TimeSpan.FromSeconds(30), $"{reads} reads are under way");

    /// <summary>The project that a key opens.</summary>
    private async Task<string> AskAsync(string key)
    {
        var context = new DefaultHttpContext();
        context.Request.Headers.Authorization = $"Bearer {key}";
        return (await _api.Get<Callers>().AuthenticateAsync(context.Request, default)).Tenant;
    }

    private async Task AssertRefusedAsync(string key)
    {
        var error = await Assert.ThrowsAsync<ApiException>(() => AskAsync(key));
        Assert.Equal(ApiError.WrongKey, error.Error);
    }

    /// <summary>Counts the reads of keys that are under way, and holds them.</summary>
    private sealed class KeyReads : HttpPipelinePolicy
    {
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Lock _lock = new();
        private volatile bool _holds;

        public int UnderWay { get; private set; }

        public int Most { get; private set; }

        public void Hold() => _holds = true;

        public void Release() => _released.TrySetResult();

        public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
        {
            if (!_holds)
            {
                await ProcessNextAsync(message, pipeline);
                return;
            }

            Count(1);
            try
            {
                await _released.Task;
                await ProcessNextAsync(message, pipeline);
            }
            finally
            {
                Count(-1);
            }
        }

        public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) =>
            throw new NotSupportedException("All calls are asynchronous.");

        private void Count(int change)
        {
            lock (_lock)
            {
                UnderWay += change;
                Most = Math.Max(Most, UnderWay);
            }
        }
    }
}
