using Azure.Core.Pipeline;
using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.Configuration;
using BatchFunctions.Files;
using BatchFunctions.Keys;
using BatchFunctions.Processing;
using BatchFunctions.Storage;
using BatchFunctions.Upstream;
using BatchFunctions.Wakeups;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace BatchFunctions;

/// <summary>The one registration list for both hosts.</summary>
public static class BatchFunctionsExtensions
{
    /// <summary>Adds the whole service: settings, stores, API handlers and queue jobs.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="configuration">Where the settings and the storage connection are read from.</param>
    /// <returns>The services.</returns>
    public static IServiceCollection AddBatchFunctions(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        services.AddOptions<BatchOptions>()
            .Bind(configuration.GetSection(BatchOptions.Section))
            .ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        return services.AddStores(configuration).AddUpstream().AddProcessing();
    }

    private static IServiceCollection AddStores(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(provider =>
            new StorageClients(configuration, provider.GetServices<HttpPipelinePolicy>()));
        services.TryAddSingleton<BatchStore>();
        services.TryAddSingleton<ActiveBatchStore>();
        services.TryAddSingleton<ChunkStore>();
        services.TryAddSingleton<FileStore>();
        services.TryAddSingleton<ExpiringStore>();
        services.TryAddSingleton<ApiKeyStore>();
        services.TryAddSingleton<WakeupStore>();
        services.TryAddSingleton<BatchQueues>();
        services.TryAddSingleton<BatchCreation>();
        services.TryAddSingleton<BatchCancellation>();
        return services;
    }

    private static IServiceCollection AddProcessing(this IServiceCollection services)
    {
        services.TryAddSingleton<ProtocolSteps>();
        services.TryAddSingleton<BatchBlobs>();
        services.TryAddSingleton<BatchWatch>();
        services.TryAddSingleton<ChunkInput>();
        services.TryAddSingleton<ChunkClosing>();
        services.TryAddSingleton<ChunkWork>();
        services.TryAddSingleton<BatchValidation>();
        services.TryAddSingleton<BatchAdvance>();
        services.TryAddSingleton<BatchFinish>();
        services.TryAddSingleton<BatchSweep>();
        services.TryAddSingleton<PoisonHandling>();
        services.TryAddSingleton(provider => new BatchJobs(
            provider.GetRequiredService<BatchValidation>(),
            provider.GetRequiredService<ChunkWork>(),
            provider.GetRequiredService<BatchAdvance>(),
            provider.GetRequiredService<BatchSweep>(),
            provider.GetRequiredService<PoisonHandling>(),
            provider.GetRequiredService<BatchQueues>()));
        return services;
    }
}
