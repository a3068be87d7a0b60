using System.Text.RegularExpressions;
using BatchFunctions.StrictStorage.Http;

namespace BatchFunctions.StrictStorage.Tables;

/// <summary>What the path of a request to the table service names.</summary>
/// <param name="Table">The table.</param>
/// <param name="Key">One of its entities; null for the table.</param>
internal readonly partial record struct TableAddress(string Table, EntityKey? Key)
{
    /// <summary>The table of tables.</summary>
    public const string Tables = "Tables";

    public static TableAddress Parse(string path)
    {
        var match = Entities().Match(path);
        return match.Success ? new TableAddress(
            match.Groups["table"].Value,
            match.Groups["row"].Success ? new EntityKey(Unquoted(match.Groups["partition"]), Unquoted(match.Groups["row"])) : null)
            : throw new StorageException(400, "InvalidUri", $"The requested URI does not represent any resource on the server: {path}");
    }

    /// <summary>The name in <c>Tables('name')</c>.</summary>
    public static string? TableIn(string path) => OneTable().Match(path) is { Success: true } match ? match.Groups["table"].Value : null;

    private static string Unquoted(Group quoted) => quoted.Value.Replace("''", "'", StringComparison.Ordinal);

    [GeneratedRegex(
        "^(?<table>[A-Za-z0-9]+)(?:\\(\\)|\\(PartitionKey='(?<partition>(?:[^']|'')*)',RowKey='(?<row>(?:[^']|'')*)'\\))?\\z",
        RegexOptions.CultureInvariant)]
    private static partial Regex Entities();

    [GeneratedRegex("^Tables\\('(?<table>[^']*)'\\)\\z", RegexOptions.CultureInvariant)]
    private static partial Regex OneTable();
}
