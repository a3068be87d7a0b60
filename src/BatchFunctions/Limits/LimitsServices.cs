using BatchFunctions.ActiveBatches;
using BatchFunctions.Configuration;
using BatchFunctions.Files;
using BatchFunctions.Http;
using BatchFunctions.Projects;
using BatchFunctions.Uploads;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Limits;

/// <summary>Registers the API of limits.</summary>
internal static class LimitsServices
{
    public static IServiceCollection AddLimits(this IServiceCollection services)
    {
        services.TryAddSingleton(provider => new LimitsApi(
            provider.GetRequiredService<ApiGuard>(),
            provider.GetRequiredService<ProjectReader>(),
            provider.GetRequiredService<ActiveBatchStore>(),
            provider.GetRequiredService<StoredBytes>(),
            provider.GetRequiredService<UploadStore>(),
            provider.GetRequiredService<IOptions<BatchOptions>>(),
            provider.GetRequiredService<TimeProvider>()));
        return services;
    }
}
