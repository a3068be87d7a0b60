using System.Globalization;
using System.Net.Http.Headers;
using BatchFunctions.StrictStorage.Http;

namespace BatchFunctions.StrictStorage.Blobs;

/// <summary>
/// The part of a blob that a request asks for (https://learn.microsoft.com/rest/api/storageservices/specifying-the-range-header-for-blob-service-operations).
/// </summary>
internal readonly record struct BlobRange(long First, long Length)
{
    /// <summary>The range of a request; null for the whole blob.</summary>
    /// <exception cref="StorageException">It begins behind the blob's end.</exception>
    public static BlobRange? Of(StorageRequest request, long length)
    {
        var text = request.Header("x-ms-range") ?? request.Header("Range");
        if (text is null)
        {
            return null;
        }

        var range = RangeHeaderValue.TryParse(text, out var parsed) && parsed is { Unit: "bytes", Ranges: { Count: 1 } ranges } ? ranges.First()
            : throw StorageException.InvalidHeader($"The range {text} is not in the correct format.");
        var first = range.From ?? throw StorageException.NotBuilt($"the range {text}");
        return first < length
            ? new BlobRange(first, Math.Min(range.To ?? long.MaxValue, length - 1) - first + 1)
            : throw new StorageException(416, "InvalidRange", "The range specified is invalid for the current size of the resource.");
    }

    public string In(long length) => string.Create(CultureInfo.InvariantCulture, $"bytes {First}-{First + Length - 1}/{length}");
}
