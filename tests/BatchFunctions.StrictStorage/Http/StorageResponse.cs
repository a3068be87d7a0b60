using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using Azure;
using Azure.Core;

namespace BatchFunctions.StrictStorage.Http;

/// <summary>An answer of storage.</summary>
internal sealed class StorageResponse(int status) : Response
{
    private static int LastNumber;

    private readonly Dictionary<string, string> _headers = new(StringComparer.OrdinalIgnoreCase);

    public override int Status => status;

    public override string ReasonPhrase => ((HttpStatusCode)status).ToString();

    public override Stream? ContentStream { get; set; }

    public override string ClientRequestId { get; set; } = "";

    public StorageResponse With(string name, string value)
    {
        _headers[name] = value;
        return this;
    }

    public StorageResponse With(string name, DateTimeOffset value) => With(name, DateOf(value));

    public StorageResponse WithBody(string contentType, byte[] content) =>
        WithBody(contentType, new MemoryStream(content, writable: false));

    public StorageResponse WithBody(string contentType, Stream content)
    {
        ContentStream = content;
        return With("Content-Type", contentType).With("Content-Length", content.Length.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>The headers that every answer has.</summary>
    public StorageResponse Complete(StorageRequest request, DateTimeOffset now)
    {
        ClientRequestId = request.Header("x-ms-client-request-id") ?? "";
        return With("x-ms-request-id", new Guid(Interlocked.Increment(ref LastNumber), 0, 0, new byte[8]).ToString())
            .With("x-ms-client-request-id", ClientRequestId)
            .With("x-ms-version", request.Header("x-ms-version") ?? "")
            .With("Date", now);
    }

    /// <summary>Leaves the content open: clients read it after they have disposed of the message that it came with.</summary>
    public override void Dispose()
    {
    }

    /// <summary>A time as HTTP writes it, to the second.</summary>
    public static string DateOf(DateTimeOffset time) => time.ToString("R", CultureInfo.InvariantCulture);

    protected override bool ContainsHeader(string name) => _headers.ContainsKey(name);

    protected override IEnumerable<HttpHeader> EnumerateHeaders() => _headers.Select(header => new HttpHeader(header.Key, header.Value));

    protected override bool TryGetHeader(string name, [NotNullWhen(true)] out string? value) => _headers.TryGetValue(name, out value);

    protected override bool TryGetHeaderValues(string name, [NotNullWhen(true)] out IEnumerable<string>? values)
    {
        values = _headers.TryGetValue(name, out var value) ? [value] : null;
        return values is not null;
    }
}
