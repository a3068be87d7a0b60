using System.Security.Cryptography;
using System.Text;

namespace BatchFunctions.Batches;

/// <summary>
/// What a list may be asked for of an ended batch: each combination of status, endpoint and model, and each pair of its metadata, alone and
/// with the status. A facet is a digest of fixed length, since these texts may be longer than a key and have what no key may have. That two
/// share one is harmless: what is found by it is looked at.
/// </summary>
internal static class BatchFacets
{
    /// <summary>The characters of a facet, lower-case hex digits.</summary>
    public const int Length = 24;

    /// <summary>The facets of an ended batch.</summary>
    public static IEnumerable<string> Of(EndedBatch batch)
    {
        foreach (var status in AnyOr(batch.Status))
        {
            foreach (var endpoint in AnyOr(batch.Endpoint))
            {
                foreach (var model in AnyOr(batch.Model))
                {
                    if (status is not null || endpoint is not null || model is not null)
                    {
                        yield return DigestOf("batch", status, endpoint, model);
                    }
                }
            }

            foreach (var (key, value) in batch.Metadata)
            {
                yield return DigestOf("metadata", status, key, value);
            }
        }
    }

    /// <summary>
    /// The facets of which an ended batch has one if it matches a filter: one for each status that is asked for. Of several pairs of metadata
    /// one is looked for.
    /// </summary>
    /// <param name="filter">The filter, which looks at rows.</param>
    public static IReadOnlyList<string> Asked(BatchFilter filter)
    {
        var statuses = filter.Statuses.Count == 0
            ? AnyOr(null)
            : filter.Statuses.Where(BatchStatusNames.HasEnded).Select(BatchStatusNames.Wire);
        return
        [
            .. filter.Metadata.Count == 0
                ? statuses.Select(status => DigestOf("batch", status, filter.Endpoint, filter.Model))
                : statuses.Select(status => DigestOf("metadata", status, filter.Metadata.First().Key, filter.Metadata.First().Value)),
        ];
    }

    /// <summary>Null, for any, and the value if there is one.</summary>
    private static IEnumerable<string?> AnyOr(string? value) => value is null ? [null] : [null, value];

    private static string DigestOf(string kind, params ReadOnlySpan<string?> parts)
    {
        var text = new StringBuilder(kind);
        foreach (var part in parts)
        {
            text.Append('\0').Append(part is null ? "" : "=").Append(part);
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())).AsSpan(0, Length / 2));
    }
}
