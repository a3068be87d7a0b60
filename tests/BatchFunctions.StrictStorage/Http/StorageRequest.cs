using System.Globalization;
using Azure.Core;

namespace BatchFunctions.StrictStorage.Http;

/// <summary>A request to storage, read from the wire's form.</summary>
public sealed class StorageRequest
{
    internal const int BlobPort = 1;
    internal const int QueuePort = 2;
    internal const int TablePort = 3;

    /// <summary>The parameter of a client that has a signature in its connection string, and signs no request by itself.</summary>
    internal const string Signature = "sig";

    private readonly Dictionary<string, string> _query = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _headers = new(StringComparer.OrdinalIgnoreCase);

    internal StorageRequest(string method, Uri uri, IEnumerable<KeyValuePair<string, string>> headers, byte[] body)
        : this(method, uri, body)
    {
        foreach (var (name, value) in headers)
        {
            _headers.Add(name, value);
        }
    }

    private StorageRequest(string method, Uri uri, byte[] body)
    {
        Method = method;
        Port = uri.Port;
        var path = uri.AbsolutePath.AsSpan().TrimStart('/');
        var slash = path.IndexOf('/');
        Account = (slash < 0 ? path : path[..slash]).ToString();
        Path = slash < 0 ? "" : Uri.UnescapeDataString(path[(slash + 1)..]);
        var query = uri.Query.AsSpan().TrimStart('?');
        foreach (var part in query.Split('&'))
        {
            var pair = query[part];
            var equals = pair.IndexOf('=');
            var name = Uri.UnescapeDataString(equals < 0 ? pair : pair[..equals]);
            if (name.Length > 0 && name != Signature)
            {
                _query.Add(name, equals < 0 ? "" : Uri.UnescapeDataString(pair[(equals + 1)..]));
            }
        }

        Body = body;
    }

    /// <summary>The method, in capitals.</summary>
    public string Method { get; }

    /// <summary>The path behind the account, decoded: a table with its keys, a queue and its message, a container and its blob.</summary>
    public string Path { get; }

    /// <summary>The service: <c>blob</c>, <c>queue</c> or <c>table</c>.</summary>
    public string Service => Port switch
    {
        BlobPort => "blob",
        QueuePort => "queue",
        TablePort => "table",
        _ => "unknown",
    };

    /// <summary>What is asked for of the resource, as <c>block</c> or <c>metadata</c>; null for the resource itself.</summary>
    public string? Comp => Query("comp");

    /// <summary>The content that was sent.</summary>
    public ReadOnlyMemory<byte> Content => Body;

    internal string Account { get; }

    internal int Port { get; }

    internal byte[] Body { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Service} {Method} /{Path}" + (_query.Count == 0
        ? ""
        : "?" + string.Join('&', _query.Select(pair => $"{pair.Key}={pair.Value}")));

    internal string? Query(string name) => _query.GetValueOrDefault(name);

    internal string? Header(string name) => _headers.GetValueOrDefault(name);

    /// <summary>Headers that begin with a prefix, without it.</summary>
    internal Dictionary<string, string> HeadersWith(string prefix) => _headers
        .Where(header => header.Key.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
        .ToDictionary(header => header.Key[prefix.Length..], header => header.Value, StringComparer.OrdinalIgnoreCase);

    /// <summary>A parameter that is a whole number; null if it is not there.</summary>
    /// <exception cref="StorageException">It is no number, or out of its range.</exception>
    internal int? Number(string name, int least, int most)
    {
        if (Query(name) is not { } text)
        {
            return null;
        }

        if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
        {
            throw new StorageException(400, "InvalidQueryParameterValue", $"The value '{text}' of {name} is invalid.");
        }

        return number >= least && number <= most
            ? number
            : throw new StorageException(
                400, "OutOfRangeQueryParameterValue", $"The value {number} of {name} is outside the permissible range of {least} to {most}.");
    }

    /// <summary>Refuses parameters and headers that mean something which is not built.</summary>
    /// <param name="parameters">The parameters that are understood, <c>comp</c> and <c>timeout</c> aside.</param>
    internal void AllowOnly(params ReadOnlySpan<string> parameters)
    {
        foreach (var name in _query.Keys)
        {
            if (name is not ("comp" or "restype" or "timeout") && !parameters.Contains(name))
            {
                throw StorageException.NotBuilt($"the parameter {name} of {this}");
            }
        }

        foreach (var name in _headers.Keys)
        {
            if (!KnownHeaders.Contains(name))
            {
                throw StorageException.NotBuilt($"the header {name} of {this}");
            }
        }
    }

    /// <summary>Reads a request, with its body.</summary>
    internal static async ValueTask<StorageRequest> ReadAsync(Request request, CancellationToken ct)
    {
        byte[] sent = [];
        if (request.Content is { } content)
        {
            using var body = new MemoryStream();
            await content.WriteToAsync(body, ct);
            sent = body.ToArray();
        }

        var read = new StorageRequest(request.Method.Method, request.Uri.ToUri(), sent);
        foreach (var header in request.Headers)
        {
            read._headers.Add(header.Name, header.Value);
        }

        return read;
    }
}
