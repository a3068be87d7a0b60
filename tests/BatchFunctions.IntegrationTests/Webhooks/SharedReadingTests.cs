using BatchFunctions.IntegrationTests.Api;
using BatchFunctions.Storage;
using BatchFunctions.Webhooks;
using Microsoft.Extensions.Time.Testing;

namespace BatchFunctions.IntegrationTests.Webhooks;

/// <summary>Batches that end in the same moment share a look at who wants to be told, and miss nobody by it.</summary>
public sealed class SharedReadingTests : IAsyncLifetime
{
    private const string Tenant = "local";

    private readonly FakeTimeProvider _time = new();
    private ApiDriver _api = null!;
    private WebhookStore _here = null!;
    private WebhookStore _elsewhere = null!;

    public async Task InitializeAsync()
    {
        _api = await ApiDriver.StartAsync(TestStorage.NewStrictAccount());
        _here = new WebhookStore(_api.Get<StorageClients>(), _time);
        _elsewhere = new WebhookStore(_api.Get<StorageClients>(), _time);
    }

    public async Task DisposeAsync()
    {
        _here.Dispose();
        _elsewhere.Dispose();
        await _api.DisposeAsync();
    }

    [Fact]
    public async Task A_reading_is_shared_by_batches_that_were_there_before_it_for_a_second()
    {
        var before = _time.GetTimestamp();
        Assert.Empty(await _here.ListSinceAsync(Tenant, before, default));
        await InsertAsync(_elsewhere);
        Assert.Empty(await _here.ListSinceAsync(Tenant, before, default));

        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Single(await _here.ListSinceAsync(Tenant, before, default));
    }

    [Fact]
    public async Task A_batch_that_came_after_a_reading_finds_what_another_process_has_made_before_it()
    {
        Assert.Empty(await _here.ListSinceAsync(Tenant, _time.GetTimestamp(), default));
        await InsertAsync(_elsewhere);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Single(await _here.ListSinceAsync(Tenant, _time.GetTimestamp(), default));
    }

    [Fact]
    public async Task What_this_process_has_made_is_found_at_once()
    {
        var before = _time.GetTimestamp();
        Assert.Empty(await _here.ListSinceAsync(Tenant, before, default));
        await InsertAsync(_here);
        Assert.Single(await _here.ListSinceAsync(Tenant, before, default));
    }

    private static Task<Webhook> InsertAsync(WebhookStore store) => store.InsertAsync(
        new Webhook
        {
            Tenant = Tenant,
            Id = Ids.IdKind.Webhook.New(DateTimeOffset.UtcNow),
            Url = "https://example.com/events",
            Secret = "whsec_c2VjcmV0",
            Events = [EventTypes.All[0]],
        },
        default);
}
