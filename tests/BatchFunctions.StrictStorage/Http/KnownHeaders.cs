using System.Collections.Frozen;

namespace BatchFunctions.StrictStorage.Http;

/// <summary>
/// Headers that the strict storage acts upon, or that change nothing of what it does. Any other may stand for what is not built:
/// a lease, a snapshot, a checksum that ought to be compared.
/// </summary>
internal static class KnownHeaders
{
    private static readonly FrozenSet<string> Names = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "Accept",
        "Authorization",
        "Content-Length",
        "Content-MD5",
        "Content-Transfer-Encoding",
        "Content-Type",
        "Date",
        "DataServiceVersion",

        // The SDK's clients of blobs ask for a go-ahead for a while after storage was busy; it has no bearing on the answer.
        "Expect",
        "Host",
        "If-Match",
        "If-None-Match",
        "MaxDataServiceVersion",
        "Prefer",
        "Range",
        "User-Agent",
        "traceparent",
        "x-ms-blob-content-type",
        "x-ms-blob-type",
        "x-ms-client-request-id",
        "x-ms-date",
        "x-ms-range",
        "x-ms-return-client-request-id",
        "x-ms-version");

    public static bool Contains(string name) =>
        Names.Contains(name) || name.StartsWith("x-ms-meta-", StringComparison.OrdinalIgnoreCase);
}
