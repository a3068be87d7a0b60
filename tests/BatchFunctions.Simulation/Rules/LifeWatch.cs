using Azure.Data.Tables;
using BatchFunctions.ActiveBatches;
using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.Simulation.Lives;
using BatchFunctions.Simulation.Time;
using BatchFunctions.Storage;
using BatchFunctions.StrictStorage.Tables;

namespace BatchFunctions.Simulation.Rules;

/// <summary>
/// Sees every write of a row as it takes effect, and every call as it comes, and holds them against the rules for what happens on the way.
/// </summary>
internal sealed class LifeWatch(Life life)
{
    /// <summary>How long an advance is delayed so that others can join it, twice, and how long it and what it leads to take, but for their requests.</summary>
    private static readonly TimeSpan LongestAdvance = TimeSpan.FromSeconds(7);

    private readonly Dictionary<string, Dictionary<int, Chunk>> _chunks = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TimeSpan> _lastEnd = new(StringComparer.Ordinal);

    /// <summary>When the rows of chunks were inserted that are there, and when batches ended.</summary>
    private readonly Dictionary<string, Dictionary<int, TimeSpan>> _standing = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TimeSpan> _ended = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Batch> _batches = new(StringComparer.Ordinal);
    private readonly Dictionary<(IHost Host, string Batch, int Chunk), LineSet> _claimed = [];
    private readonly FileRules _files = new(life);
    private readonly SweepRules _sweeps = new(life);
    private readonly ClearingRules _clearing = new(life);
    private readonly ClaimRules _claims = new(life);
    private readonly InputRules _inputs = new(life);
    private readonly DeletionRules _deletions = new(life);
    private readonly Dictionary<string, int> _answers = new(StringComparer.Ordinal);

    /// <summary>Whose request takes effect.</summary>
    public IHost? Writer { get; set; }

    /// <summary>Batches that there are or were, by id, as their rows stand; of a deleted one as its tombstone was.</summary>
    public IReadOnlyDictionary<string, Batch> Batches => _batches;

    /// <summary>Good answers that came back into a process that was alive, by the line's marker.</summary>
    public IReadOnlyDictionary<string, int> Answers => _answers;

    /// <summary>Retries whose rows came so late that their names counted for nothing by then: what they are made of may be deleted.</summary>
    public HashSet<string> LateRetries { get; } = new(StringComparer.Ordinal);

    /// <summary>A row was written, or deleted.</summary>
    public void Written(string table, Entity? before, Entity? after)
    {
        if (table == TableNames.Batches)
        {
            BatchWritten(before is null ? null : BatchRow.FromRow(RowOf(before)), after is null ? null : BatchRow.FromRow(RowOf(after)));
        }
        else if (table == TableNames.ActiveBatches)
        {
            ActiveWritten((before ?? after)!.Key.Row, after);
        }
        else if (table == TableNames.Files)
        {
            _files.Written(before is null ? null : RowOf(before), after is null ? null : RowOf(after));
        }
        else if (table == TableNames.Deliveries)
        {
            _clearing.DeliveryWritten(after);
        }
        else if (table == TableNames.Usage)
        {
            _clearing.UsageWritten(after);
        }
        else if (table == TableNames.Pending)
        {
            _sweeps.Written(before, after);
        }
        else if (table == TableNames.Chunks)
        {
            ChunkWritten(before is null ? null : ChunkRow.FromRow(RowOf(before)), after is null ? null : ChunkRow.FromRow(RowOf(after)));
        }
    }

    /// <summary>A line was sent.</summary>
    public void Called(string marker, IHost host)
    {
        var (number, line) = BatchPlan.Parse(marker);
        var batches = _batches.Values.Where(batch => NumberOf(batch) == number).ToList();

        if (batches is [{ RetryOf: null } only] && ChunkOf(only, line) is { } chunk)
        {
            _claims.Sent(only.Id, chunk.Number, host);
        }

        // Lines of a retry stand in other places; what they are is looked at in the end.
        if (batches.Count > 0 && batches.TrueForAll(batch => batch.RetryOf is null && WasDoneWhenClaimed(batch, line, host)))
        {
            life.Violate("no line is sent again whose result stands", marker);
        }
    }

    /// <summary>A good answer came back.</summary>
    public void Answered(string marker, IHost host)
    {
        _answers[marker] = _answers.GetValueOrDefault(marker) + 1;
        var (number, _) = BatchPlan.Parse(marker);
        if (life.Plan.IsGentle && _answers[marker] > _batches.Values.Count(batch => NumberOf(batch) == number))
        {
            life.Violate("where nothing fails no line is answered twice", marker);
        }
    }

