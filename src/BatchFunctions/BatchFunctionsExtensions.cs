using Azure.Core;
using Azure.Core.Pipeline;
using BatchFunctions.ActiveBatches;
using BatchFunctions.Batches;
using BatchFunctions.Checks;
using BatchFunctions.Chunks;
using BatchFunctions.Configuration;
using BatchFunctions.Failures;
using BatchFunctions.Files;
using BatchFunctions.Fleet;
using BatchFunctions.Http;
using BatchFunctions.Idempotency;
using BatchFunctions.Keys;
using BatchFunctions.Limits;
using BatchFunctions.Memory;
using BatchFunctions.Metering;
using BatchFunctions.Models;
using BatchFunctions.OpenApi;
using BatchFunctions.Operators;
using BatchFunctions.Processing;
using BatchFunctions.Projects;
using BatchFunctions.Protocol;
using BatchFunctions.Receivers;
using BatchFunctions.Service;
using BatchFunctions.SignIn;
using BatchFunctions.Storage;
using BatchFunctions.Telemetry;
using BatchFunctions.Uploads;
using BatchFunctions.Upstream;
using BatchFunctions.Wakeups;
using BatchFunctions.Webhooks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace BatchFunctions;

/// <summary>Registers the service and maps its routes, for both hosts alike.</summary>
public static class BatchFunctionsExtensions
{
    /// <summary>Adds the whole service: settings, stores, API handlers and queue jobs.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="configuration">Where the settings and the storage connection are read from.</param>
    /// <param name="hostReportsRequests">Whether the host traces HTTP requests itself, as the Functions host does.</param>
    /// <returns>The services.</returns>
    public static IServiceCollection AddBatchFunctions(
        this IServiceCollection services, IConfiguration configuration, bool hostReportsRequests = false)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        services.AddOptions<BatchOptions>()
            .Bind(configuration.GetSection(BatchOptions.Section))
            .PostConfigure(options =>
            {
                UpstreamLists.AddTo(options, configuration.GetSection(BatchOptions.Section));
                if (options.Endpoints.Length == 0)
                {
                    options.Endpoints = [.. BatchEndpoints.Default];
                }
            })
            .ValidateOnStart();
        services.TryAddEnumerable(
            ServiceDescriptor.Singleton<IValidateOptions<BatchOptions>>(new BatchOptionsValidator(configuration)));
        services.TryAddSingleton(TimeProvider.System);
        services.Configure<KestrelServerOptions>(KestrelLimits.Raise);

