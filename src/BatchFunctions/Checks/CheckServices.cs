using BatchFunctions.Configuration;
using BatchFunctions.Files;
using BatchFunctions.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Checks;

/// <summary>Registers the API of checks.</summary>
internal static class CheckServices
{
    public static IServiceCollection AddChecks(this IServiceCollection services)
    {
        services.TryAddSingleton<FileCheck>();
        services.TryAddSingleton(provider => new CheckApi(
            provider.GetRequiredService<ApiGuard>(),
            provider.GetRequiredService<FileStore>(),
            provider.GetRequiredService<FileCheck>(),
            provider.GetRequiredService<IOptions<BatchOptions>>()));
        return services;
    }
}
