using BatchFunctions.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace BatchFunctions.Files;

/// <summary>Registers the storage and the API of files.</summary>
internal static class FileServices
{
    public static IServiceCollection AddFiles(this IServiceCollection services)
    {
        services.TryAddSingleton<FileBlobs>();
        services.TryAddSingleton<SegmentPageBlobs>();
        services.TryAddSingleton<SegmentList>();
        services.TryAddSingleton<FileParts>();
        services.TryAddSingleton<StoredBytes>();
        services.TryAddSingleton<FileUpload>();
        services.TryAddSingleton<FileDeletion>();
        services.TryAddSingleton(provider => new FileApi(
            provider.GetRequiredService<ApiGuard>(),
            provider.GetRequiredService<FileStore>(),
            provider.GetRequiredService<FileUpload>(),
            provider.GetRequiredService<FileDeletion>(),
            provider.GetRequiredService<FileBlobs>(),
            provider.GetRequiredService<FileParts>()));
        return services;
    }
}
