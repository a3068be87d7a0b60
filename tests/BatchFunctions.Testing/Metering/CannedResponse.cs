using System.Diagnostics.CodeAnalysis;
using Azure;
using Azure.Core;

namespace BatchFunctions.Testing.Metering;

/// <summary>An answer of storage's that never went over a wire.</summary>
internal sealed class CannedResponse(int status, byte[]? body = null) : Response
{
    private readonly Dictionary<string, string> _headers = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Content-Type"] = "application/xml",
    };

    public override int Status => status;

    public override string ReasonPhrase => "";

    public override Stream? ContentStream { get; set; } = new MemoryStream(body ?? []);

    public override string ClientRequestId { get; set; } = "";

    public CannedResponse With(string name, string value)
    {
        _headers[name] = value;
        return this;
    }

    /// <summary>The content outlives the exchange: some clients read it after the message is disposed of.</summary>
    public override void Dispose()
    {
    }

    protected override bool ContainsHeader(string name) => _headers.ContainsKey(name);

    protected override IEnumerable<HttpHeader> EnumerateHeaders() =>
        _headers.Select(header => new HttpHeader(header.Key, header.Value));

    protected override bool TryGetHeader(string name, [NotNullWhen(true)] out string? value) =>
        _headers.TryGetValue(name, out value);

    protected override bool TryGetHeaderValues(string name, [NotNullWhen(true)] out IEnumerable<string>? values)
    {
        values = _headers.TryGetValue(name, out var value) ? [value] : null;
        return values is not null;
    }
}
