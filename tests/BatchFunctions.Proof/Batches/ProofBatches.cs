using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using BatchFunctions.ActiveBatches;
using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.Storage;
using BatchFunctions.Testing;

namespace BatchFunctions.Proof.Batches;

/// <summary>
/// The batches of one account, from their making to the check: some complete (with lines that fail), some are
/// cancelled, some expire, some have a wrong input. What is there is read from storage, not from answers that a killed
/// worker may never have given.
/// </summary>
internal sealed class ProofBatches(Account account, ScriptedUpstream upstream, ProofEvents events, Tally tally) : IDisposable
{
    /// <summary>Lines of a quick batch, which completes, and of a slow one, which is cancelled or expires.</summary>
    private const int QuickLines = 45;
    private const int SlowLines = 110;
    private const string NameKey = "name";
    private const string LinesKey = "lines";

    private readonly HttpClient _http = new()
    {
        DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", account.Key) },
        Timeout = TimeSpan.FromSeconds(10),
    };

    private readonly ConcurrentDictionary<string, Batch> _seen = new();
    private readonly GrowingFiles _files = new(account, tally);

    /// <summary>Lines that were committed when a worker died, and how often they had been called by then.</summary>
    private readonly ConcurrentDictionary<string, int> _committed = new();

    private int _names;

    /// <summary>Quick lines of which some fail, and slow ones: what the batches are sent to.</summary>
    public static ScriptedAnswer Answer(ScriptedCall call) => call.Marker switch
    {
        var marker when marker.StartsWith("slow", StringComparison.Ordinal) =>
            ScriptedAnswer.Chat(call).After(TimeSpan.FromMilliseconds(350)),
        var marker when marker.EndsWith('3') => ScriptedAnswer.Error(400),
        _ => ScriptedAnswer.Chat(call).After(TimeSpan.FromMilliseconds(40)),
    };

    /// <summary>Has a worker make one batch of each kind, and cancel one of them; the worker may die at any moment.</summary>
    public async Task FeedAsync(Uri worker)
    {
        // The account's own window is short: what is made without the worker expires.
        await TryAsync(CreateExpiringAsync);
        await TryAsync(() => CreateAsync(worker, "quick", QuickLines));
        await TryAsync(() => CreateAsync(worker, "wrong", 3, isValid: false));
        await TryAsync(async () =>
        {
            var cancelled = await CreateAsync(worker, "slow", SlowLines);
            await Task.Delay(TimeSpan.FromSeconds(1));
            await PostAsync(new Uri(worker, $"/v1/batches/{cancelled}/cancel"), new { });
        });
    }

    /// <summary>Makes a batch of slow lines without a worker's help, which the account's short window ends.</summary>
    private async Task CreateExpiringAsync()
    {
        var name = NameOf("slow");
        await account.CreateAsync(await account.UploadAsync(name, SlowLines), Metadata(name, SlowLines));
    }

    /// <summary>Has a worker make a batch.</summary>
    /// <returns>Its id.</returns>
    private async Task<string> CreateAsync(Uri worker, string kind, int lines, bool isValid = true)
    {
        var name = NameOf(kind);
        var file = await account.UploadAsync(name, lines, isValid);
        return await PostAsync(
            new Uri(worker, "/v1/batches"),
            new
            {
                input_file_id = file,
                endpoint = "/v1/chat/completions",
                completion_window = "24h",
                metadata = Metadata(name, lines),
            });
    }

    /// <summary>Does what needs a worker, or storage, that may be gone at any moment.</summary>
    private static async Task TryAsync(Func<Task> calls)
    {
        try
        {
            await calls();
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException || StorageFaults.IsFault(e))
        {
            // It died, or storage failed it; what stands by now must end all the same.
        }
    }

    /// <summary>Waits until lines of slow batches are at the upstream, as far as they still come to be.</summary>
    public async Task UntilUnderWayAsync()
    {
        var before = upstream.Calls.Count;
        try
        {
            await Eventually.UntilAsync(
                () => Task.FromResult(upstream.InFlight > 0 && upstream.Calls.Count > before + QuickLines),
                TimeSpan.FromSeconds(8),
                "calls are under way");
        }
        catch (TimeoutException)
        {
            // All that was there is answered already; what is done next meets the batches at some other moment.
        }
    }

    /// <summary>
    /// With no worker alive: notes which lines are committed, and how often they have been called. A commit is for good, so
    /// that must be how often they are called at the end.
    /// </summary>
    public async Task NoteCommittedAsync()
    {
        foreach (var batch in (await account.ListAsync()).Where(batch => !batch.Status.HasEnded()))
        {
            await foreach (var chunk in account.Get<ChunkStore>().ListAsync(batch.Id, CancellationToken.None))
            {
                foreach (var line in Enumerable.Range(0, chunk.Lines).Where(chunk.Done.Contains))
                {
                    var marker = Account.MarkerOf(batch.Metadata![NameKey], chunk.LinesBefore + line);
                    _committed.TryAdd(marker, upstream.CallsOf(marker));
                }
            }
        }
    }

