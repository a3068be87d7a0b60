using System.Text;
using BatchFunctions.StrictStorage.Http;

namespace BatchFunctions.StrictStorage.Tables;

/// <summary>
/// The bodies of a transaction: a multipart of one change set, which is a multipart of requests or answers
/// (https://learn.microsoft.com/rest/api/storageservices/performing-entity-group-transactions).
/// </summary>
internal static class TransactionBody
{
    private const string NewLine = "\r\n";

    /// <summary>The requests of the change set.</summary>
    public static List<StorageRequest> Read(StorageRequest request)
    {
        var sets = Parts(BoundaryOf(request.Header("Content-Type")), Encoding.UTF8.GetString(request.Body)).ToList();
        return sets.Count == 1 && Split(sets[0]) is var (headers, content)
            ? [.. Parts(BoundaryOf(Fields(headers.Split(NewLine)).GetValueOrDefault("Content-Type")), content).Select(part => RequestOf(part, request))]
            : throw StorageException.InvalidInput("A batch has one change set.");
    }

    /// <summary>The answer with the answers of the change set.</summary>
    public static StorageResponse Write(IEnumerable<StorageResponse> answers)
    {
        var (batch, set) = ($"batchresponse_{Guid.NewGuid()}", $"changesetresponse_{Guid.NewGuid()}");
        var text = new StringBuilder();
        text.Append($"--{batch}{NewLine}Content-Type: multipart/mixed; boundary={set}{NewLine}{NewLine}");
        foreach (var answer in answers)
        {
            text.Append($"--{set}{NewLine}Content-Type: application/http{NewLine}Content-Transfer-Encoding: binary{NewLine}{NewLine}");
            text.Append($"HTTP/1.1 {answer.Status} {answer.ReasonPhrase}{NewLine}");
            foreach (var header in answer.Headers)
            {
                text.Append($"{header.Name}: {header.Value}{NewLine}");
            }

            text.Append(NewLine);
            if (answer.ContentStream is MemoryStream content)
            {
                text.Append(Encoding.UTF8.GetString(content.ToArray()));
            }

            text.Append(NewLine);
        }

        text.Append($"--{set}--{NewLine}--{batch}--{NewLine}");
        return new StorageResponse(202).WithBody($"multipart/mixed; boundary={batch}", Encoding.UTF8.GetBytes(text.ToString()));
    }

    private static StorageRequest RequestOf(string part, StorageRequest whole)
    {
        var (_, http) = Split(part);
        var (head, body) = Split(http);
        var lines = head.Split(NewLine);
        var words = lines[0].Split(' ');
        return words.Length == 3
            ? new StorageRequest(words[0], new Uri(words[1]), Fields(lines[1..]), Encoding.UTF8.GetBytes(body.TrimEnd()))
            : throw StorageException.InvalidInput($"A part of {whole} is no request.");
    }

    private static Dictionary<string, string> Fields(string[] lines) => lines
        .Select(line => line.Split(':', 2))
        .Where(pair => pair.Length == 2)
        .ToDictionary(pair => pair[0].Trim(), pair => pair[1].Trim(), StringComparer.OrdinalIgnoreCase);

    private static (string Head, string Body) Split(string part)
    {
        var end = part.IndexOf(NewLine + NewLine, StringComparison.Ordinal);
        return end < 0 ? (part, "") : (part[..end], part[(end + (2 * NewLine.Length))..]);
    }

    private static IEnumerable<string> Parts(string boundary, string text) => text
        .Split("--" + boundary, StringSplitOptions.None)
        .Skip(1)
        .TakeWhile(part => !part.StartsWith("--", StringComparison.Ordinal))
        .Select(part => part.TrimStart('\r', '\n'));

    private static string BoundaryOf(string? contentType) =>
        contentType?.Split("boundary=") is [_, var boundary] && contentType.StartsWith("multipart/mixed", StringComparison.Ordinal)
            ? boundary.Trim('"', ' ')
            : throw StorageException.InvalidInput($"The content type {contentType} is no multipart.");
}
