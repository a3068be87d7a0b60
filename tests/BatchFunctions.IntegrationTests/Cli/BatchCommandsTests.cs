using System.Text.Json;
using BatchFunctions.Batches;
using BatchFunctions.Cli;
using BatchFunctions.IntegrationTests.Api;
using BatchFunctions.IntegrationTests.Clients;
using BatchFunctions.Testing;

namespace BatchFunctions.IntegrationTests.Cli;

/// <summary><c>list</c>, <c>show</c>, <c>wait</c>, <c>cancel</c> and <c>results</c> against the whole service.</summary>
public sealed class BatchCommandsTests : IAsyncLifetime
{
    /// <summary>Of one moment: storing many takes longer than they are apart.</summary>
    private readonly DateTimeOffset _now = DateTimeOffset.UtcNow;
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ScriptedUpstream _upstream = null!;
    private ServiceDriver _service = null!;
    private CliDriver _cli = null!;

    public async Task InitializeAsync()
    {
        _upstream = await new ScriptedUpstream().StartAsync();
        _upstream.Answer(call => ScriptedAnswer.Chat(call).After(_released.Task));
        _service = await ServiceDriver.StartAsync(
            new Dictionary<string, string?> { ["Batch:Upstream:BaseUrl"] = _upstream.Address.ToString() });
        _cli = new CliDriver(_service.Endpoint, _service.Key);
    }

    public async Task DisposeAsync()
    {
        _cli.Dispose();
        await _service.DisposeAsync();
        await _upstream.DisposeAsync();
    }

    [Fact]
    public async Task A_list_is_a_table_for_people_newest_first()
    {
        var older = await InsertAsync(TimeSpan.FromHours(2));
        var newer = await InsertAsync(TimeSpan.FromMinutes(3));

        var list = await _cli.RunAsync("list");

        list.AssertExit(ExitCodes.Done);
        var lines = list.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Assert.Matches(@"^ID\s+STATUS\s+PROGRESS\s+CREATED\s+MODEL$", lines[0]);
        Assert.Matches($@"^{newer}\s+in_progress\s+-\s+3 min ago\s+-$", lines[1]);
        Assert.Matches($@"^{older}\s+in_progress\s+-\s+2 h ago\s+-$", lines[2]);
        Assert.Equal(3, lines.Length);
    }

    [Fact]
    public async Task The_whole_list_is_walked_page_by_page()
    {
        var ids = new List<string>();
        for (var i = 0; i < 230; i++)
        {
            ids.Add(await InsertAsync(TimeSpan.FromSeconds(i)));
        }

        var all = await _cli.RunAsync("list", "--all", "--json");
        var first = await _cli.RunAsync("list", "--json");
        var some = await _cli.RunAsync("list", "--json", "--limit", "101");

        Assert.Equal(ids, IdsOf(all));
        Assert.Equal(ids.Take(20), IdsOf(first));
        Assert.Equal(ids.Take(101), IdsOf(some));
    }

    [Fact]
    public async Task A_list_is_of_those_batches_alone_that_are_asked_for()
    {
        var old = await InsertAsync(TimeSpan.FromHours(30), batch => batch with { Model = "small" });
        var failed = await InsertAsync(TimeSpan.FromHours(2), batch => batch.WithStatus(BatchStatus.Failed));
        var tagged = await InsertAsync(TimeSpan.FromMinutes(3), batch => batch with { Metadata = new Dictionary<string, string> { ["job"] = "a=b" } });

        Assert.Equal([failed], IdsOf(await _cli.RunAsync("list", "--json", "--status", "failed,expired", "--status", "completed")));
        Assert.Equal([old], IdsOf(await _cli.RunAsync("list", "--json", "--model", "small")));
        Assert.Equal([tagged], IdsOf(await _cli.RunAsync("list", "--json", "--metadata", "job=a=b")));
        Assert.Equal([tagged, failed], IdsOf(await _cli.RunAsync("list", "--json", "--since", "1d")));
        Assert.Equal([failed, old], IdsOf(await _cli.RunAsync("list", "--json", "--until", "1h")));
        Assert.Equal([tagged, failed, old], IdsOf(await _cli.RunAsync("list", "--json", "--endpoint", "/v1/chat/completions", "--since", "2020-01-01")));
        (await _cli.RunAsync("list", "--model", "large")).AssertOneLine(ExitCodes.Done, "There are no such batches");
        (await _cli.RunAsync("list", "--status", "done")).AssertExit(ExitCodes.Usage);
        (await _cli.RunAsync("list", "--since", "yesterday")).AssertExit(ExitCodes.Usage);
    }

