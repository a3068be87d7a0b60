using Azure.Data.Tables;
using BatchFunctions.Storage;

namespace BatchFunctions.Processing;

/// <summary>
/// Where storage keeps something of a project, and how it is found there. The erasure of a project goes through this list, and a test
/// compares it with all tables, containers and queues: what is added later must be put in.
/// </summary>
internal static class ProjectContent
{
    /// <summary>Tables, in the order in which their rows go: those that name blobs, or others' rows, before what they name is unknown.</summary>
    public static IReadOnlyList<TableContent> Tables { get; } =
    [
        new(TableNames.ActiveBatches, RowsBy.Partition),
        new(TableNames.Expiring, RowsBy.Column, "Tenant"),
        new(TableNames.Batches, RowsBy.Partition),
        new(TableNames.Files, RowsBy.Partition),
        new(TableNames.Uploads, RowsBy.Partition),
        new(TableNames.Chunks, RowsBy.Column, "Tenant"),
        new(TableNames.Pending, RowsBy.Column, "Tenant"),
        new(TableNames.Idempotency, RowsBy.Partition),
        new(TableNames.Usage, RowsBy.Partition),
        new(TableNames.Webhooks, RowsBy.Partition),
        new(TableNames.Deliveries, RowsBy.Partition),
        new(TableNames.BatchIndex, RowsBy.Partition),
        new(TableNames.ApiKeys, RowsBy.Column, "Project"),

        // Who wants how many lines in flight, which lapses within seconds of the project's last line.
        new(TableNames.Fleet, RowsBy.Nothing),

        // The row that says that the project is being erased goes when nothing else is left.
        new(TableNames.Projects, RowsBy.Nothing),
    ];

    /// <summary>Containers: blobs of <c>files</c> begin with the project's name, those of <c>batches</c> are named by rows.</summary>
    public static IReadOnlyList<(string Container, bool BeginsWithProject)> Containers { get; } =
        [(ContainerNames.Files, true), (ContainerNames.Batches, false)];

    /// <summary>
    /// Queues whose messages hold no more than ids, and are let go when they are handled and find no row: none is picked out.
    /// </summary>
    public static IReadOnlyList<string> Queues { get; } = QueueNames.All;
}

/// <summary>How the rows of a project are found in a table.</summary>
internal enum RowsBy
{
    /// <summary>Their partition is the project's name.</summary>
    Partition,

    /// <summary>Their partition is the project's name, or begins with it and a bar.</summary>
    PartitionBegins,

    /// <summary>A column has the project's name.</summary>
    Column,

    /// <summary>There are none, or none to be removed here.</summary>
    Nothing,
}

/// <summary>A table, and how the rows of a project are found in it.</summary>
/// <param name="Table">The table's name.</param>
/// <param name="By">How.</param>
/// <param name="Column">Which column, for <see cref="RowsBy.Column"/>.</param>
internal sealed record TableContent(string Table, RowsBy By, string? Column = null)
{
    /// <summary>The filter for the rows of a project; null where there are none to look for.</summary>
    public string? FilterOf(string project) => By switch
    {
        RowsBy.Partition => TableClient.CreateQueryFilter($"PartitionKey eq {project}"),
        RowsBy.PartitionBegins => TableClient.CreateQueryFilter(
            $"PartitionKey eq {project} or (PartitionKey ge {project + "|"} and PartitionKey lt {project + "}"})"),
        RowsBy.Column => $"{Column} eq '{project}'",
        _ => null,
    };
}
