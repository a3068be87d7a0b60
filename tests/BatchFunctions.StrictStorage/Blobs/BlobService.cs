using System.Text.RegularExpressions;
using BatchFunctions.StrictStorage.Http;

namespace BatchFunctions.StrictStorage.Blobs;

/// <summary>The blob service (https://learn.microsoft.com/rest/api/storageservices/blob-service-rest-api).</summary>
internal sealed partial class BlobService(StorageClock clock) : IStorageService
{
    public const string MetadataPrefix = "x-ms-meta-";

    private const int LongestName = 1024;

    private readonly Dictionary<string, Container> _containers = new(StringComparer.Ordinal);
    private readonly BeingDeleted _deleted = new(clock, TimeSpan.FromSeconds(30));

    public static StorageException BlobNotFound() => new(404, "BlobNotFound", "The specified blob does not exist.");

    /// <summary>A container's blobs and staged blocks, by name; none if there is no such container.</summary>
    public IEnumerable<(string Name, BlobSlot Slot)> SlotsOf(string container) => _containers.GetValueOrDefault(container)?.List("") ?? [];

    /// <summary>Makes a container that is not there yet, as a request for it would.</summary>
    public void Make(string name)
    {
        CheckName(name);
        _containers.Add(name, new Container(clock));
    }

    public StorageResponse Answer(StorageRequest request)
    {
        var path = request.Path.Split('/', 2);
        CheckName(path[0]);
        var response = path.Length == 1 || path[1].Length == 0
            ? AnswerContainer(request, path[0])
            : AnswerBlob(request, Find(path[0]), path[1]);
        return response.Complete(request, clock.Now);
    }

    private StorageResponse AnswerContainer(StorageRequest request, string name)
    {
        switch (request.Method, request.Comp, request.Query("restype"))
        {
            case ("PUT", null, "container"):
                request.AllowOnly();
                return Create(name);
            case ("GET" or "HEAD", null, "container"):
                request.AllowOnly();
                return Described(200, Find(name));
            case ("GET", "list", "container"):
                return BlobListing.Answer(request, name, Find(name));
            case ("DELETE", null, "container"):
                request.AllowOnly();
                Find(name);
                _containers.Remove(name);
                _deleted.Add(name);
                return new StorageResponse(202);
            default:
                throw StorageException.NotBuilt($"{request}");
        }
    }

    private static StorageResponse AnswerBlob(StorageRequest request, Container container, string name)
    {
        if (name.Length > LongestName)
        {
            throw new StorageException(400, "OutOfRangeInput", "The specified resource name length is not within the permissible limits.");
        }

        return (request.Method, request.Comp) switch
        {
            ("GET" or "HEAD", null) => BlobReads.Read(request, container, name),
            ("GET", "blocklist") => BlobReads.ListBlocks(request, container, name),
            ("PUT", null) => BlobWrites.Put(request, container, name),
            ("PUT", "block") => BlobWrites.PutBlock(request, container, name),
            ("PUT", "blocklist") => BlobWrites.Commit(request, container, name),
            ("DELETE", null) => BlobWrites.Delete(request, container, name),
            _ => throw StorageException.NotBuilt($"{request}"),
        };
    }

    private StorageResponse Create(string name)
    {
        if (_deleted.Contains(name))
        {
            throw new StorageException(409, "ContainerBeingDeleted", "The specified container is being deleted.");
        }

        var container = new Container(clock);
        return _containers.TryAdd(name, container)
            ? Described(201, container)
            : throw new StorageException(409, "ContainerAlreadyExists", "The specified container already exists.");
    }

    private Container Find(string name) => _containers.GetValueOrDefault(name)
        ?? throw new StorageException(404, "ContainerNotFound", "The specified container does not exist.");

    private static StorageResponse Described(int status, Container container) => new StorageResponse(status)
        .With("ETag", Blob.ETagOf(container.CreatedAt))
        .With("Last-Modified", container.CreatedAt);

    /// <summary>
    /// See https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata.
    /// </summary>
    private static void CheckName(string name)
    {
        if (name.Length is < 3 or > 63)
        {
            throw new StorageException(400, "OutOfRangeInput", "The specified resource name length is not within the permissible limits.");
        }

        if (!ContainerName().IsMatch(name))
        {
            throw new StorageException(400, "InvalidResourceName", "The specified resource name contains invalid characters.");
        }
    }

    [GeneratedRegex("^[a-z0-9]+(?:-[a-z0-9]+)*\\z", RegexOptions.CultureInvariant)]
    private static partial Regex ContainerName();
}
