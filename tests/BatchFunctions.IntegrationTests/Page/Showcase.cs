using BatchFunctions.ActiveBatches;
using BatchFunctions.Batches;
using BatchFunctions.Capacity;
using BatchFunctions.Configuration;
using BatchFunctions.Fleet;
using BatchFunctions.Ids;
using BatchFunctions.Processing;
using BatchFunctions.Progress;
using BatchFunctions.Projects;
using BatchFunctions.Receivers;
using BatchFunctions.Testing;
using BatchFunctions.Webhooks;

namespace BatchFunctions.IntegrationTests.Page;

/// <summary>Batches to be looked at: one of each status, with numbers as they come.</summary>
internal static class Showcase
{
    private const string Model = "llama-3.1-8b-instruct";

    private const string TooLong = "This model's maximum context length is 8192 tokens, and the messages come to 9214.";

    private static readonly string[] Verdicts =
    [
        "Negative. The customer has waited two weeks for a replacement and asks for the money back, though they say that the person on the phone was friendly.",
        "Neutral. A question about opening hours.",
        "Positive. They thank the workshop for a repair that was done within a day.",
    ];

    /// <summary>A list as a project has it after a few days.</summary>
    public static async Task AddAsync(PageDriver driver)
    {
        await driver.AddAsync(Named("Product descriptions, spring catalogue", BatchStatus.Validating), TimeSpan.FromSeconds(3));
        await AddRunningAsync(driver);
        await driver.AddAsync(
            batch => Running(batch, 800, 800, 0).WithStatus(BatchStatus.Finalizing) with { FinalizingAt = batch.CreatedAt.AddMinutes(9), Model = Model },
            TimeSpan.FromMinutes(10));
        await driver.AddAsync(
            batch => Running(Named("Ticket summaries, second prompt", BatchStatus.Cancelling)(batch), 1_200, 402, 0),
            TimeSpan.FromMinutes(66));
        await AddEndedAsync(driver, "Embeddings of the archive, shard 4 of 9", BatchStatus.Completed, 20_000, 19_987, 13, hours: 2, minutes: 15);
        await driver.AddAsync(
            batch => batch.Fail([new BatchError("invalid_json_line", "This line is not parseable as valid JSON.", null, 3)], batch.CreatedAt.AddSeconds(1)),
            TimeSpan.FromHours(3));
        await AddEndedAsync(driver, "The whole archive in one night", BatchStatus.Expired, 50_000, 48_122, 0, hours: 30, minutes: 24 * 60);
        await AddEndedAsync(driver, "Ticket summaries, first prompt", BatchStatus.Cancelled, 1_200, 20, 0, hours: 50, minutes: 2);
        for (var run = 1; run <= 6; run++)
        {
            await AddEndedAsync(driver, $"Nightly evaluation, run {412 - run}", BatchStatus.Completed, 2_500, 2_500, 0, hours: 48 + (24 * run), minutes: 3 + (run % 3));
        }
    }

    /// <summary>One that is two thirds through, and has published its latest results.</summary>
    public static async Task<Batch> AddRunningAsync(PageDriver driver)
    {
        var input = await driver.UploadAsync(PageDriver.LineOf("a"), "tickets.jsonl");
        var added = await driver.AddAsync(
            batch => Running(Named("Support tickets: sentiment", BatchStatus.InProgress)(batch), 5_000, 3_182, 0) with
            {
                InputFileId = input,
                Metadata = new Dictionary<string, string> { ["description"] = "Support tickets: sentiment", ["queue"] = "eu" },
            },
            TimeSpan.FromMinutes(5));
        await PublishedResults.PublishAsync(
            driver, added, ResultFile.Output, [.. Enumerable.Range(3_183, 22).Select(row => PublishedResults.Answered($"ticket-{row}", Verdicts[row % Verdicts.Length]))]);
        await PublishedResults.PublishAsync(
            driver, added, ResultFile.Error, [.. new[] { 214, 1_930, 3_177 }.Select(row => PublishedResults.Refused($"ticket-{row}", TooLong))]);
        return added;
    }

    /// <summary>One that has really run to its end, with errors; its id.</summary>
    public static async Task<string> RunAsync(PageDriver driver, string status)
    {
        driver.Upstream.Answer(call => call.Marker.EndsWith('3')
            ? ScriptedAnswer.Error(400, TooLong)
            : ScriptedAnswer.Chat(call));
        var lines = string.Concat(Enumerable.Range(1, 14).Select(row => PageDriver.LineOf($"row-{row}")));
        if (status == "failed")
        {
            lines += "{\"custom_id\":\n" + PageDriver.LineOf("row-7") + PageDriver.LineOf("row-15").Replace("/v1/chat/completions", "/v1/responses", StringComparison.Ordinal);
        }

        var id = await driver.CreateAsync(lines);
        await driver.UntilAsync(id, status);
        return id;
    }

