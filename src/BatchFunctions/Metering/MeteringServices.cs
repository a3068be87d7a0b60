using BatchFunctions.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace BatchFunctions.Metering;

/// <summary>Registers what counts usage, and its API.</summary>
internal static class MeteringServices
{
    public static IServiceCollection AddMetering(this IServiceCollection services)
    {
        services.TryAddSingleton<UsageStore>();
        services.TryAddSingleton<BatchMetering>();
        services.TryAddSingleton(provider => new UsageApi(
            provider.GetRequiredService<ApiGuard>(),
            provider.GetRequiredService<UsageStore>(),
            provider.GetRequiredService<TimeProvider>()));
        return services;
    }
}
