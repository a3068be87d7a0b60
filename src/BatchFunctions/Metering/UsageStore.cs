using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Azure;
using Azure.Data.Tables;
using BatchFunctions.Batches;
using BatchFunctions.Ids;
using BatchFunctions.Lines;
using BatchFunctions.Storage;

namespace BatchFunctions.Metering;

/// <summary>
/// The table of what projects have used: one partition per tenant, in it a row for each day and model, and for a while one for each batch
/// that has been counted. A batch's row is inserted in the transaction that adds it to its day, so that it is counted once, whoever
/// crashes and however often it is tried.
/// </summary>
internal sealed class UsageStore(TableClient table, TimeProvider time) : IDisposable
{
    /// <summary>The most models of a project that are told apart on a day: names are the callers'.</summary>
    public const int MostModels = 50;

    /// <summary>What stands for the models beyond those.</summary>
    public const string OtherModels = "(others)";

    private const string Counted = "batch|";
    private const string DayFormat = "yyyyMMdd";

    /// <summary>How often it is tried while others are faster: all that end in a moment write the same row.</summary>
    private const int Tries = 12;

    private const int Turns = 64;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>For how long a process reads a day's row anew for each batch when another has written it between two of its own.</summary>
    private static readonly TimeSpan SharedFor = TimeSpan.FromMinutes(1);

    private const long BytesOfRow = 4 * 1024;

    private readonly Remembered<(string Tenant, string Row), TableEntity> _written = new(mostBytes: 512 * BytesOfRow);
    private readonly Remembered<string, DateTimeOffset> _shared = new(mostBytes: 512 * BytesOfRow);

    private readonly SemaphoreSlim[] _turns = [.. Enumerable.Range(0, Turns).Select(_ => new SemaphoreSlim(1))];

    public UsageStore(StorageClients storage, TimeProvider time)
        : this(storage.Tables.GetTableClient(TableNames.Usage), time)
    {
    }

    /// <summary>Adds a batch to its day, unless it has been.</summary>
    /// <exception cref="ConcurrencyException">Others were faster every time.</exception>
    public async Task AddAsync(BatchKey batch, UsageOfDay used, CancellationToken ct)
    {
        // Those of one process take turns: at the same row only one of them would get through.
        var turn = _turns[(int)((uint)string.GetHashCode(batch.Tenant, StringComparison.Ordinal) % Turns)];
        await turn.WaitAsync(ct);
        try
        {
            for (var attempt = 1; attempt <= Tries; attempt++)
            {
                if (await TryAddAsync(batch, used, ct))
                {
                    return;
                }

                await Task.Delay(Pause * attempt, time, ct);
            }
        }
        finally
        {
            turn.Release();
        }

        throw new ConcurrencyException($"The usage of {used.Day:O}");
    }

    /// <summary>Removes the row that says that a batch has been counted, once nobody can count it any more.</summary>
    public Task ForgetAsync(BatchKey batch, CancellationToken ct) => TableWrites.DeleteAsync(table, batch.Tenant, Counted + batch.Id, ct);

    /// <summary>What a project has used, by day and model, the first day first.</summary>
    /// <param name="tenant">The project.</param>
    /// <param name="from">The first day.</param>
    /// <param name="to">The last day.</param>
    /// <param name="ct">Cancels the operation.</param>
    public async IAsyncEnumerable<UsageOfDay> ListAsync(string tenant, DateOnly from, DateOnly to, [EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var row in RowsAsync(tenant, from, to, ct))
        {
            yield return Read(row);
        }
    }

    /// <summary>Whether a row says that a batch has been counted.</summary>
    public static bool IsMarker(TableEntity row) => row.RowKey.StartsWith(Counted, StringComparison.Ordinal);

    /// <summary>What a row of a day and model says.</summary>
    public static UsageOfDay Read(TableEntity row) => new(DayOf(row), row.GetString("Model"), SumOf(row));

    public void Dispose()
    {
        _written.Dispose();
        _shared.Dispose();
        foreach (var turn in _turns)
        {
            turn.Dispose();
        }
    }

