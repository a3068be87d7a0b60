using System.Text;
using BatchFunctions.StrictStorage.Chance;
using BatchFunctions.StrictStorage.Http;

namespace BatchFunctions.StrictStorage.Tables;

/// <summary>
/// A query of entities, page by page: up to 1,000 entities, or fewer where chance ends the page, even none, with a token as long
/// as there may be more (https://learn.microsoft.com/rest/api/storageservices/query-timeout-and-pagination).
/// </summary>
internal sealed class TableQuery(StorageChance chance)
{
    private const int MostPerPage = 1000;
    private const string TokenHeader = "x-ms-continuation-";
    private const string NextPartition = "NextPartitionKey";
    private const string NextRow = "NextRowKey";

    /// <param name="request">The request.</param>
    /// <param name="table">The table that it asks.</param>
    /// <param name="metadata">The address of the table's metadata.</param>
    /// <param name="looked">Told of each entity that was looked at; null where nobody asks.</param>
    public StorageResponse Answer(StorageRequest request, Table table, string metadata, Action<string>? looked)
    {
        request.AllowOnly("$filter", "$top", "$select", "$format", NextPartition, NextRow);
        var filter = request.Query("$filter") is { Length: > 0 } text ? FilterParser.Parse(text) : null;
        var select = request.Query("$select") is { Length: > 0 } names ? names.Split(',', StringSplitOptions.TrimEntries) : null;
        var most = TopOf(request);
        var range = filter?.Range ?? KeyRange.All;
        var rows = table.CountFrom(FirstOf(request), range);
        var seen = 0;
        var limit = Math.Min(rows, chance.RowsPerPage(rows));
        var found = new List<Entity>();
        using var next = table.From(FirstOf(request), range).GetEnumerator();
        while (next.MoveNext() && seen < limit && found.Count < most)
        {
            seen++;
            looked?.Invoke(next.Current.Key.Partition);
            if (filter?.Fits(next.Current) ?? true)
            {
                found.Add(next.Current);
            }
        }

        var response = new StorageResponse(200).WithBody(EntityJson.ContentType, EntityJson.WritePage(found, metadata, select));
        return seen < rows
            ? response.With(TokenHeader + NextPartition, TokenOf(next.Current.Key.Partition)).With(TokenHeader + NextRow, TokenOf(next.Current.Key.Row))
            : response;
    }

    private static int TopOf(StorageRequest request)
    {
        if (request.Query("$top") is not { } text)
        {
            return MostPerPage;
        }

        return int.TryParse(text, out var top) && top is > 0 and <= MostPerPage
            ? top
            : throw StorageException.InvalidInput($"One of the request inputs is not valid: $top is {text}.");
    }

    private static EntityKey FirstOf(StorageRequest request) =>
        request.Query(NextPartition) is { } partition ? new EntityKey(KeyOf(partition), KeyOf(request.Query(NextRow) ?? "")) : new EntityKey("", "");

    /// <summary>A token says nothing to clients, and has characters that they must encode.</summary>
    private static string TokenOf(string key)
    {
        var text = Convert.ToBase64String(Encoding.UTF8.GetBytes(key));
        return $"1!{text.Length}!{text}";
    }

    private static string KeyOf(string token)
    {
        try
        {
            return token.Length == 0 ? "" : Encoding.UTF8.GetString(Convert.FromBase64String(token.Split('!')[^1]));
        }
        catch (FormatException)
        {
            throw new StorageException(400, "InvalidQueryParameterValue", "The continuation token is invalid.");
        }
    }
}
