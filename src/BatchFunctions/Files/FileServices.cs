using BatchFunctions.Configuration;
using BatchFunctions.Http;
using BatchFunctions.Uploads;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Files;

/// <summary>Registers files and uploads in parts.</summary>
internal static class FileServices
{
    public static IServiceCollection AddFiles(this IServiceCollection services)
    {
        services.TryAddSingleton<FileBlobs>();
        services.TryAddSingleton<FileUpload>();
        services.TryAddSingleton<FileDeletion>();
        services.TryAddSingleton<FileExpiry>();
        services.TryAddSingleton<UploadStore>();
        services.TryAddSingleton<UploadCompletion>();
        services.TryAddSingleton<UploadExpiry>();
        services.TryAddSingleton(provider => new FileApi(
            provider.GetRequiredService<ApiGuard>(),
            provider.GetRequiredService<FileStore>(),
            provider.GetRequiredService<FileUpload>(),
            provider.GetRequiredService<FileDeletion>(),
            provider.GetRequiredService<FileBlobs>()));
        services.TryAddSingleton(provider => new UploadApi(
            provider.GetRequiredService<ApiGuard>(),
            provider.GetRequiredService<UploadStore>(),
            provider.GetRequiredService<UploadCompletion>(),
            provider.GetRequiredService<UploadExpiry>(),
            provider.GetRequiredService<ExpiringStore>(),
            provider.GetRequiredService<FileBlobs>(),
            provider.GetRequiredService<IOptions<BatchOptions>>(),
            provider.GetRequiredService<TimeProvider>()));
        return services;
    }
}
