using BatchFunctions.Configuration;
using BatchFunctions.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Webhooks;

/// <summary>Registers what tells of batches that have ended, and its API.</summary>
internal static class WebhookServices
{
    public static IServiceCollection AddWebhooks(this IServiceCollection services)
    {
        services.TryAddSingleton<WebhookStore>();
        services.TryAddSingleton<DeliveryStore>();
        services.TryAddSingleton<DeliveryPlaces>();
        services.TryAddSingleton<BatchEvents>();
        services.TryAddSingleton<DeliveryWork>();
        services.TryAddSingleton<DeliveryUpkeep>();
        services.TryAddSingleton(provider => new WebhookApi(
            provider.GetRequiredService<ApiGuard>(),
            provider.GetRequiredService<WebhookStore>(),
            provider.GetRequiredService<DeliveryStore>(),
            provider.GetRequiredService<BatchEvents>(),
            provider.GetRequiredService<DeliveryWork>(),
            provider.GetRequiredService<DeliveryPlaces>(),
            provider.GetRequiredService<IOptions<BatchOptions>>(),
            provider.GetRequiredService<TimeProvider>()));
        return services;
    }
}
