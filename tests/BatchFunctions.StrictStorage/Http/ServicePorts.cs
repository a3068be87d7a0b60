using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace BatchFunctions.StrictStorage.Http;

/// <summary>A port on loopback for each of storage's services, as an emulator has them.</summary>
/// <typeparam name="TService">What tells the services apart.</typeparam>
public sealed class ServicePorts<TService> : IAsyncDisposable
    where TService : notnull
{
    private readonly IReadOnlyList<TService> _services;
    private readonly Dictionary<int, TService> _serviceByPort = [];
    private readonly WebApplication _app;

    /// <summary>Makes them; they are open once <see cref="StartAsync"/> has returned.</summary>
    /// <param name="services">The services.</param>
    /// <param name="answer">Answers a request to one of them.</param>
    public ServicePorts(IReadOnlyList<TService> services, Func<HttpContext, TService, Task> answer)
    {
        _services = services;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            foreach (var _ in services)
            {
                kestrel.Listen(IPAddress.Loopback, 0);
            }

            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.AddServerHeader = false;
        });
        _app = builder.Build();
        _app.Run(context => answer(context, _serviceByPort[context.Connection.LocalPort]));
    }

    /// <summary>Opens them.</summary>
    public async Task StartAsync()
    {
        await _app.StartAsync();
        foreach (var (service, url) in _services.Zip(_app.Urls))
        {
            _serviceByPort[new Uri(url).Port] = service;
        }
    }

    /// <summary>The port of a service.</summary>
    public int PortOf(TService service) => _serviceByPort.Single(port => port.Value.Equals(service)).Key;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
    }
}
