using BatchFunctions.Keys;
using BatchFunctions.SelfHost;
using BatchFunctions.SelfHost.Echo;
using BatchFunctions.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace BatchFunctions.IntegrationTests.Clients;

/// <summary>The whole service with its queue pumps and the echo upstream, for clients that know nothing of it.</summary>
internal sealed class ServiceDriver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly EchoUpstream _upstream;

    private ServiceDriver(WebApplication app, EchoUpstream upstream, string key)
    {
        _app = app;
        _upstream = upstream;
        Key = key;
    }

    public string Key { get; }

    public Uri Endpoint => new(new Uri(_app.Urls.Single()), "/v1");

    public static async Task<ServiceDriver> StartAsync(
        IReadOnlyDictionary<string, string?>? settings = null, Action<IServiceCollection>? configure = null)
    {
        var upstream = await EchoUpstream.StartAsync(CancellationToken.None);
        var all = TestService.Configuration(TestService.Settings(TestStorage.NewAccount(), upstream.Address, settings));
        var app = SelfHostApp.Build(all, "http://127.0.0.1:0", configure);
        await app.StartAsync();
        var key = await app.Services.GetRequiredService<ApiKeyStore>().CreateAsync("clients", "test", CancellationToken.None);
        return new ServiceDriver(app, upstream, key.Key);
    }

    public T Get<T>()
        where T : notnull => _app.Services.GetRequiredService<T>();

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        await _upstream.DisposeAsync();
    }
}