    /// <summary>Looks at every batch again and again: no count, no status and no file may go backwards.</summary>
    public async Task WatchAsync(CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            try
            {
                foreach (var batch in await account.ListAsync())
                {
                    Compare(_seen.GetValueOrDefault(batch.Id), batch);
                    await LookAsync(batch);
                }
            }
            catch (Exception e) when (StorageFaults.IsFault(e))
            {
                // Storage is down, on purpose.
            }

            await Task.Delay(500, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Waits until every batch has ended and is cleared away and no message waits; then checks the promise.</summary>
    /// <param name="limit">How long that may take.</param>
    /// <param name="log">What the worker that is still there has written lately.</param>
    public async Task EndAsync(TimeSpan limit, IEnumerable<string>? log = null)
    {
        try
        {
            await Eventually.UntilAsync(IsAtRestAsync, limit, "all batches have ended and nothing waits");
        }
        catch (TimeoutException)
        {
            tally.Violate($"not at rest after {limit}: {await DescribeAsync()}");
            foreach (var line in log ?? [])
            {
                tally.Violate($"  its worker: {line}");
            }
        }

        var check = new ResultCheck(account, tally);
        IReadOnlyList<Batch> ended = [.. (await account.ListAsync()).Where(batch => batch.Status.HasEnded())];
        await _files.CheckLeftAsync(ended);
        events.Check(ended);
        foreach (var batch in ended)
        {
            await _files.LookAsync(batch);
            await check.CheckAsync(
                batch, batch.Metadata![NameKey], int.Parse(batch.Metadata[LinesKey], CultureInfo.InvariantCulture));
        }

        tally.Add(Count.Committed, _committed.Count);
        foreach (var (marker, calls) in _committed.Where(line => upstream.CallsOf(line.Key) != line.Value))
        {
            tally.Add(Count.CommittedAgain);
            tally.Violate($"{marker} was called again after its checkpoint: {calls} calls became {upstream.CallsOf(marker)}");
        }

        tally.Add(Count.Calls, upstream.Calls.Count);
        tally.Add(Count.CallsAgain, upstream.CallsByMarker.Values.Sum(calls => calls - 1));
    }

    private async Task LookAsync(Batch batch)
    {
        if (_seen.GetValueOrDefault(batch.Id)?.ETag != batch.ETag)
        {
            await _files.LookAsync(batch);
            _seen[batch.Id] = batch;
        }
    }

    public void Dispose() => _http.Dispose();

    private static Dictionary<string, string> Metadata(string name, int lines) => new()
    {
        [NameKey] = name,
        [LinesKey] = lines.ToString(CultureInfo.InvariantCulture),
    };

    private string NameOf(string kind) =>
        string.Create(CultureInfo.InvariantCulture, $"{kind}{Interlocked.Increment(ref _names)}");

    private async Task<string> PostAsync(Uri address, object body)
    {
        using var response = await _http.PostAsJsonAsync(address, body);
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString()!;
    }

    private void Compare(Batch? before, Batch now)
    {
        if (before is null || before.ETag == now.ETag)
        {
            return;
        }

        if (now.Counts.Completed < before.Counts.Completed || now.Counts.Failed < before.Counts.Failed)
        {
            tally.Violate($"{now.Id}: counts went from {before.Counts} back to {now.Counts}");
        }

        if (before.Status.HasEnded() && now.Status != before.Status)
        {
            tally.Violate($"{now.Id}: {before.Status} became {now.Status}");
        }
    }

    private async Task<bool> IsAtRestAsync()
    {
        try
        {
            return (await account.ListAsync()).All(batch => batch.Status.HasEnded())
                && !await account.Get<ActiveBatchStore>().ListAsync(CancellationToken.None).AnyAsync()
                && await events.IsAtRestAsync()
                && (await WaitingAsync()).Count == 0;
        }
        catch (Exception e) when (StorageFaults.IsFault(e))
        {
            return false;
        }
    }

    private async Task<IReadOnlyList<string>> WaitingAsync()
    {
        var waiting = new List<string>();
        foreach (var name in QueueNames.All)
        {
            var queue = account.Storage.Queues.GetQueueClient(name);
            var count = (await queue.GetPropertiesAsync()).Value.ApproximateMessagesCount;
            if (count > 0)
            {
                var visible = await queue.PeekMessagesAsync(4);
                waiting.Add($"{name} {count}{string.Concat(visible.Value.Select(m => $" [{m.Body} taken {m.DequeueCount} times]"))}");
            }
        }

        return waiting;
    }

    private async Task<string> DescribeAsync()
    {
        var open = (await account.ListAsync()).Where(batch => !batch.Status.HasEnded())
            .Select(batch => $"{batch.Id} {batch.Status} {batch.Counts}");
        var active = await account.Get<ActiveBatchStore>().ListAsync(CancellationToken.None).CountAsync();
        return string.Join("; ", [.. open, $"{active} active rows", .. await WaitingAsync()]);
    }
}
