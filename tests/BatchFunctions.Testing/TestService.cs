using Azure.Core;
using BatchFunctions.Storage;
using BatchFunctions.StrictStorage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace BatchFunctions.Testing;

/// <summary>The service in the test's own process, registered as both hosts register it; nothing takes messages from its queues.</summary>
public static class TestService
{
    /// <summary>Where nothing listens: the upstream of a service that is to send no line.</summary>
    private static readonly Uri NoUpstream = new("http://127.0.0.1:1");

    /// <summary>The settings that it cannot do without, and others.</summary>
    /// <param name="connection">The connection string of a storage account; a <see cref="StorageAccount"/>'s own is reached in this process.</param>
    /// <param name="upstream">Where lines go; null where none is sent.</param>
    /// <param name="others">Settings beside these, or in their place.</param>
    public static Dictionary<string, string?> Settings(
        string connection, Uri? upstream = null, IEnumerable<KeyValuePair<string, string?>>? others = null)
    {
        var settings = new Dictionary<string, string?>
        {
            [StorageClients.Connection] = connection,
            ["Batch:Upstream:BaseUrl"] = (upstream ?? NoUpstream).ToString(),
        };
        foreach (var (name, value) in others ?? [])
        {
            settings[name] = value;
        }

        return settings;
    }

    /// <summary>Settings as a host reads them.</summary>
    public static IConfiguration Configuration(IEnumerable<KeyValuePair<string, string?>> settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings).Build();

    /// <summary>What makes storage's clients reach a <see cref="StorageAccount"/> of this process; null where they reach another by sockets.</summary>
    /// <param name="connection">The account's connection string.</param>
    public static Action<ClientOptions>? WayTo(string connection) => StorageAccount.Find(connection) is { } account
        ? options => options.Transport = account.Transport
        : null;

    /// <summary>Has the service's clients reach a <see cref="StorageAccount"/> of this process, if the connection string is of one.</summary>
    public static IServiceCollection AddWayTo(this IServiceCollection services, string connection) =>
        WayTo(connection) is { } way ? services.AddSingleton(way) : services;

    /// <summary>Builds it without a server, and creates its tables, queues and containers.</summary>
    /// <param name="settings">Its settings.</param>
    /// <param name="configure">Registers what the test needs before the service registers the rest.</param>
    public static async Task<ServiceProvider> BuildAsync(
        IReadOnlyDictionary<string, string?> settings, Action<IServiceCollection>? configure = null)
    {
        var services = new ServiceCollection();
        Register(services, Configuration(settings), configure);
        var provider = services.BuildServiceProvider();
        await provider.GetRequiredService<StorageClients>().CreateAllAsync(CancellationToken.None);
        return provider;
    }

    /// <summary>Starts it with its API on a free loopback port.</summary>
    /// <param name="settings">Its settings.</param>
    /// <param name="configure">Registers what the test needs before the service registers the rest.</param>
    public static async Task<WebApplication> ServeAsync(
        IReadOnlyDictionary<string, string?> settings, Action<IServiceCollection>? configure = null)
    {
        // An empty builder reads no environment variables, no settings files and writes no logs.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Configuration.AddInMemoryCollection(settings);
        builder.Services.AddRouting();
        Register(builder.Services, builder.Configuration, configure);
        var app = builder.Build();
        app.UseRouting();
        app.MapBatchApi();
        await app.StartAsync();
        return app;
    }

    private static void Register(IServiceCollection services, IConfiguration configuration, Action<IServiceCollection>? configure)
    {
        services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Debug));
        services.AddWayTo(configuration[StorageClients.Connection]!);
        configure?.Invoke(services);
        services.AddBatchFunctions(configuration);
    }
}