    /// <summary>Endpoints that do well, fail, and are switched off, and what was sent to them.</summary>
    public static async Task AddWebhooksAsync(PageDriver driver)
    {
        var now = DateTimeOffset.UtcNow;
        var webhooks = driver.Service.Get<WebhookStore>();
        Webhook Endpoint(string url, string? name, int days, params string[] types) => new()
        {
            Tenant = PageDriver.Project,
            Id = IdKind.Webhook.New(now.AddDays(-days)),
            Url = url,
            Name = name,
            Secret = ReceiverSecret.New(),
            Events = types.Length > 0 ? types : EventTypes.All,
        };
        var good = await webhooks.InsertAsync(Endpoint("https://hooks.example.com/batches", "Nightly evaluation", 30), default);
        var failing = await webhooks.InsertAsync(
            Endpoint("https://ops.example.com/alerts?team=eu", null, 20, "batch.failed", "batch.expired") with { FailingSince = now.AddHours(-7) }, default);
        await webhooks.InsertAsync(Endpoint("https://old.example.com/", "The system before", 90).Disable(DisabledReasons.Gone, now.AddDays(-3)), default);
        var answers = new (string Type, string Webhook, ReceiverAnswer Answer)[]
        {
            ("batch.completed", good.Id, new(200, null, null)),
            ("batch.failed", failing.Id, new(503, null, null)),
            ("batch.failed", good.Id, new(204, null, null)),
            ("batch.expired", failing.Id, new(null, ReceiverAnswer.Timeout, null)),
            ("batch.completed", good.Id, new(200, null, null)),
        };
        foreach (var ((type, webhook, answer), number) in answers.Select((one, number) => (one, number)))
        {
            var at = now.AddHours(-number);
            var delivery = Delivery.Of(new BatchKey(PageDriver.Project, IdKind.Batch.New(at)), type, at, webhook).After(answer, answer.IsGone, at);
            await driver.Service.Get<DeliveryStore>().TryInsertAsync(number == 3 ? delivery.Ended(now) : delivery, default);
        }
    }

    /// <summary>Makes the page's key an operator's.</summary>
    public static Task BecomeOperatorAsync(PageDriver driver) => driver.Service.Get<ProjectStore>().ChangeAsync(
        PageDriver.Project, project => project with { Role = ProjectRole.Operator }, CancellationToken.None);

    /// <summary>A service with three projects, and lines in flight up to the upstream's limit.</summary>
    /// <param name="driver">The page, whose key is an operator's from now on.</param>
    /// <param name="shares">What each process holds.</param>
    public static async Task AddServiceAsync(PageDriver driver, params IReadOnlyList<int> shares)
    {
        await BecomeOperatorAsync(driver);
        var now = DateTimeOffset.UtcNow;
        foreach (var (project, batches, lines) in new[] { ("archive", 7, 46_120), ("support", 2, 1_204), ("evaluation", 1, 312) })
        {
            for (var batch = 1; batch <= batches; batch++)
            {
                var made = now.AddMinutes(-20 * batch);
                await driver.Service.Get<ActiveBatchStore>().InsertAsync(
                    new ActiveBatch(new BatchKey(project, IdKind.Batch.New(made)), "file-0", made) { Status = "in_progress", Lines = lines / batches }, CancellationToken.None);
            }
        }

        await driver.Service.Get<ShareStore>().MutateAsync(
            UpstreamSettings.DefaultName,
            (_, at) => new ShareLedger(
                [.. shares.Select((holds, process) => new ShareEntry
                {
                    Worker = $"process {process}",
                    Holds = holds,
                    Until = at.AddHours(1).ToUnixTimeMilliseconds(),
                    Demand = [new ProjectDemand("archive", 1, holds * 60), new ProjectDemand("support", 1, holds * 11)],
                    Flight = new FlightSummary { Trial = 9, InFlight = holds - 1, Sent = holds * 97, Refused = holds / 9, Rate = holds / 7.0 },
                    ThroughSince = process == 1 ? null : at.AddMinutes(-9).ToUnixTimeMilliseconds(),
                    AwaySince = process == 1 ? at.AddSeconds(-40).ToUnixTimeMilliseconds() : null,
                    AwayReason = process == 1 ? "unreachable" : null,
                })],
                AutoLimitState.First(at) with { Limit = 64, Trial = 9 }),
            CancellationToken.None);
    }

    /// <summary>Lines that come faster at first, and hardly at all for a while in the middle.</summary>
    private static ProgressHistory HistoryOf(DateTimeOffset begun, int done)
    {
        double[] rates = [0, .4, 1, 1.3, 1.2, 1.4, 1.3, 1.5, 1.4, .2, .1, .1, .9, 1.1, 1, 1.2, 1.1, 1, 1.05, 1.1];
        var history = ProgressHistory.None.With(begun, 0);
        for (var step = 1; step <= rates.Length; step++)
        {
            history = history.With(begun.AddSeconds(14.5 * step), (long)(done * rates.Take(step).Sum() / rates.Sum()));
        }

        return history;
    }

    private static async Task AddEndedAsync(PageDriver driver, string name, BatchStatus status, int total, int completed, int failed, int hours, int minutes)
    {
        await driver.AddAsync(
            batch =>
            {
                var end = batch.CreatedAt.AddMinutes(minutes);
                batch = Running(Named(name, status)(batch), total, completed, failed) with { FinalizingAt = end.AddSeconds(-1) };
                return status switch
                {
                    BatchStatus.Completed => batch with { CompletedAt = end },
                    BatchStatus.Expired => batch with { ExpiredAt = end },
                    _ => batch with { CancelledAt = end },
                };
            },
            TimeSpan.FromHours(hours));
    }

    private static Func<Batch, Batch> Named(string name, BatchStatus status) => batch => batch.WithStatus(status) with
    {
        Model = status == BatchStatus.Validating ? null : Model,
        Metadata = new Dictionary<string, string> { ["description"] = name },
    };

    private static Batch Running(Batch batch, int total, int completed, int failed) => batch with
    {
        InProgressAt = batch.CreatedAt.AddSeconds(2),
        Counts = new RequestCounts(total, completed, failed),
        History = HistoryOf(batch.CreatedAt.AddSeconds(2), completed + failed),
        Usage = new(completed * 376L, completed * 75L, completed * 125L, 0),
    };
}
