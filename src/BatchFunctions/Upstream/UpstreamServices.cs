using System.Net.Http.Headers;
using Azure.Identity;
using BatchFunctions.Capacity;
using BatchFunctions.Configuration;
using BatchFunctions.Fleet;
using BatchFunctions.Memory;
using BatchFunctions.Routing;
using BatchFunctions.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Upstream;

/// <summary>Registers what sends lines to the upstreams.</summary>
internal static class UpstreamServices
{
    private static readonly TimeSpan LongestConnect = TimeSpan.FromSeconds(10);

    /// <summary>Adds <see cref="UpstreamClient"/> and <see cref="UpstreamRegistry"/>, one of each for the process.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="names">The names of the upstreams that have one: each has an HTTP client of its own.</param>
    public static IServiceCollection AddUpstream(this IServiceCollection services, params IEnumerable<string> names)
    {
        services.AddLogging();
        services.AddMetrics();
        services.TryAddSingleton<BatchMetrics>();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<BatchOptions>, UpstreamOptionsValidator>());
        services.TryAddSingleton(MemoryOf);
        services.TryAddSingleton(RegistryOf);
        services.TryAddSingleton<UpstreamClient>();
        services.AddClient(UpstreamSettings.DefaultName);
        foreach (var name in names.Select(static name => UpstreamSettings.Of(name, new UpstreamOptions()).Name).Where(static name => name != UpstreamSettings.DefaultName))
        {
            services.AddClient(name);
        }

        return services;
    }

    // The factory's own loggers would write two records an attempt, and at Trace every header.
    private static void AddClient(this IServiceCollection services, string upstream) =>
        services.AddHttpClient(UpstreamConnection.HttpClientNameOf(upstream), (services, client) => ConfigureClient(OptionsOf(services, upstream), client))
            .UseSocketsHttpHandler((handler, services) => ConfigureHandler(handler, OptionsOf(services, upstream)))
            .ConfigureAdditionalHttpMessageHandlers((handlers, services) => AddSignIn(handlers, services, OptionsOf(services, upstream)))
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan)
            .RemoveAllLoggers();

    private static ByteBudget MemoryOf(IServiceProvider services)
    {
        var setting = services.GetRequiredService<IOptions<BatchOptions>>().Value.MemoryBytes;
        var budget = new ByteBudget(ProcessMemory.BudgetOf(setting, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes));
        services.GetRequiredService<BatchMetrics>().WatchMemory(() => budget.Used, () => budget.Waiting);
        return budget;
    }

    private static UpstreamRegistry RegistryOf(IServiceProvider services) => new(
    [
        .. services.GetRequiredService<IOptions<BatchOptions>>().Value.AllUpstreams
            .Select((settings, index) => EntryOf(services, settings, index)),
    ]);

    private static UpstreamEntry EntryOf(IServiceProvider services, UpstreamSettings settings, int index)
    {
        var record = new UpstreamRecord();
        var flight = ActivatorUtilities.CreateInstance<FlightRecord>(services);
        var fleet = services.GetRequiredService<FleetShares>().Of(settings, flight);
        var breaker = ActivatorUtilities.CreateInstance<UpstreamBreaker>(services, record, settings);
        var time = services.GetRequiredService<TimeProvider>();
#pragma warning disable CA2000 // The registry owns it, and disposes of it.
        var gate = new UpstreamGate(index, breaker, fleet, flight, settings.Options, time, services.GetRequiredService<ILogger<UpstreamGate>>());
#pragma warning restore CA2000
        services.GetRequiredService<BatchMetrics>().WatchUpstream(settings.Name, gate.Read);
        return new UpstreamEntry(
            index,
            settings,
            ServedModels.Of(settings.Options),
            ActivatorUtilities.CreateInstance<UpstreamConnection>(services, settings),
            record,
            new Verdicts(settings.Options, record, time, services.GetService<Random>()),
            gate);
    }

    private static void ConfigureClient(UpstreamOptions options, HttpClient client)
    {
        // Each attempt has a limit of its own, which is told apart from a cancellation.
        client.Timeout = Timeout.InfiniteTimeSpan;
        client.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        client.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("BatchFunctions", Version()));
        UpstreamHeaders.AddTo(client.DefaultRequestHeaders, options);
    }

    private static void AddSignIn(IList<DelegatingHandler> handlers, IServiceProvider services, UpstreamOptions options)
    {
        if (options.Credential is not null)
        {
#pragma warning disable CA2000 // The client's chain of handlers owns it, and disposes of it.
            handlers.Add(new UpstreamSignIn(ActivatorUtilities.CreateInstance<UpstreamTokens>(services, IdentityOf(options), options)));
#pragma warning restore CA2000
        }
    }

    private static ManagedIdentityCredential IdentityOf(UpstreamOptions options)
    {
        var identity = options.ClientId is { Length: > 0 } clientId
            ? ManagedIdentityId.FromUserAssignedClientId(clientId)
            : ManagedIdentityId.SystemAssigned;
        return new ManagedIdentityCredential(new ManagedIdentityCredentialOptions(identity));
    }

    private static void ConfigureHandler(SocketsHttpHandler handler, UpstreamOptions options)
    {
        handler.AllowAutoRedirect = false;
        handler.UseCookies = false;

        // An environment's proxy is meant for the way out, and the upstream is named by its address.
        handler.UseProxy = false;

        // The gate bounds the lines in flight. A connection that is still closing must not hold up the next line.
        handler.MaxConnectionsPerServer = (options.FixedConcurrency ?? AutoLimit.MostLines) * 2;

        // A changed DNS entry is seen within this time.
        handler.PooledConnectionLifetime = TimeSpan.FromMinutes(5);

        // uvicorn, which vLLM runs on, closes an idle connection after five seconds. One that is closed while a line
        // is being written to it would cost that line an attempt.
        handler.PooledConnectionIdleTimeout = TimeSpan.FromSeconds(4);

        // Less than an attempt's limit, so that a host that swallows packets is seen to be unreachable, and not slow.
        handler.ConnectTimeout = Shorter(LongestConnect, options.Timeout / 2);
    }

    private static UpstreamOptions OptionsOf(IServiceProvider services, string upstream) =>
        services.GetRequiredService<IOptions<BatchOptions>>().Value.AllUpstreams.First(one => one.Name == upstream).Options;

    private static string Version() => typeof(UpstreamServices).Assembly.GetName().Version?.ToString(3) ?? "0";

    private static TimeSpan Shorter(TimeSpan left, TimeSpan right) => left < right ? left : right;
}