    /// <summary>Which of the life's batches it is, by what its creation was tagged with.</summary>
    public static int NumberOf(Batch batch) =>
        int.Parse(batch.Metadata!["tag"].Split('.')[0], System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>The row as the SDK reads it.</summary>
    public static TableEntity RowOf(Entity entity)
    {
        var row = new TableEntity(entity.Key.Partition, entity.Key.Row) { Timestamp = entity.Timestamp };
        foreach (var (name, value) in entity.Properties)
        {
            row[name] = value;
        }

        return row;
    }

    /// <summary>Whether all chunks of all batches that run have ended, as far as they are known.</summary>
    public bool HasAllEnded => _batches.Values.All(batch => batch.Status != BatchStatus.InProgress
        || (_chunks.TryGetValue(batch.Id, out var chunks) && chunks.Values.All(static chunk => chunk.Ended)));

    private void ActiveWritten(string batch, Entity? after)
    {
        var hasEnded = _ended.TryGetValue(batch, out var ended);
        _clearing.ActiveWritten(batch, isThere: after is not null, hasEnded);
        if (after?.ValueOf(ActiveBatchRow.LookAt) is DateTimeOffset look)
        {
            _claims.LookWritten(batch, look, _chunks.TryGetValue(batch, out var known) ? known.Values : []);
        }
        else if (after is null && hasEnded)
        {
            CheckCleared(batch, ended);
        }
    }

    private void BatchWritten(Batch? before, Batch? after)
    {
        _clearing.BatchWritten(before, after);
        _inputs.BatchWritten(before, after);
        if (after is null)
        {
            if (!before!.Deleted)
            {
                life.Violate("no batch's row is deleted but a tombstone", before.Id);
            }

            return;
        }

        _deletions.Check(after);
        _batches[after.Id] = after;
        var tenant = life.Plan.Batches[NumberOf(after)].Tenant;
        if (after.Tenant != tenant)
        {
            life.Violate("nothing of a project is in another's partition", $"{after.Id} of {tenant} is in {after.Tenant}'s");
        }

        if (before is null)
        {
            if (after.RetryOf is not null && !BatchRetry.IsBeingMade(after.Id, life.Agenda.UtcNow))
            {
                LateRetries.Add(after.Id);
            }

            return;
        }

        life.Trace.Add("row", $"{after.Id} {before.Status} {before.Counts} to {after.Status} {after.Counts}");
        if (before.Status == after.Status ? before.Status.HasEnded() && !_deletions.IsNamingOrBurying(before, after) : !LegalMoves.Leads(before.Status, after.Status))
        {
            life.Violate("every change of a status is legal", $"{after.Id}: {before.Status} to {after.Status}");
        }

        if (after.Status.HasEnded() && !before.Status.HasEnded())
        {
            _ended[after.Id] = life.Agenda.Now;
            CheckSoon(after);
        }

        if (after is { Status: BatchStatus.InProgress, RetryOf: { } original } && before.Status != after.Status
            && _batches.Values.Any(other => other.RetryOf == original && other.Id != after.Id && other.Status is BatchStatus.InProgress or BatchStatus.Cancelling))
        {
            life.Violate("of a batch there is one retry at a time", $"{after.Id} and another of {original}");
        }

        if (after is { Status: BatchStatus.InProgress, RetryOf: { } above } && before.Status != after.Status
            && _batches.GetValueOrDefault(above) is { Deleted: false } named && !named.Retries.Contains(after.Id))
        {
            life.Violate("a retry runs as long as it is named", $"{after.Id} of {above}");
        }

        if (life.Plan.IsPunctual && after.Status == BatchStatus.Completed && before.Status != after.Status)
        {
            CheckPunctual(after);
        }

        if (after.Counts.Completed < before.Counts.Completed || after.Counts.Failed < before.Counts.Failed)
        {
            life.Violate("counts never go back", $"{after.Id}: {before.Counts} to {after.Counts}");
        }

        CheckSettled(after);
        if (before.Counts.Total > 0 && after.Counts.Total != before.Counts.Total)
        {
            life.Violate("a batch's total stays", $"{after.Id}: {before.Counts} to {after.Counts}");
        }
    }

    /// <summary>Chunks that are read no more have ended, and come to what the batch's row says.</summary>
    private void CheckSettled(Batch batch)
    {
        var settled = _chunks.GetValueOrDefault(batch.Id)?.Values.Where(chunk => chunk.Number < batch.Settled.Count).ToList() ?? [];
        if (settled.Count != batch.Settled.Count
            || settled.Exists(chunk => !chunk.Ended)
            || settled.Sum(chunk => chunk.Completed) != batch.Settled.Completed
            || settled.Sum(chunk => chunk.Failed) != batch.Settled.Failed)
        {
            life.Violate("chunks that are read no more have ended, and are counted", $"{batch.Id}: {batch.Settled}");
        }
    }

    /// <summary>
    /// An active row goes behind the rows of the chunks: from it a sweep finds what is still to be cleared away. A row that was inserted when
    /// the batch had ended may stay, for a day.
    /// </summary>
    private void CheckCleared(string batch, TimeSpan ended)
    {
        if (_standing.TryGetValue(batch, out var chunks) && chunks.Any(chunk => chunk.Value <= ended))
        {
            life.Violate("the active row goes behind the chunks' rows", $"{batch}: {string.Join(' ', chunks.Keys.Order())}");
        }
    }

    /// <summary>Whatever has gone wrong before: from the time on when nothing does any more, and any worker is awake, a batch has an end before long.</summary>
    private void CheckSoon(Batch batch)
    {
        TimeSpan[] from = [batch.CreatedAt - Agenda.Beginning, life.Plan.CalmAt, life.Workers.AwakeAt];
        var took = life.Agenda.Now - from.Max();
        if (took > life.Plan.LongestEnd(life.Plan.Batches[NumberOf(batch)].Lines))
        {
            life.Violate("a batch ends soon once nothing fails", $"{batch.Id} ({batch.Status}) after {took.TotalSeconds:0} s");
        }
    }

    private void CheckPunctual(Batch batch)
    {
        var waited = life.Agenda.Now - _lastEnd.GetValueOrDefault(batch.Id);
        if (waited > LongestAdvance + TimeSpan.FromSeconds(20 * life.Plan.SlowestRequest))
        {
            life.Violate("where nothing fails no batch waits for a sweep", $"{batch.Id} was ended {waited.TotalSeconds:0.0} s after its last chunk");
        }
    }

    private void ChunkWritten(Chunk? before, Chunk? after)
    {
        var batch = (before ?? after)!.Batch.Id;
        var standing = _standing.TryGetValue(batch, out var found) ? found : _standing[batch] = [];
        if (after is null)
        {
            standing.Remove(before!.Number);
            if (_batches.TryGetValue(batch, out var row) && !row.Status.HasEnded())
            {
                life.Violate("chunks stay until their batch has ended", $"{batch} chunk {before!.Number}");
            }

            return;
        }

        if (!_chunks.TryGetValue(batch, out var chunks))
        {
            _chunks[batch] = chunks = [];
        }

        // What comes when the batch has ended, of a validation that was late, is cleared away, and tells nothing of it.
        if (before is not null || !_ended.ContainsKey(batch))
        {
            chunks[after.Number] = after;
        }

        standing.TryAdd(after.Number, life.Agenda.Now);
        if (after.Ended && before?.Ended == false)
        {
            _lastEnd[batch] = life.Agenda.Now;
        }

        if (after.Owner is not null && after.Owner != before?.Owner && Writer is not null)
        {
            _claimed[(Writer, batch, after.Number)] = after.Done;
        }

        _claims.Written(before, after, Writer);
        life.Trace.Add("row", $"{batch} chunk {after.Number}: {after.Done.Count} of {after.Lines} done, epoch {after.Epoch}{(after.Owner is null ? "" : ", held")}{(after.Ended ? ", ended" : "")}");
        if (before is null)
        {
            return;
        }

        if (!after.IsCutLike(before))
        {
            life.Violate("chunks are cut once", $"{batch} chunk {after.Number}");
        }

        if (Enumerable.Range(0, before.Lines).Any(line => before.Done.Contains(line) && !after.Done.Contains(line)))
        {
            life.Violate("a line that is done stays done", $"{batch} chunk {after.Number}: {before.Done.Count} to {after.Done.Count}");
        }

        if (before.Ended && !after.Ended)
        {
            life.Violate("a chunk that has ended stays so", $"{batch} chunk {after.Number}");
        }
    }

    /// <summary>
    /// Whether the line stood when the worker last claimed its chunk. One that was overtaken and has not seen it yet may send what another
    /// has done meanwhile.
    /// </summary>
    private bool WasDoneWhenClaimed(Batch batch, int line, IHost host) =>
        ChunkOf(batch, line) is { } chunk
        && (!_claimed.TryGetValue((host, batch.Id, chunk.Number), out var done) || done.Contains(line - chunk.LinesBefore));

    private Chunk? ChunkOf(Batch batch, int line) => _chunks.TryGetValue(batch.Id, out var chunks)
        ? chunks.Values.FirstOrDefault(chunk => line >= chunk.LinesBefore && line < chunk.LinesBefore + chunk.Lines)
        : null;
}