    [Fact]
    public async Task Ended_batches_are_deleted_and_those_that_have_not_ended_are_not()
    {
        var ended = await InsertAsync(TimeSpan.FromHours(2), batch => batch.WithStatus(BatchStatus.Failed));
        var other = await InsertAsync(TimeSpan.FromHours(1), batch => batch.WithStatus(BatchStatus.Completed));
        var running = await InsertAsync(TimeSpan.FromMinutes(1));

        var deleted = await _cli.RunAsync("delete", ended, running, other);

        deleted.AssertExit(ExitCodes.Refused);
        Assert.Contains($"Batch {ended} is deleted", deleted.Errors, StringComparison.Ordinal);
        Assert.Contains($"Batch {running}: ", deleted.Errors, StringComparison.Ordinal);
        Assert.Equal([running], IdsOf(await _cli.RunAsync("list", "--json")));
        (await _cli.RunAsync("delete", running)).AssertOneLine(ExitCodes.Refused, "it has not ended");
        (await _cli.RunAsync("delete", ended)).AssertOneLine(ExitCodes.Refused, "No batch found");
        (await _cli.RunAsync("delete")).AssertExit(ExitCodes.Usage);
    }

    [Fact]
    public async Task An_empty_list_says_so_beside_an_empty_output()
    {
        var list = await _cli.RunAsync("list");

        list.AssertOneLine(ExitCodes.Done, "There are no batches", "batch run");
        Assert.Empty(list.Output);
    }

    [Fact]
    public async Task A_batch_is_shown_with_its_course_counts_and_files()
    {
        var made = await MakeAsync("a", "b");
        _released.SetResult();
        await _cli.RunAsync("wait", made);

        var show = await _cli.RunAsync("show", made);

        show.AssertExit(ExitCodes.Done);
        Assert.Matches(@"Status\s+completed", show.Output);
        Assert.Matches(@"Lines\s+2/2", show.Output);
        Assert.Matches(@"Tokens\s+14 in, 6 out", show.Output);
        Assert.Matches(@"Completed\s+\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", show.Output);
        Assert.Matches(@"Output\s+file-", show.Output);
        Assert.Matches(@"Metadata\s+team=search", show.Output);
    }

    [Fact]
    public async Task Json_of_one_batch_is_what_the_service_says()
    {
        var made = await MakeAsync("a");

        var show = await _cli.RunAsync("show", made, "--json");

        using var http = new HttpClient();
        http.DefaultRequestHeaders.Authorization = new("Bearer", _service.Key);
        var said = JsonDocument.Parse(await http.GetStringAsync(new Uri($"{_service.Endpoint}/batches/{made}"))).RootElement;
        var shown = JsonDocument.Parse(show.Output).RootElement;
        Assert.Equal(
            said.EnumerateObject().Select(property => property.Name), shown.EnumerateObject().Select(property => property.Name));
        Assert.Equal(made, shown.GetProperty("id").GetString());
    }

    [Fact]
    public async Task A_batch_that_has_not_ended_has_no_results_yet()
    {
        var made = await MakeAsync("a");

        var results = await _cli.RunAsync("results", made);

        results.AssertOneLine(ExitCodes.Refused, "has no results yet", $"`batch wait {made} -o results.jsonl`");
    }

    [Fact]
    public async Task A_batch_that_is_cancelled_leaves_its_lines_and_its_own_exit_code()
    {
        var made = await MakeAsync("a", "b");
        await Eventually.UntilAsync(() => _upstream.InFlight == 2, "both lines are on their way");

        var cancel = await _cli.RunAsync("cancel", made, "--wait");
        var wait = await _cli.RunAsync("wait", made, "-o", _cli.PathOf("results.jsonl"));

        cancel.AssertOneLine(ExitCodes.Done, $"Batch {made} is cancelled");
        wait.AssertExit(ExitCodes.BatchStopped);
        Assert.Contains($"Batch {made} was cancelled: 0 of 2 lines were answered", wait.Errors, StringComparison.Ordinal);
        Assert.Equal(["a", "b"], CliDriver.IdsIn(_cli.Read("results.errors.jsonl")));
    }

    [Fact]
    public async Task A_batch_that_has_completed_cannot_be_cancelled_and_is_not_asked_for_twice()
    {
        var made = await MakeAsync("a");
        _released.SetResult();
        await _cli.RunAsync("wait", made);

        var cancel = await _cli.RunAsync("cancel", made);

        cancel.AssertOneLine(ExitCodes.Refused, "Cannot cancel a batch with status 'completed'.");
    }

    private async Task<string> MakeAsync(params string[] ids)
    {
        var made = await _cli.RunAsync("run", _cli.WriteRequests(ids), "--no-wait", "--metadata", "team=search");
        made.AssertExit(ExitCodes.Done);
        return made.Output.TrimEnd();
    }

    private async Task<string> InsertAsync(TimeSpan age, Func<Batch, Batch>? change = null)
    {
        var batch = ApiDriver.BatchOf("clients", _now - age);
        batch = change?.Invoke(batch) ?? batch;
        Assert.NotNull(await _service.Get<BatchStore>().TryInsertAsync(batch, CancellationToken.None));
        return batch.Id;
    }

    private static IEnumerable<string> IdsOf(CliRun list) => list.Output
        .Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Select(line => JsonDocument.Parse(line).RootElement.GetProperty("id").GetString()!);
}
