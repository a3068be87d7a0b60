using System.Runtime.CompilerServices;
using Azure.Data.Tables;
using BatchFunctions.Storage;

namespace BatchFunctions.Projects;

/// <summary>The table of projects: a row for each project of which an operator has set something, by its name.</summary>
public sealed class ProjectStore
{
    private const string Partition = "project";
    private const string ErasingSince = "ErasingSince";

    /// <summary>The version of the rows of projects that are being erased: version 1 would go on giving them what it may.</summary>
    private const int VersionOfErasure = 2;

    /// <summary>How often a change is tried while others are faster.</summary>
    private const int Tries = 8;

    private readonly TableClient _table;

    /// <summary>A store in the storage account.</summary>
    /// <param name="tables">The account's table service.</param>
    public ProjectStore(TableServiceClient tables)
    {
        ArgumentNullException.ThrowIfNull(tables);
        _table = tables.GetTableClient(TableNames.Projects);
    }

    /// <summary>What has been set for a project; nothing, where it has no row.</summary>
    /// <param name="name">The project's name.</param>
    /// <param name="ct">Cancels the operation.</param>
    public async Task<Project> FindAsync(string name, CancellationToken ct) =>
        await RowAsync(name, ct) is { } row ? FromRow(row) : new Project(name);

    /// <summary>All projects of which something has been set, by name.</summary>
    /// <param name="ct">Cancels the operation.</param>
    public async IAsyncEnumerable<Project> ListAsync([EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var row in _table.QueryAsync<TableEntity>(cancellationToken: ct))
        {
            yield return FromRow(row);
        }
    }

    /// <summary>Changes what is set for a project. Processes that have read it go by that for half a minute at most.</summary>
    /// <param name="name">The project's name, which is valid.</param>
    /// <param name="change">Makes the new state of the present one; it is called again if another was faster.</param>
    /// <param name="ct">Cancels the operation.</param>
    /// <returns>The new state.</returns>
    /// <exception cref="InvalidOperationException">The project is being erased, or others were faster every time.</exception>
    public Task<Project> ChangeAsync(string name, Func<Project, Project> change, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(change);
        return MutateAsync(
            name,
            project => project.ErasingSince is null
                ? change(project)
                : throw new InvalidOperationException($"The project '{name}' is being erased."),
            ct);
    }

    /// <summary>Notes that a project is being erased, unless it is noted already.</summary>
    /// <param name="name">The project's name, which is valid.</param>
    /// <param name="now">The time.</param>
    /// <param name="ct">Cancels the operation.</param>
    /// <returns>The project.</returns>
    public Task<Project> BeginErasureAsync(string name, DateTimeOffset now, CancellationToken ct) =>
        MutateAsync(name, project => project with { ErasingSince = project.ErasingSince ?? now }, ct);

    /// <summary>The projects that are being erased.</summary>
    /// <param name="ct">Cancels the operation.</param>
    public async IAsyncEnumerable<Project> ListErasingAsync([EnumeratorCancellation] CancellationToken ct)
    {
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {Partition} and ErasingSince ge {DateTimeOffset.UnixEpoch}");
        await foreach (var row in _table.QueryAsync<TableEntity>(filter, cancellationToken: ct))
        {
            yield return FromRow(row);
        }
    }

    /// <summary>Removes a project's row, once nothing else is left of it.</summary>
    /// <param name="name">The project's name.</param>
    /// <param name="ct">Cancels the operation.</param>
    public Task RemoveAsync(string name, CancellationToken ct) => TableWrites.DeleteAsync(_table, Partition, name, ct);

    private async Task<Project> MutateAsync(string name, Func<Project, Project> change, CancellationToken ct)
    {
        for (var attempt = 0; attempt < Tries; attempt++)
        {
            var row = await RowAsync(name, ct);
            var after = change(row is null ? new Project(name) : FromRow(row));
            if (await TableWrites.TryWriteAsync(_table, Apply(after, row ?? new TableEntity(Partition, name)), row?.ETag, ct) is not null)
            {
                return after;
            }
        }

        throw new InvalidOperationException($"The project '{name}' is being changed by others. Try again.");
    }

    private async Task<TableEntity?> RowAsync(string name, CancellationToken ct)
    {
        var row = await _table.GetEntityIfExistsAsync<TableEntity>(Partition, name, null, ct);
        return row.HasValue ? row.Value : null;
    }

    /// <summary>Writes the state into its row, of which unknown columns are kept.</summary>
    private static TableEntity Apply(Project project, TableEntity row)
    {
        Set(row, "Weight", project.Weight);
        Set(row, "MaxBatches", project.MaxBatches);
        Set(row, "MaxLines", project.MaxLines);
        Set(row, "MaxUploadBytes", project.MaxUploadBytes);
        Set(row, "Role", project.RoleName);
        Set(row, ErasingSince, project.ErasingSince);
        row[TableWrites.Version] = project.ErasingSince is null ? TableWrites.CurrentVersion : VersionOfErasure;
        return row;
    }

    private static void Set(TableEntity row, string column, object? value)
    {
        row.Remove(column);
        if (value is not null)
        {
            row[column] = value;
        }
    }

    /// <summary>Refuses a newer version's row: it may restrict the project in a way that this version does not know.</summary>
    private Project FromRow(TableEntity row)
    {
        NewerRowException.ThrowIfNewer(_table, row, VersionOfErasure);
        return new Project(row.RowKey)
        {
            Weight = row.GetInt32("Weight"),
            MaxBatches = row.GetInt32("MaxBatches"),
            MaxLines = row.GetInt64("MaxLines"),
            MaxUploadBytes = row.GetInt64("MaxUploadBytes"),
            ErasingSince = row.GetDateTimeOffset(ErasingSince),
            Role = row.GetString("Role") == Project.OperatorName ? ProjectRole.Operator : ProjectRole.None,
        };
    }
}