    /// <returns>Whether the batch is counted; false if another was faster at the same row.</returns>
    private async Task<bool> TryAddAsync(BatchKey batch, UsageOfDay used, CancellationToken ct)
    {
        // A process that alone ends a project's batches knows the row, which it has written itself.
        var isKnown = _written.TryTake((batch.Tenant, KeyOf(used.Day, used.Model)), out var standing);
        var model = used.Model;
        if (!isKnown)
        {
            var day = await RowsAsync(batch.Tenant, used.Day, used.Day, ct).ToDictionaryAsync(row => row.RowKey, StringComparer.Ordinal, ct);
            model = day.Count < MostModels || day.ContainsKey(KeyOf(used.Day, used.Model)) ? used.Model : OtherModels;
            standing = day.GetValueOrDefault(KeyOf(used.Day, model));
        }

        var sum = Write(standing ?? new TableEntity(batch.Tenant, KeyOf(used.Day, model)) { ["Model"] = model, [TableWrites.Version] = TableWrites.CurrentVersion }, used.Sum);
        var marker = new TableEntity(batch.Tenant, Counted + batch.Id) { [TableWrites.Version] = TableWrites.CurrentVersion };
        try
        {
            var written = await table.SubmitTransactionAsync(
                [
                    new TableTransactionAction(TableTransactionActionType.Add, marker),
                    standing is null
                        ? new TableTransactionAction(TableTransactionActionType.Add, sum)
                        : new TableTransactionAction(TableTransactionActionType.UpdateReplace, sum, standing.ETag),
                ],
                ct);
            Remember(sum, written.Value[1].Headers.ETag);
            return true;
        }
        catch (TableTransactionFailedException e) when (e.Status is 409 or 412 or 404)
        {
            if (isKnown)
            {
                _shared.Keep(batch.Tenant, time.GetUtcNow() + SharedFor, BytesOfRow);
            }

            // The batch's row tells whose refusal this is: somebody else has counted it, or this very request, sent twice.
            return (await table.GetEntityIfExistsAsync<TableEntity>(batch.Tenant, marker.RowKey, ["RowKey"], ct)).HasValue;
        }
    }

    private void Remember(TableEntity row, ETag? etag)
    {
        if (etag is { } written && !(_shared.TryFind(row.PartitionKey, out var until) && time.GetUtcNow() < until))
        {
            row.ETag = written;
            _written.Keep((row.PartitionKey, row.RowKey), row, BytesOfRow);
        }
    }

    private async IAsyncEnumerable<TableEntity> RowsAsync(string tenant, DateOnly from, DateOnly to, [EnumeratorCancellation] CancellationToken ct)
    {
        var (first, behind) = (KeyOf(from), KeyOf(to.AddDays(1)));
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {tenant} and RowKey ge {first} and RowKey lt {behind}");
        await foreach (var row in table.QueryAsync<TableEntity>(filter, cancellationToken: ct))
        {
            NewerRowException.ThrowIfNewer(table, row);
            yield return row;
        }
    }

    /// <summary>Adds to a row, of which unknown columns are kept.</summary>
    private static TableEntity Write(TableEntity row, UsageSum more)
    {
        var sum = SumOf(row) + more;
        row["Completed"] = sum.Completed;
        row["Failed"] = sum.Failed;
        row["Expired"] = sum.Expired;
        row["Cancelled"] = sum.Cancelled;
        row["Lines"] = sum.Lines;
        row["LinesCompleted"] = sum.LinesCompleted;
        row["LinesFailed"] = sum.LinesFailed;
        row["InputTokens"] = sum.Tokens.Input;
        row["CachedTokens"] = sum.Tokens.CachedInput;
        row["OutputTokens"] = sum.Tokens.Output;
        row["ReasoningTokens"] = sum.Tokens.ReasoningOutput;
        row["Seconds"] = sum.Seconds;
        row["Failures"] = sum.Failures.ToBytes();
        if (row["Failures"] is null)
        {
            row.Remove("Failures");
        }

        if (row["Model"] is null)
        {
            row.Remove("Model");
        }

        return row;
    }

    private static UsageSum SumOf(TableEntity row) => new(
        row.GetInt64("Completed") ?? 0,
        row.GetInt64("Failed") ?? 0,
        row.GetInt64("Expired") ?? 0,
        row.GetInt64("Cancelled") ?? 0,
        row.GetInt64("Lines") ?? 0,
        row.GetInt64("LinesCompleted") ?? 0,
        row.GetInt64("LinesFailed") ?? 0,
        new TokenUsage(
            row.GetInt64("InputTokens") ?? 0,
            row.GetInt64("CachedTokens") ?? 0,
            row.GetInt64("OutputTokens") ?? 0,
            row.GetInt64("ReasoningTokens") ?? 0),
        row.GetInt64("Seconds") ?? 0,
        FailureKinds.FromBytes(row.GetBinary("Failures")));

    private static string KeyOf(DateOnly day) => day.ToString(DayFormat, CultureInfo.InvariantCulture);

    /// <summary>A model's name may be longer than a key, and have what no key may have.</summary>
    private static string KeyOf(DateOnly day, string? model) =>
        $"{KeyOf(day)}|{(model is null ? "" : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(model)).AsSpan(0, 16)))}";

    private static DateOnly DayOf(TableEntity row) => DateOnly.ParseExact(row.RowKey.AsSpan(0, DayFormat.Length), DayFormat, CultureInfo.InvariantCulture);
}
