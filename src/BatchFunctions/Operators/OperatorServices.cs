using BatchFunctions.ActiveBatches;
using BatchFunctions.Fleet;
using BatchFunctions.Http;
using BatchFunctions.Upstream;
using BatchFunctions.Wakeups;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace BatchFunctions.Operators;

/// <summary>Registers the API for operators.</summary>
internal static class OperatorServices
{
    public static IServiceCollection AddOperators(this IServiceCollection services)
    {
        services.TryAddSingleton(provider => new OperatorApi(
            provider.GetRequiredService<ApiGuard>(),
            provider.GetRequiredService<QueueStates>(),
            provider.GetRequiredService<ActiveBatchStore>(),
            provider.GetRequiredService<ShareStore>(),
            provider.GetRequiredService<UpstreamRegistry>(),
            provider.GetRequiredService<TimeProvider>()));
        return services;
    }
}
