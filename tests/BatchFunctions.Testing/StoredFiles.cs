using System.Buffers;
using System.Text;
using System.Text.Json;
using Azure.Storage.Blobs;
using BatchFunctions.Files;
using BatchFunctions.Ids;
using BatchFunctions.Lines;
using BatchFunctions.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace BatchFunctions.Testing;

/// <summary>Files in storage, written and read without the API.</summary>
internal static class StoredFiles
{
    /// <summary>Stores a batch's input as an upload would.</summary>
    /// <param name="services">The service.</param>
    /// <param name="tenant">Whose file it is.</param>
    /// <param name="content">Its lines.</param>
    public static async Task<StoredFile> StoreAsync(IServiceProvider services, string tenant, byte[] content)
    {
        ArgumentNullException.ThrowIfNull(content);
        var now = DateTimeOffset.UtcNow;
        var lines = new LineCounter();
        lines.Append(content);
        var id = IdKind.File.New(now);
        var file = new StoredFile
        {
            Tenant = tenant,
            Id = id,
            Filename = "requests.jsonl",
            Purpose = FilePurposes.Batch,
            Bytes = content.Length,
            Lines = lines.Lines,
            CreatedAt = now,
            Blob = new BlobLocation(ContainerNames.Files, $"{tenant}/{id}"),
        };

        // Overwriting: the SDK sends the request again when an answer is late, and would take its own blob for another's.
        await BlobOf(services, file).UploadAsync(new BinaryData(content), overwrite: true);
        return await services.GetRequiredService<FileStore>().TryInsertAsync(file, CancellationToken.None)
            ? file
            : throw new InvalidOperationException("The file's id is taken.");
    }

    /// <summary>Reads a file of JSON lines.</summary>
    /// <returns>Its lines, and its length in bytes.</returns>
    public static async Task<(IReadOnlyList<JsonElement> Lines, long Bytes)> ReadAsync(IServiceProvider services, StoredFile file)
    {
        var content = await BytesAsync(services, file);
        return (
            [
                .. Encoding.UTF8.GetString(content).Split('\n', StringSplitOptions.RemoveEmptyEntries)
                    .Select(line => JsonDocument.Parse(line).RootElement),
            ],
            content.Length);
    }

    /// <summary>Reads a file.</summary>
    public static async Task<byte[]> BytesAsync(IServiceProvider services, StoredFile file)
    {
        var content = new ArrayBufferWriter<byte>();
        var parts = services.GetRequiredService<FileParts>().OfBytesAsync(file, 0, file.Bytes, CancellationToken.None);
        await foreach (var piece in services.GetRequiredService<FileBlobs>().ReadAsync(parts, CancellationToken.None))
        {
            content.Write(piece.Span);
        }

        return content.WrittenSpan.ToArray();
    }

    /// <summary>The names of the blobs that a result file is made of, its pages included.</summary>
    public static async Task<IReadOnlyList<string>> BlobsOfAsync(IServiceProvider services, StoredFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        var segments = await services.GetRequiredService<SegmentList>().AllAsync(file, CancellationToken.None).ToListAsync();
        return [.. file.Pages.Select(page => page.In(file.Blob).Name), .. segments.Select(segment => segment.In(file.Blob).Name)];
    }

    private static BlobClient BlobOf(IServiceProvider services, StoredFile file) =>
        services.GetRequiredService<StorageClients>().Blobs.GetBlobContainerClient(file.Blob.Container).GetBlobClient(file.Blob.Name);
}
