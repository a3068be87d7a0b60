using System.Runtime.CompilerServices;
using Azure.Data.Tables;
using BatchFunctions.Storage;

namespace BatchFunctions.Projects;

/// <summary>The table of projects: a row for each project of which an operator has set something, by its name.</summary>
public sealed class ProjectStore
{
    private const string Partition = "project";

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
    public async Task<Project> ChangeAsync(string name, Func<Project, Project> change, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(change);
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
        NewerRowException.ThrowIfNewer(_table, row);
        return new Project(row.RowKey)
        {
            Weight = row.GetInt32("Weight"),
            MaxBatches = row.GetInt32("MaxBatches"),
            MaxLines = row.GetInt64("MaxLines"),
            MaxUploadBytes = row.GetInt64("MaxUploadBytes"),
            Role = row.GetString("Role") == Project.OperatorName ? ProjectRole.Operator : ProjectRole.None,
        };
    }
}
