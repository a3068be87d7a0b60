using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Azure.Data.Tables;
using Azure.Storage.Blobs.Models;
using BatchFunctions.ActiveBatches;
using BatchFunctions.Ids;
using BatchFunctions.IntegrationTests.Api;
using BatchFunctions.IntegrationTests.Files;
using BatchFunctions.Keys;
using BatchFunctions.Processing;
using BatchFunctions.Projects;
using BatchFunctions.Protocol;
using BatchFunctions.Storage;
using BatchFunctions.Testing;
using BatchFunctions.Wakeups;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace BatchFunctions.IntegrationTests.Processing;

/// <summary>Projects that are erased: storage is read through afterwards.</summary>
public sealed class ProjectErasureTests : IAsyncLifetime
{
    private const string Project = "to-be-erased";
    private const string Other = "neighbour";
    private const string Prompt = "the-words-of-a-prompt";

    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly FickleSteps _steps = new();
    private readonly ScriptedUpstream _upstream = new();
    private readonly RecordedLogs _logs = new();
    private ApiDriver _api = null!;

    public async Task InitializeAsync()
    {
        await _upstream.Answer(call => call.Marker == "m1" ? ScriptedAnswer.Error(400) : ScriptedAnswer.Chat($"{Prompt} answered")).StartAsync();
        _api = await ApiDriver.StartAsync(
            TestStorage.NewStrictAccount(),
            new Dictionary<string, string?>
            {
                ["Batch:Upstream:BaseUrl"] = _upstream.Address.ToString(),
                ["Batch:Upstream:MaxAttempts"] = "1",
                ["Batch:AdvanceDelay"] = "00:00:00",
                ["Batch:SweepInterval"] = "00:00:01",
                ["Batch:Lease"] = "00:00:02",
                ["Batch:Checkpoint"] = "00:00:00.500",
                ["Batch:StatusPoll"] = "00:00:00.500",
            },
            services => services.AddSingleton<TimeProvider>(_time).AddSingleton<ProtocolSteps>(_steps)
                .AddLogging(logging => logging.AddProvider(_logs).AddFilter<RecordedLogs>(null, LogLevel.Trace)));
    }

