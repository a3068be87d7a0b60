using System.Net.Http.Headers;
using Azure.Identity;
using BatchFunctions.Capacity;
using BatchFunctions.Configuration;
using BatchFunctions.Memory;
using BatchFunctions.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Upstream;

/// <summary>Registers what sends lines to the upstream.</summary>
internal static class UpstreamServices
{
    private static readonly TimeSpan LongestConnect = TimeSpan.FromSeconds(10);

    /// <summary>Adds <see cref="UpstreamClient"/> and <see cref="UpstreamGate"/>, one of each for the process.</summary>
    public static IServiceCollection AddUpstream(this IServiceCollection services)
    {
        services.AddLogging();
        services.AddMetrics();
        services.TryAddSingleton<BatchMetrics>();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<BatchOptions>, UpstreamOptionsValidator>());
        services.TryAddSingleton(MemoryOf);
        services.TryAddSingleton<UpstreamConnection>();
        services.TryAddSingleton<UpstreamClient>();
        services.TryAddSingleton<UpstreamRecord>();
        services.TryAddSingleton<UpstreamBreaker>();
        services.TryAddSingleton<FlightRecord>();
        services.TryAddSingleton(GateOf);
        services.TryAddSingleton(static services => ActivatorUtilities.CreateInstance<UpstreamTokens>(services, IdentityOf(services)));

        // The factory's own loggers would write two records an attempt, and at Trace every header.
        services.AddHttpClient(UpstreamConnection.HttpClientName, ConfigureClient)
            .UseSocketsHttpHandler(ConfigureHandler)
            .ConfigureAdditionalHttpMessageHandlers(AddSignIn)
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan)
            .RemoveAllLoggers();
        return services;
    }

    private static ByteBudget MemoryOf(IServiceProvider services)
    {
        var setting = services.GetRequiredService<IOptions<BatchOptions>>().Value.MemoryBytes;
        var budget = new ByteBudget(ProcessMemory.BudgetOf(setting, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes));
        services.GetRequiredService<BatchMetrics>().WatchMemory(() => budget.Used, () => budget.Waiting);
        return budget;
    }

    private static UpstreamGate GateOf(IServiceProvider services)
    {
        var gate = ActivatorUtilities.CreateInstance<UpstreamGate>(services);
        services.GetRequiredService<BatchMetrics>().WatchUpstream(gate.Read);
        return gate;
    }

    private static void ConfigureClient(IServiceProvider services, HttpClient client)
    {
        var options = OptionsOf(services);

        // Each attempt has a limit of its own, which is told apart from a cancellation.
        client.Timeout = Timeout.InfiniteTimeSpan;
        client.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        client.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("BatchFunctions", Version()));
        UpstreamHeaders.AddTo(client.DefaultRequestHeaders, options);
    }

    private static void AddSignIn(IList<DelegatingHandler> handlers, IServiceProvider services)
    {
        if (OptionsOf(services).Credential is not null)
        {
#pragma warning disable CA2000 // The client's chain of handlers owns it, and disposes of it.
            handlers.Add(new UpstreamSignIn(services.GetRequiredService<UpstreamTokens>()));
#pragma warning restore CA2000
        }
    }

    private static ManagedIdentityCredential IdentityOf(IServiceProvider services)
    {
        var identity = OptionsOf(services).ClientId is { Length: > 0 } clientId
            ? ManagedIdentityId.FromUserAssignedClientId(clientId)
            : ManagedIdentityId.SystemAssigned;
        return new ManagedIdentityCredential(new ManagedIdentityCredentialOptions(identity));
    }

    private static void ConfigureHandler(SocketsHttpHandler handler, IServiceProvider services)
    {
        var options = OptionsOf(services);
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

    private static UpstreamOptions OptionsOf(IServiceProvider services) =>
        services.GetRequiredService<IOptions<BatchOptions>>().Value.Upstream;

    private static string Version() => typeof(UpstreamServices).Assembly.GetName().Version?.ToString(3) ?? "0";

    private static TimeSpan Shorter(TimeSpan left, TimeSpan right) => left < right ? left : right;
}
