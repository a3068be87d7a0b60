using BatchFunctions.Configuration;
using BatchFunctions.Http;
using BatchFunctions.Idempotency;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Uploads;

/// <summary>Registers uploads in parts.</summary>
internal static class UploadServices
{
    public static IServiceCollection AddUploads(this IServiceCollection services)
    {
        services.TryAddSingleton<UploadStore>();
        services.TryAddSingleton<UploadCompletion>();
        services.TryAddSingleton<UploadExpiry>();
        services.TryAddSingleton<UploadOpening>();
        services.TryAddSingleton<PartIntake>();
        services.TryAddSingleton(provider => new UploadApi(
            provider.GetRequiredService<ApiGuard>(),
            provider.GetRequiredService<UploadStore>(),
            provider.GetRequiredService<UploadCompletion>(),
            provider.GetRequiredService<UploadExpiry>(),
            provider.GetRequiredService<UploadOpening>(),
            provider.GetRequiredService<PartIntake>(),
            provider.GetRequiredService<IdempotentRequests>(),
            provider.GetRequiredService<IOptions<BatchOptions>>(),
            provider.GetRequiredService<TimeProvider>()));
        return services;
    }
}