    public async Task DisposeAsync()
    {
        await _api.DisposeAsync();
        await _upstream.DisposeAsync();
        _logs.Dispose();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    public async Task Nothing_is_left_of_it_whoever_is_killed_over_it_and_its_neighbour_has_everything(int kills)
    {
        await FillAsync(Other);
        await Eventually.UntilAsync(
            async () =>
            {
                await HandleMessagesAsync();
                await _api.Get<BatchSweep>().RunTimerAsync(default);
                return await _api.Get<ActiveBatchStore>().CountAsync(1, default) == 0;
            },
            TimeSpan.FromMinutes(1),
            "the neighbour's batches have ended");
        var before = await StoredAsync();
        var ids = await FillAsync(Project);
        using var client = await _api.ClientOfAsync(Project);
        await _api.Get<ProjectStore>().BeginErasureAsync(Project, _time.GetUtcNow(), default);
        _steps.Kills = kills;

        for (var minutes = 0; minutes < 60 && await IsErasingAsync(); minutes++)
        {
            _time.Advance(TimeSpan.FromMinutes(1));
            await _api.Get<BatchSweep>().RunTimerAsync(default);
            await HandleMessagesAsync();
        }

        Assert.False(await IsErasingAsync());
        Assert.Equal(0, _steps.Kills);
        await Eventually.UntilAsync(
            async () =>
            {
                await HandleMessagesAsync();

                // In small steps: a share that cannot be given up within three seconds stays in the ledger until somebody else writes to it.
                _time.Advance(TimeSpan.FromSeconds(0.25));
                return await MessagesAsync() == 0
                    && !(await StoredAsync()).Any(stored => stored.StartsWith(TableNames.Fleet, StringComparison.Ordinal) && stored.Contains(Project, StringComparison.Ordinal));
            },
            TimeSpan.FromMinutes(1),
            "no message is left, and nobody wants lines for it");
        var after = await StoredAsync();
        Assert.DoesNotContain(after, stored => ids.Append(Project).Any(id => stored.Contains(id, StringComparison.Ordinal)));
        Assert.Equal(before.Where(IsContent).Order(), after.Where(IsContent).Order());
        Assert.DoesNotContain(_logs.Records, record => record.Text.Contains(Prompt, StringComparison.Ordinal));

        // The name may be used again, by whoever is given a key then.
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync(new Uri("v1/batches", UriKind.Relative))).StatusCode);
        using var again = await _api.ClientOfAsync(Project);
        var list = await again.GetFromJsonAsync<JsonElement>("v1/batches");
        Assert.Equal(0, list.GetProperty("data").GetArrayLength());
    }

    [Fact]
    public async Task From_the_mark_on_nothing_new_is_taken_and_nothing_goes_until_every_process_knows()
    {
        await FillAsync(Project);
        using var client = await _api.ClientOfAsync(Project);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync(new Uri("v1/batches", UriKind.Relative))).StatusCode);
        await _api.Get<ProjectStore>().BeginErasureAsync(Project, _time.GetUtcNow(), default);
        _time.Advance(ProjectReader.Age);

        // The key is good for up to a minute more; what it would store is refused.
        using var form = Forms.Of(Forms.Field("purpose", "batch"), Forms.File(BatchDriver.LinesOf(1), "input.jsonl"));
        using var uploaded = await client.PostAsync(new Uri("v1/files", UriKind.Relative), form);
        (await Answer.OfAsync(uploaded)).ShouldFail(403, "project_being_erased", null);
        using var begun = await client.PostAsJsonAsync("v1/uploads", new { filename = "a", purpose = "user_data", bytes = 5, mime_type = "text/plain" });
        (await Answer.OfAsync(begun)).ShouldFail(403, "project_being_erased", null);
        var file = (await client.GetFromJsonAsync<JsonElement>("v1/files?purpose=batch")).GetProperty("data")[0].GetProperty("id").GetString();
        using var made = await client.PostAsJsonAsync("v1/batches", new { input_file_id = file, endpoint = "/v1/chat/completions", completion_window = "24h" });
        (await Answer.OfAsync(made)).ShouldFail(403, "project_being_erased", null);
        await Assert.ThrowsAsync<InvalidOperationException>(() => _api.Get<ProjectStore>().ChangeAsync(Project, project => project with { Weight = 3 }, default));

        await _api.Get<BatchSweep>().RunTimerAsync(default);
        Assert.Contains(await StoredAsync(), stored => stored.StartsWith($"{TableNames.Files} {Project}", StringComparison.Ordinal));
        Assert.DoesNotContain(await _api.Get<ApiKeyStore>().ListAsync(default).ToListAsync(), key => key.Project == Project && key.RevokedAt is null);
    }

    [Fact]
    public void The_list_of_what_a_project_has_covers_all_tables_containers_and_queues()
    {
        Assert.Equal(TableNames.All.Order(), ProjectContent.Tables.Select(content => content.Table).Order());
        Assert.Equal(ContainerNames.All.Order(), ProjectContent.Containers.Select(content => content.Container).Order());
        Assert.Equal(QueueNames.All.Order(), ProjectContent.Queues.Order());
        Assert.Equal("PartitionKey eq 'a' or (PartitionKey ge 'a|' and PartitionKey lt 'a}')", new TableContent("some", RowsBy.PartitionBegins).FilterOf("a"));
    }

    /// <summary>What a project may have: batches that ended, one with a retry, one that was deleted, and that wait; files, uploads, usage, settings, keys.</summary>
    /// <returns>Its ids.</returns>
    private async Task<IReadOnlyList<string>> FillAsync(string project)
    {
        using var client = await _api.ClientOfAsync(project);
        client.DefaultRequestHeaders.Add("Idempotency-Key", "a-key-of-the-callers");
        await _api.Get<ProjectStore>().ChangeAsync(project, set => set with { Weight = 2 }, default);
        var ids = new List<string>();
        for (var i = 0; i < 4; i++)
        {
            client.DefaultRequestHeaders.Remove("Idempotency-Key");
            client.DefaultRequestHeaders.Add("Idempotency-Key", $"key-{i}");
            using var form = Forms.Of(
                Forms.Field("purpose", "batch"),
                Forms.File(string.Concat(Enumerable.Range(0, 3).Select(line => InputLines.Chat($"line-{line}", $"m{line} {Prompt} {i}"))), "input.jsonl"));
            using var uploaded = await client.PostAsync(new Uri("v1/files", UriKind.Relative), form);
            ids.Add((await Answer.OfAsync(uploaded)).Should(200).Text("id"));
            using var created = await client.PostAsJsonAsync(
                "v1/batches", new { input_file_id = ids[^1], endpoint = "/v1/chat/completions", completion_window = "24h", metadata = new { words = Prompt } });
            ids.Add((await Answer.OfAsync(created)).Should(200).Text("id"));
            if (i < 3)
            {
                await _api.Get<BatchValidation>().RunAsync(new BatchKey(project, ids[^1]), default);
            }
        }

        using var deleted = await client.DeleteAsync(new Uri($"v1/batches/{ids[1]}", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, deleted.StatusCode);
        using var hidden = await client.DeleteAsync(new Uri($"v1/files/{ids[^2]}", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, hidden.StatusCode);
        using var begun = await client.PostAsJsonAsync("v1/uploads", new { filename = Prompt, purpose = "user_data", bytes = 50, mime_type = "text/plain" });
        ids.Add((await Answer.OfAsync(begun)).Should(200).Text("id"));
        using var part = Forms.Of(Forms.File(Prompt, "part", name: "data"));
        using var added = await client.PostAsync(new Uri($"v1/uploads/{ids[^1]}/parts", UriKind.Relative), part);
        (await Answer.OfAsync(added)).Should(200);
        return ids;
    }

    /// <summary>What stays as it is while others are swept: no wake-ups, times or counts.</summary>
    private static bool IsContent(string stored) => stored.StartsWith("blob ", StringComparison.Ordinal)
        || ((string[])[TableNames.Files, TableNames.Usage, TableNames.Idempotency, TableNames.ApiKeys]).Any(table => stored.StartsWith($"{table} {Other}", StringComparison.Ordinal));

    private async Task<bool> IsErasingAsync() => (await _api.Get<ProjectStore>().FindAsync(Project, default)).ErasingSince is not null;

    /// <summary>Every row with all that is in it, and every blob with its name and content.</summary>
    private async Task<IReadOnlyList<string>> StoredAsync()
    {
        var storage = _api.Get<StorageClients>();
        var stored = new List<string>();
        foreach (var table in TableNames.All)
        {
            await foreach (var row in storage.Tables.GetTableClient(table).QueryAsync<TableEntity>())
            {
                stored.Add($"{table} {row.PartitionKey} {row.RowKey} {string.Join(' ', row.Where(pair => pair.Key is not ("Timestamp" or "odata.etag")).Select(pair => pair.Value is byte[] bytes ? Encoding.UTF8.GetString(bytes) : $"{pair.Value}"))}"
                    + (IdKind.Batch.IsValid(row.PartitionKey) ? "" : $" {IdIn(table, row.RowKey)}"));
            }
        }

        foreach (var container in ContainerNames.All)
        {
            var blobs = storage.Blobs.GetBlobContainerClient(container);
            await foreach (var blob in blobs.GetBlobsAsync(BlobTraits.None, BlobStates.Uncommitted, null, default))
            {
                stored.Add($"blob {container}/{blob.Name}");
            }
        }

        return stored;
    }

    private static string IdIn(string table, string rowKey) => table switch
    {
        TableNames.Batches => IdKind.Batch.IdOf(rowKey),
        TableNames.Files => IdKind.File.IdOf(rowKey),
        TableNames.Uploads => IdKind.Upload.IdOf(rowKey),
        _ => "",
    };

    private async Task<int> MessagesAsync()
    {
        var count = 0;
        foreach (var queue in QueueNames.All)
        {
            count += (await _api.Get<StorageClients>().Queues.GetQueueClient(queue).GetPropertiesAsync()).Value.ApproximateMessagesCount;
        }

        return count;
    }

    /// <summary>Handles what is visible on the queues, but for the sweeps, which the test makes.</summary>
    private async Task HandleMessagesAsync()
    {
        foreach (var name in QueueNames.Working)
        {
            var queue = _api.Get<StorageClients>().Queues.GetQueueClient(name);
            while ((await queue.ReceiveMessagesAsync(32, TimeSpan.FromMinutes(5))).Value is { Length: > 0 } messages)
            {
                foreach (var message in messages)
                {
                    if (BatchMessage.Parse(message.Body).Kind != BatchMessageKind.Sweep)
                    {
                        await (name == QueueNames.Steps ? _api.Get<BatchJobs>().StepAsync(message, default) : _api.Get<BatchJobs>().ChunkAsync(message, default));
                    }

                    await queue.DeleteMessageAsync(message.MessageId, message.PopReceipt);
                }
            }
        }
    }

    /// <summary>Kills whoever erases a project, each time a little further on.</summary>
    private sealed class FickleSteps : ProtocolSteps
    {
        private int _reached;
        private int _next = 1;

        public int Kills { get; set; }

        public override ValueTask ReachedAsync(ProtocolStep step, CancellationToken ct)
        {
            if (Kills == 0 || step is not (ProtocolStep.ProjectKeysRevoked or ProtocolStep.ProjectBatchEnded or ProtocolStep.ProjectBlobRemoved
                or ProtocolStep.ProjectRowRemoved or ProtocolStep.ProjectErased))
            {
                return ValueTask.CompletedTask;
            }

            if (Interlocked.Increment(ref _reached) < _next)
            {
                return ValueTask.CompletedTask;
            }

            Kills--;
            _reached = 0;
            _next = step == ProtocolStep.ProjectErased || Kills > 5 ? _next : _next + 3;
            throw new SimulatedCrashException(step);
        }
    }
}