        // At Information, ASP.NET Core logs the URL of each request, and with it a key that somebody put there by
        // mistake.
        services.AddLogging(logging => logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning));
        return services
            .AddTelemetry(configuration, "/" + ApiRoutes.Health, hostReportsRequests)
            .AddStores(configuration)
            .AddUpstream(UpstreamLists.NamesIn(configuration.GetSection(BatchOptions.Section)))
            .AddSignIn()
            .AddFiles()
            .AddUploads()
            .AddReceivers()
            .AddWebhooks()
            .AddProcessing()
            .AddChecks()
            .AddFailures()
            .AddMetering()
            .AddModels()
            .AddLimits()
            .AddOperators()
            .AddApi();
    }

    /// <summary>Adds a sweep when the process starts, which resumes what one before it has left: for hosts that handle the queues.</summary>
    /// <param name="services">The host's services.</param>
    /// <returns>The services.</returns>
    public static IServiceCollection AddSweepAtStart(this IServiceCollection services) => services.AddHostedService<StartupSweep>();

    /// <summary>Whether the settings name somewhere to send telemetry to.</summary>
    /// <param name="configuration">Where the settings are read from.</param>
    public static bool ExportsTelemetry(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return TelemetryServices.IsOn(configuration);
    }

    /// <summary>Maps every operation of <see cref="ApiOperations"/> to its handler, and everything else to the fallback.</summary>
    /// <param name="endpoints">The application's routes.</param>
    /// <returns>The routes.</returns>
    public static IEndpointRouteBuilder MapBatchApi(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        foreach (var operation in ApiOperations.All)
        {
            endpoints.MapMethods(operation.Route.Template, [operation.Route.Method], Answer(operation.HandlerOf(endpoints.ServiceProvider)));
        }

        var service = endpoints.ServiceProvider.GetRequiredService<ServiceApi>();
        endpoints.Map(ApiRoutes.Fallback, Answer((request, _, ct) => service.FallbackAsync(request, ct)));
        return endpoints;
    }

    /// <summary>
    /// A handler as routing calls it. Given any other delegate, routing would compile an expression for each operation at every start.
    /// </summary>
    private static RequestDelegate Answer(ApiHandler handler) => async context =>
    {
        var result = await handler(context.Request, context.GetRouteValue("id") as string ?? "", context.RequestAborted);
        await result.ExecuteAsync(context);
    };

    private static IServiceCollection AddStores(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(provider =>
            new StorageClients(
                configuration,
                provider.GetServices<HttpPipelinePolicy>(),
                provider.GetRequiredService<BatchMetrics>(),
                provider.GetService<Action<ClientOptions>>()));
        services.AddHostedService<StorageProvisioner>();
        services.AddHostedService<MemoryReturn>();
        services.TryAddSingleton<BatchStore>();
        services.TryAddSingleton<BatchSlices>();
        services.TryAddSingleton<BatchIndex>();
        services.TryAddSingleton<ActiveBatchStore>();
        services.TryAddSingleton<ChunkStore>();
        services.TryAddSingleton<FileStore>();
        services.TryAddSingleton<IdempotencyStore>();
        services.TryAddSingleton<IdempotentRequests>();
        services.TryAddSingleton<ExpiringStore>();
        services.TryAddSingleton(provider =>
            new ApiKeyStore(provider.GetRequiredService<StorageClients>().Tables, provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(provider => new ProjectStore(provider.GetRequiredService<StorageClients>().Tables));
        services.TryAddSingleton<ProjectReader>();
        services.TryAddSingleton<WakeupStore>();
        services.TryAddSingleton<ShareStore>();
        services.TryAddSingleton<FleetShares, LedgerFleetShares>();
        services.TryAddSingleton<QueueBell>();
        services.TryAddSingleton<AskedAdvances>();
        services.TryAddSingleton<BatchQueues>();
        services.TryAddSingleton<SweepWatch>();
        services.TryAddSingleton<QueueStates>();
        services.TryAddSingleton<BatchLooks>();
        services.TryAddSingleton<BatchQuota>();
        services.TryAddSingleton<BatchCreation>();
        services.TryAddSingleton<BatchRetry>();
        services.TryAddSingleton<BatchCancellation>();
        services.TryAddSingleton<BatchDeletion>();
        return services;
    }

    private static IServiceCollection AddProcessing(this IServiceCollection services)
    {
        services.TryAddSingleton<ProtocolSteps>();
        services.TryAddSingleton<InputBlobs>();
        services.TryAddSingleton<RetryInput>();
        services.TryAddSingleton<ResultBlobs>();
        services.TryAddSingleton<StagedBlobs>();
        services.TryAddSingleton<ResultFiles>();
        services.TryAddSingleton<BatchLeftovers>();
        services.TryAddSingleton<BatchInputs>();
        services.TryAddSingleton<BatchRemoval>();
        services.TryAddSingleton<ProjectErasure>();
        services.TryAddSingleton<RareLog>();
        services.TryAddSingleton<InputWatch>();
        services.TryAddSingleton<BatchWatch>();
        services.TryAddSingleton<ChunkTally>();
        services.TryAddSingleton<ResultBacklog>();
        services.TryAddSingleton<ChunkInput>();
        services.TryAddSingleton<ChunkClosing>();
        services.TryAddSingleton<ChunkRuns>();
        services.TryAddSingleton<ChunkFollowUp>();
        services.TryAddSingleton<ChunkWork>();
        services.TryAddSingleton<ChunkMessages>();
        services.TryAddSingleton<BatchValidation>();
        services.TryAddSingleton<BatchAdvance>();
        services.TryAddSingleton<WholeFiles>();
        services.TryAddSingleton<BatchClearing>();
        services.TryAddSingleton<BatchFinish>();
        services.TryAddSingleton<ChunkSweep>();
        services.TryAddSingleton<LastResort>();
        services.TryAddSingleton<ActiveBatchSweep>();
        services.TryAddSingleton<ActiveBatchPass>();
        services.TryAddSingleton<WaitingBatches>();
        services.TryAddSingleton<BatchSweep>();
        services.TryAddSingleton<SweepGuard>();
        services.TryAddSingleton<PoisonHandling>();
        services.TryAddSingleton<PoisonSweep>();
        services.TryAddSingleton<QueueGauges>();
        services.TryAddSingleton<Expiry>();
        services.TryAddSingleton<BatchIndexing>();
        services.TryAddSingleton(provider => new BatchJobs(
            provider.GetRequiredService<BatchValidation>(),
            provider.GetRequiredService<ChunkWork>(),
            provider.GetRequiredService<BatchAdvance>(),
            provider.GetRequiredService<BatchSweep>(),
            provider.GetRequiredService<DeliveryWork>(),
            provider.GetRequiredService<SweepGuard>(),
            provider.GetRequiredService<BatchQueues>(),
            provider.GetRequiredService<BatchMetrics>(),
            provider.GetRequiredService<RareLog>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<BatchJobs>>()));
        return services;
    }

    private static IServiceCollection AddApi(this IServiceCollection services)
    {
        services.TryAddSingleton<KeyRing>();
        services.TryAddSingleton<Callers>();
        services.TryAddSingleton<ApiGuard>();
        services.TryAddSingleton<BatchSearch>();
        services.TryAddSingleton<BatchList>();
        services.TryAddSingleton(provider => new BatchApi(
            provider.GetRequiredService<ApiGuard>(),
            provider.GetRequiredService<BatchStore>(),
            provider.GetRequiredService<BatchList>(),
            provider.GetRequiredService<BatchCreation>(),
            provider.GetRequiredService<BatchCancellation>(),
            provider.GetRequiredService<BatchRetry>(),
            provider.GetRequiredService<BatchDeletion>(),
            provider.GetRequiredService<IdempotentRequests>(),
            provider.GetRequiredService<UpstreamRegistry>(),
            provider.GetRequiredService<SweepWatch>(),
            provider.GetRequiredService<IOptions<BatchOptions>>(),
            provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<StorageHealth>();
        services.TryAddSingleton(provider => new ServiceApi(
            provider.GetRequiredService<ApiGuard>(),
            provider.GetRequiredService<StorageHealth>(),
            provider.GetRequiredService<UpstreamRegistry>(),
            provider.GetRequiredService<IOptions<BatchOptions>>()));
        return services;
    }
}
