using BatchFunctions.Keys;
using BatchFunctions.SelfHost;
using BatchFunctions.SelfHost.Echo;
using BatchFunctions.Storage;
using BatchFunctions.StrictStorage;
using BatchFunctions.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace BatchFunctions.IntegrationTests.Clients;

/// <summary>The whole service with its queue pumps and the echo upstream, over a strict storage unless its settings name another, for clients that know nothing of it.</summary>
internal sealed class ServiceDriver : IAsyncDisposable
{
    private const string Anywhere = "http://127.0.0.1:0";

    private readonly WebApplication _app;
    private readonly string _storage;
    private readonly EchoUpstream _upstream;

    private ServiceDriver(WebApplication app, string storage, EchoUpstream upstream, string key)
    {
        _app = app;
        _storage = storage;
        _upstream = upstream;
        Key = key;
    }

    public string Key { get; }

    public Uri Endpoint => new(new Uri(_app.Urls.First()), "/v1");

    /// <summary>Where Prometheus finds <c>/metrics</c>, if it was started with that.</summary>
    public Uri Metrics => new(_app.Urls.Last());

    public static Task<ServiceDriver> StartAsync(
        IReadOnlyDictionary<string, string?>? settings = null, Action<IServiceCollection>? configure = null) =>
        StartAsync(settings, configure, metricsUrl: null);

    public static Task<ServiceDriver> StartWithMetricsAsync() => StartAsync(null, null, Anywhere);

    private static async Task<ServiceDriver> StartAsync(
        IReadOnlyDictionary<string, string?>? settings, Action<IServiceCollection>? configure, string? metricsUrl)
    {
        var upstream = await EchoUpstream.StartAsync(CancellationToken.None);
        var storage = TestStorage.NewStrictAccount();
        var all = TestService.Configuration(TestService.Settings(storage, upstream.Address, settings));
        var app = SelfHostApp.Build(
            all,
            Anywhere,
            services =>
            {
                services.AddWayTo(all[StorageClients.Connection]!);
                configure?.Invoke(services);
            },
            metricsUrl);
        await app.StartAsync();
        var key = await app.Services.GetRequiredService<ApiKeyStore>().CreateAsync("clients", "test", CancellationToken.None);
        return new ServiceDriver(app, storage, upstream, key.Key);
    }

    public T Get<T>()
        where T : notnull => _app.Services.GetRequiredService<T>();

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        await _upstream.DisposeAsync();
        StorageAccount.Withdraw(_storage);
    }
}
