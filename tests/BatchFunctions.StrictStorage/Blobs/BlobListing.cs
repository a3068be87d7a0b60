using System.Globalization;
using System.Text;
using System.Xml.Linq;
using BatchFunctions.StrictStorage.Http;

namespace BatchFunctions.StrictStorage.Blobs;

/// <summary>The blobs of a container, page by page (https://learn.microsoft.com/rest/api/storageservices/list-blobs).</summary>
internal static class BlobListing
{
    private const int MostPerPage = 5000;
    private const string Uncommitted = "uncommittedblobs";

    public static StorageResponse Answer(StorageRequest request, string name, Container container)
    {
        request.AllowOnly("prefix", "marker", "maxresults", "include");
        var includes = (request.Query("include") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries);
        if (Array.Find(includes, include => !include.Equals(Uncommitted, StringComparison.OrdinalIgnoreCase)) is { } other)
        {
            throw StorageException.NotBuilt($"include={other} in {request}");
        }

        var prefix = request.Query("prefix") ?? "";
        var most = Math.Min(request.Number("maxresults", 1, int.MaxValue) ?? MostPerPage, MostPerPage);
        var marker = MarkerOf(request.Query("marker"));
        var page = container.List(prefix)
            .Where(blob => blob.Slot.Blob is not null || includes.Length > 0)
            .SkipWhile(blob => string.CompareOrdinal(blob.Name, marker) < 0)
            .Take(most + 1)
            .ToList();
        return new StorageResponse(200).WithBody("application/xml", Encoding.UTF8.GetBytes(new XElement(
            "EnumerationResults",
            new XAttribute("ContainerName", name),
            new XElement("Prefix", prefix),
            new XElement("Blobs", page.Take(most).Select(blob => ElementOf(blob.Name, blob.Slot.Blob))),
            new XElement("NextMarker", page.Count > most ? Convert.ToBase64String(Encoding.UTF8.GetBytes(page[most].Name)) : ""))
            .ToString(SaveOptions.DisableFormatting)));
    }

    private static XElement ElementOf(string name, Blob? blob) => new(
        "Blob",
        new XElement("Name", name),
        new XElement(
            "Properties",
            blob is null ? null : new XElement("Creation-Time", StorageResponse.DateOf(blob.CreatedAt)),
            blob is null ? null : new XElement("Last-Modified", StorageResponse.DateOf(blob.WrittenAt)),
            blob is null ? null : new XElement("Etag", blob.ETag),
            new XElement("Content-Length", (blob?.Length ?? 0).ToString(CultureInfo.InvariantCulture)),
            blob is null ? null : new XElement("Content-Type", blob.ContentType),
            new XElement("BlobType", "BlockBlob")));

    private static string MarkerOf(string? marker)
    {
        try
        {
            return Encoding.UTF8.GetString(Convert.FromBase64String(marker ?? ""));
        }
        catch (FormatException)
        {
            throw new StorageException(400, "InvalidMarker", "The specified marker is invalid.");
        }
    }
}
