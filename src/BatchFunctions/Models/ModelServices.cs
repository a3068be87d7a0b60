using BatchFunctions.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace BatchFunctions.Models;

/// <summary>Registers the API of models.</summary>
internal static class ModelServices
{
    public static IServiceCollection AddModels(this IServiceCollection services)
    {
        services.TryAddSingleton<ModelCatalog>();
        services.TryAddSingleton(provider => new ModelApi(
            provider.GetRequiredService<ApiGuard>(), provider.GetRequiredService<ModelCatalog>()));
        return services;
    }
}
