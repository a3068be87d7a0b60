using BatchFunctions.Batches;
using BatchFunctions.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace BatchFunctions.Failures;

/// <summary>Registers the API of failures.</summary>
internal static class FailureServices
{
    public static IServiceCollection AddFailures(this IServiceCollection services)
    {
        services.TryAddSingleton<FailureReading>();
        services.TryAddSingleton(provider => new FailureApi(
            provider.GetRequiredService<ApiGuard>(),
            provider.GetRequiredService<BatchStore>(),
            provider.GetRequiredService<FailureReading>()));
        return services;
    }
}
