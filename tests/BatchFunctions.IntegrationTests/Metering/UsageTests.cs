using System.Net.Http.Json;
using System.Text.Json;
using BatchFunctions.Batches;
using BatchFunctions.Ids;
using BatchFunctions.IntegrationTests.Api;
using BatchFunctions.IntegrationTests.Files;
using BatchFunctions.IntegrationTests.Processing;
using BatchFunctions.Metering;
using BatchFunctions.Processing;
using BatchFunctions.Protocol;
using BatchFunctions.Storage;
using BatchFunctions.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace BatchFunctions.IntegrationTests.Metering;

/// <summary>What projects have used, counted as their batches end.</summary>
public sealed class UsageTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider _time = new(Start);
    private readonly ScriptedSteps _steps = new();
    private readonly ScriptedUpstream _upstream = new();
    private ApiDriver _api = null!;

    public async Task InitializeAsync()
    {
        await _upstream.Answer(call => call.Marker switch
        {
            "m1" => ScriptedAnswer.Error(400),
            "m2" => ScriptedAnswer.Error(422),
            _ => ScriptedAnswer.Chat(call),
        }).StartAsync();
        _api = await ApiDriver.StartAsync(
            TestStorage.NewStrictAccount(),
            new Dictionary<string, string?> { ["Batch:Upstream:BaseUrl"] = _upstream.Address.ToString(), ["Batch:Upstream:MaxAttempts"] = "1" },
            services => services.AddSingleton<TimeProvider>(_time).AddSingleton<ProtocolSteps>(_steps));
    }

    public async Task DisposeAsync()
    {
        await _api.DisposeAsync();
        await _upstream.DisposeAsync();
    }

    [Fact]
    public async Task What_ended_on_a_day_is_counted_there_with_all_that_it_came_to()
    {
        await RunAsync(BatchDriver.LinesOf(5));
        await RunAsync("no JSON\n");
        await CancelledAsync(BatchDriver.LinesOf(2));
        _time.Advance(TimeSpan.FromDays(2));
        await RunAsync(BatchDriver.LinesOf(1));

        var page = await AskAsync($"?start={Start.ToUnixTimeSeconds()}&end={Start.AddDays(3).ToUnixTimeSeconds()}");

        Assert.Equal("page", page.GetProperty("object").GetString());
        var days = page.GetProperty("data").EnumerateArray().ToList();
        Assert.Equal([1, 0, 1, 0], days.Select(day => day.GetProperty("results").GetArrayLength()));
        Assert.Equal(
            Enumerable.Range(0, 5).Select(day => new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero).AddDays(day).ToUnixTimeSeconds()),
            [.. days.Select(day => day.GetProperty("start_time").GetInt64()), days[^1].GetProperty("end_time").GetInt64()]);
        var first = days[0].GetProperty("results")[0];
        Assert.Equal("""{"total":3,"completed":1,"failed":1,"expired":0,"cancelled":1}""", Text(first, "batches"));
        Assert.Equal("""{"total":5,"completed":3,"failed":2}""", Text(first, "requests"));
        Assert.Equal("""[{"kind":"400","requests":1},{"kind":"422","requests":1}]""", Text(first, "failures"));
        Assert.Equal((5, 21, 9), (Number(first, "num_model_requests"), Number(first, "input_tokens"), Number(first, "output_tokens")));
        Assert.Equal("""{"total":1,"completed":1,"failed":0,"expired":0,"cancelled":0}""", Text(days[2].GetProperty("results")[0], "batches"));
    }

    [Fact]
    public async Task By_model_there_is_a_result_for_each_and_none_of_another_projects()
    {
        await RunAsync(BatchDriver.LinesOf(3));
        await RunAsync(BatchDriver.LinesOf(1).Replace("\"model\":\"scripted\"", "\"model\":\"large\"", StringComparison.Ordinal));
        await RunAsync("no JSON\n");
        using var other = await _api.ClientOfAsync("other");

        var results = (await AskAsync("?group_by=model")).GetProperty("data").EnumerateArray().Single().GetProperty("results").EnumerateArray().ToList();
        var others = await other.GetFromJsonAsync<JsonElement>("v1/usage");

        var models = results.Select(result => result.GetProperty("model").GetString()).ToList();
        Assert.Equal(results.Count, models.Distinct().Count());
        Assert.Contains(null, models);
        Assert.Equal([3, 1, 0], results.Select(result => Number(result.GetProperty("requests"), "total")));
        Assert.All(others.GetProperty("data").EnumerateArray(), day => Assert.Equal(0, day.GetProperty("results").GetArrayLength()));
        Assert.Equal(30, others.GetProperty("data").GetArrayLength());
    }

    [Theory]
    [InlineData("?start=x", "invalid_type", "start")]
    [InlineData("?start=-1", "integer_below_min_value", "start")]
    [InlineData("?end=999999999999", "integer_above_max_value", "end")]
    [InlineData("?start=1000&end=1000", "invalid_value", "start")]
    [InlineData("?start=99999999999", "invalid_value", "start")]
    [InlineData("?start=0", "range_too_long", "start")]
    [InlineData("?start=0&end=31622401", "range_too_long", "start")]
    [InlineData("?start=1&start=2", "invalid_type", "start")]
    [InlineData("?group_by=key", "invalid_value", "group_by")]
    [InlineData("?days=3", "unknown_parameter", "days")]
    public async Task What_cannot_be_asked_for_is_refused_by_name(string query, string code, string param)
    {
        using var response = await _api.Client.GetAsync(new Uri("v1/usage" + query, UriKind.Relative));
        (await Answer.OfAsync(response)).ShouldFail(400, code, param);
    }

    [Theory]
    [InlineData("?start=0&end=31622400", 366)]
    [InlineData("?end=0", 1)]
    [InlineData("?start=86399&end=86401", 2)]
    public async Task The_bounds_are_days(string query, int days) =>
        Assert.Equal(days, (await AskAsync(query)).GetProperty("data").GetArrayLength());

    [Theory]
    [InlineData(nameof(ProtocolStep.BatchEndWritten))]
    [InlineData(nameof(ProtocolStep.UsageWritten))]
    [InlineData(nameof(ProtocolStep.ChunkRowsDeleted))]
    [InlineData(nameof(ProtocolStep.ActiveRowDeleted))]
    public async Task A_crash_at_any_step_counts_a_batch_once(string name)
    {
        var step = Enum.Parse<ProtocolStep>(name);
        var id = await CreatedAsync(BatchDriver.LinesOf(5));
        _steps.CrashAt(step, times: 3);
        for (var runs = 0; runs < 4; runs++)
        {
            try
            {
                await _api.Get<BatchValidation>().RunAsync(new BatchKey("local", id), default);
            }
            catch (SimulatedCrashException)
            {
                // Its message comes again.
            }
        }

        Assert.True(_steps.Reached.ContainsKey(step));
        await _api.Get<BatchAdvance>().AdvanceAsync(new BatchKey("local", id), default);

        await AssertOneAsync();

        // Who wakes days later finds no row any more that says so, and counts nothing all the same.
        _time.Advance(TimeSpan.FromDays(2));
        await _api.Get<Expiry>().RunDueAsync(default);
        Assert.Empty(await MarkersAsync());
        await _api.Get<BatchFinish>().FinishAsync((await _api.Batches.FindAsync(new BatchKey("local", id), default))!, default);
        await AssertOneAsync();
    }

    [Fact]
    public async Task Batches_that_end_at_once_in_several_processes_are_all_counted_and_each_once()
    {
        var stores = Enumerable.Range(0, 3).Select(_ => new UsageStore(_api.Get<StorageClients>(), TimeProvider.System)).ToList();
        var used = UsageSum.None with { Completed = 1, Lines = 10, LinesFailed = 2, Failures = FailureKinds.None.WithStatus(429).WithCode("request_timeout") };
        var day = DateOnly.FromDateTime(Start.UtcDateTime);

        await Parallel.ForEachAsync(Enumerable.Range(0, 120), new ParallelOptions { MaxDegreeOfParallelism = 12 }, async (i, ct) =>
            await stores[i % 3].AddAsync(new BatchKey("local", $"batch_{i / 2}"), new UsageOfDay(day, $"model-{i / 2 % 3}", used), ct));

        var rows = await stores[0].ListAsync("local", day, day, default).ToListAsync();
        Assert.Equal(["model-0", "model-1", "model-2"], rows.Select(row => row.Model).Order());
        Assert.All(rows, row => Assert.Equal((20, 200, 40, 20), (row.Sum.Batches, row.Sum.Lines, row.Sum.LinesFailed, row.Sum.Failures.All.First().Count)));
        stores.ForEach(store => store.Dispose());
    }

    [Fact]
    public async Task Models_beyond_fifty_a_day_are_counted_as_one()
    {
        var store = _api.Get<UsageStore>();
        var day = DateOnly.FromDateTime(Start.UtcDateTime);
        for (var i = 0; i < 60; i++)
        {
            await store.AddAsync(new BatchKey("local", $"batch_{i}"), new UsageOfDay(day, $"model/{i}?#\\", UsageSum.None with { Completed = 1 }), default);
        }

        var rows = await store.ListAsync("local", day, day, default).ToListAsync();
        Assert.Equal(UsageStore.MostModels + 1, rows.Count);
        Assert.Equal(10, rows.Single(row => row.Model == UsageStore.OtherModels).Sum.Batches);
        Assert.Equal(60, rows.Sum(row => row.Sum.Batches));
    }

    private async Task AssertOneAsync()
    {
        var days = (await AskAsync("")).GetProperty("data").EnumerateArray().SelectMany(day => day.GetProperty("results").EnumerateArray());
        var result = Assert.Single(days);
        Assert.Equal(1, Number(result.GetProperty("batches"), "total"));
        Assert.Equal("""{"total":5,"completed":3,"failed":2}""", Text(result, "requests"));
    }

    private async Task<IReadOnlyList<string>> MarkersAsync() => await _api.Get<StorageClients>().Tables.GetTableClient(TableNames.Usage)
        .QueryAsync<Azure.Data.Tables.TableEntity>()
        .Select(row => row.RowKey)
        .Where(key => key.StartsWith("batch|", StringComparison.Ordinal))
        .ToListAsync();

    private static long Number(JsonElement result, string name) => result.GetProperty(name).GetInt64();

    private static string Text(JsonElement result, string name) => JsonSerializer.Serialize(result.GetProperty(name));

    private async Task<JsonElement> AskAsync(string query)
    {
        using var response = await _api.Client.GetAsync(new Uri("v1/usage" + query, UriKind.Relative));
        return (await Answer.OfAsync(response)).Should(200).Json;
    }

    private async Task<string> CreatedAsync(string input)
    {
        using var uploaded = await _api.Client.PostAsync(
            new Uri("v1/files", UriKind.Relative), Forms.Of(Forms.Field("purpose", "batch"), Forms.File(input, "input.jsonl")));
        var answer = await Answer.OfAsync(uploaded);

        // A file whose first line is no JSON is refused: it comes behind one that is.
        var file = (int)answer.Status == 200 ? answer.Text("id") : await UploadedAsync(BatchDriver.LineOf(0) + "\n" + input);
        using var created = await _api.Client.PostAsJsonAsync(
            "v1/batches", new { input_file_id = file, endpoint = "/v1/chat/completions", completion_window = "24h" });
        return (await Answer.OfAsync(created)).Should(200).Text("id");
    }

    private async Task<string> UploadedAsync(string input)
    {
        using var uploaded = await _api.Client.PostAsync(
            new Uri("v1/files", UriKind.Relative), Forms.Of(Forms.Field("purpose", "batch"), Forms.File(input, "input.jsonl")));
        return (await Answer.OfAsync(uploaded)).Should(200).Text("id");
    }

    private async Task RunAsync(string input) => await _api.Get<BatchValidation>().RunAsync(new BatchKey("local", await CreatedAsync(input)), default);

    /// <summary>A batch that is cancelled before any of its lines is known.</summary>
    private async Task CancelledAsync(string input)
    {
        var key = new BatchKey("local", await CreatedAsync(input));
        await _api.Get<BatchCancellation>().CancelAsync(key, default);
        await _api.Get<BatchAdvance>().AdvanceAsync(key, default);
        Assert.Equal(BatchStatus.Cancelled, (await _api.Batches.FindAsync(key, default))!.Status);
    }
}
