using System.Text;
using System.Text.Json;
using System.Xml.Linq;

namespace BatchFunctions.StrictStorage.Http;

/// <summary>
/// Refusals as storage writes them: OData's JSON by the table service, XML by the other two, nothing in answer to HEAD
/// (https://learn.microsoft.com/rest/api/storageservices/status-and-error-codes2).
/// </summary>
internal static class ErrorBodies
{
    public static StorageResponse ResponseOf(StorageRequest request, StorageException e, DateTimeOffset now)
    {
        var response = new StorageResponse(e.Status).Complete(request, now).With("x-ms-error-code", e.Code);
        return request.Method == "HEAD" ? response
            : request.Port == StorageRequest.TablePort ? response.WithBody("application/json", Json(e))
            : response.WithBody("application/xml", Xml(e));
    }

    public static byte[] Json(StorageException e) => JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, object>
    {
        ["odata.error"] = new { code = e.Code, message = new { lang = "en-US", value = e.Message } },
    });

    private static byte[] Xml(StorageException e) => Encoding.UTF8.GetBytes(
        new XElement("Error", new XElement("Code", e.Code), new XElement("Message", e.Message)).ToString());
}
