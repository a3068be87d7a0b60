using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Azure.Core.Pipeline;
using BatchFunctions.Batches;
using BatchFunctions.Bench.Sides;
using BatchFunctions.Processing;
using BatchFunctions.StrictStorage;
using BatchFunctions.StrictStorage.Chance;
using BatchFunctions.Testing;
using BatchFunctions.Testing.Metering;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace BatchFunctions.Bench.Figures;

/// <summary>
/// A page of the list among a million batches, against one among a thousand, and what it asks of storage with each filter. Storage is in
/// memory and finds rows by their keys, as Azure's does; an emulator that looks at every row of a table for each query would be what is measured.
/// </summary>
internal sealed class ListMillionFigure : Figure
{
    private const int Small = 1_000;
    private const int Limit = 100;

    /// <summary>Batches of a project that have what is rare.</summary>
    private const int Rare = 10;

    /// <summary>Batches of a project that have not ended.</summary>
    private const int Active = 50;

    /// <summary>How old the newest batch is: the index has what is older than an hour.</summary>
    private static readonly TimeSpan Age = TimeSpan.FromHours(2);

    public override string Name => "list-million";

    public override string Description =>
        "a page of 100 among 1,000,000 batches, of one project and of a thousand: p50 ÷ that among 1,000; storage requests a page, by filter";

    public override async Task MeasureAsync(Report report, CancellationToken ct)
    {
        var large = report.Quick ? 100_000 : 1_000_000;
        using var small = await StrictList.StartAsync(Small, projects: 1, ct);
        using (var one = await StrictList.StartAsync(large, projects: 1, ct))
        {
            foreach (var (name, after) in one.Places.Zip(small.Places))
            {
                await CompareAsync($"{Name}.{name.Name}", one, name.Query, small, after.Query, report, ct);
            }

            await IndexAsync(one, report, ct);
            await small.IndexAsync(ct);
            foreach (var (name, query) in Rarities)
            {
                await CompareAsync($"{Name}.{name}", one, query, small, query, report, ct);
            }

            foreach (var (name, query, target) in Filters(one, large))
            {
                await CountAsync(name, query, target, one, report, ct);
            }
        }

        using var many = await StrictList.StartAsync(large, projects: large / Small, ct);
        foreach (var (name, after) in many.Places.Zip(small.Places))
        {
            await CompareAsync($"{Name}.projects.{name.Name}", many, name.Query, small, after.Query, report, ct);
        }
    }

    private static IReadOnlyList<(string Name, string Query)> Rarities { get; } =
        [("status-rare", "status=failed"), ("model-rare", "model=rare"), ("metadata-rare", "metadata[run]=rare"), ("all-rare", "status=failed,expired&model=rare&metadata[run]=rare")];

    private async Task IndexAsync(StrictList list, Report report, CancellationToken ct)
    {
        list.Counts.Clear();
        var seconds = await list.IndexAsync(ct);
        report.Add(new Measurement(
            $"{Name}.index",
            (double)list.Counts.Use.Total / list.Rows,
            "requests",
            string.Create(CultureInfo.InvariantCulture, $"a batch, to put {list.Rows} into the index at once: {list.Counts.Use.Total} requests in {seconds:0} s"),
            null));
    }

    private static IEnumerable<(string Name, string Query, Target? Target)> Filters(StrictList list, int rows)
    {
        foreach (var (name, query) in list.Places)
        {
            yield return (name, query, Target.Exactly(1));
            yield return ($"{name}.status-most", $"{query}&status=completed", Target.Exactly(1));
            yield return ($"{name}.model-most", $"{query}&model=bench", Target.Exactly(1));
            yield return ($"{name}.metadata-most", $"{query}&metadata[team]=reports", Target.Exactly(1));
        }

        var middle = list.At(rows / 2).ToUnixTimeSeconds();
        yield return ("created_before", $"created_before={middle}", Target.Exactly(1));
        yield return ("created_after", $"created_after={middle}&after={list.IdAt((rows / 2) - (Limit / 2))}", Target.Exactly(1));
        yield return ("status-active", "status=in_progress", Target.AtMost(2));
        yield return ("status-none", "status=validating,cancelling", Target.AtMost(2));
        foreach (var (name, query) in Rarities)
        {
            // What is newer, the index, and each batch that is found; the mark is known for a minute.
            yield return (name, query, Target.AtMost(4 + Rare));
        }

        yield return ("status-rare-in-a-day", $"status=failed&created_after={list.At(86_400).ToUnixTimeSeconds()}", Target.AtMost(4 + Rare));
    }

    private static async Task CompareAsync(
        string name, StrictList large, string query, StrictList small, string smallQuery, Report report, CancellationToken ct)
    {
        var rounds = report.Quick ? 100 : 500;
        var result = await Interleaved.MeasureAsync(
            rounds, () => Interleaved.MillisecondsAsync(() => large.AskAsync(query, ct)), () => Interleaved.MillisecondsAsync(() => small.AskAsync(smallQuery, ct)), ct, warmUps: rounds);
        report.Add(new Measurement(
            name,
            result.Ours / result.Bare,
            "×",
            string.Create(CultureInfo.InvariantCulture, $"p50 {result.Ours:0.00} ms among {large.Rows} ÷ {result.Bare:0.00} ms among {small.Rows}"),
            Target.AtMost(1.15)));
    }

    private async Task CountAsync(string name, string query, Target? target, StrictList list, Report report, CancellationToken ct)
    {
        // What a process has been asked for once it knows better how to find: first it looks at the mark and at the index.
        _ = await list.PageAsync(query, ct);
        list.Counts.Clear();
        var (status, found, more) = await list.PageAsync(query, ct);
        report.Add(new Measurement(
            $"{Name}.{name}.transactions",
            list.Counts.Use.Total,
            "requests",
            string.Create(CultureInfo.InvariantCulture, $"{found} found{(more ? ", and there are more" : "")}{(status == 200 ? "" : $", answered {status}")}"),
            target));
    }

    /// <summary>The API over a storage in memory with batches in it.</summary>
    private sealed class StrictList : IDisposable
    {
        private readonly string _connection;
        private readonly IReadOnlyList<string> _ids;
        private readonly DateTimeOffset _newest;
        private readonly WebApplication _app;
        private readonly HttpClient _client;

        private StrictList(string connection, int rows, IReadOnlyList<string> ids, DateTimeOffset newest, WebApplication app, HttpClient client, StorageCounts counts)
        {
            (_connection, Rows, _ids, _newest, _app, _client, Counts) = (connection, rows, ids, newest, app, client, counts);
        }

        /// <summary>Batches of all projects.</summary>
        public int Rows { get; }

        public StorageCounts Counts { get; }

        /// <summary>The first page, one in the middle, and the last full one.</summary>
        public IReadOnlyList<(string Name, string Query)> Places =>
        [
            ("first", $"limit={Limit}"),
            ("middle", $"limit={Limit}&after={IdAt(_ids.Count / 2)}"),
            ("end", $"limit={Limit}&after={IdAt(_ids.Count - Limit - 1)}"),
        ];

        public static async Task<StrictList> StartAsync(int rows, int projects, CancellationToken ct)
        {
            var connection = new StorageAccount(TimeProvider.System, new FiveSeconds()).Publish();
            var account = await BenchAccount.CreateAsync(connection, ct);
            var newest = DateTimeOffset.UtcNow - Age;
            IReadOnlyList<string> ids = [];
            for (var project = 0; project < projects; project++)
            {
                // The project that is asked lies among the others.
                var isAsked = project == projects / 2;
                var tenant = isAsked ? BenchAccount.Tenant : string.Create(CultureInfo.InvariantCulture, $"{(project < projects / 2 ? 'a' : 'z')}{project}");
                var seeded = await account.SeedAsync(rows / projects, newest, (number, batch) => Of(number, rows / projects, batch) with { Tenant = tenant }, ct);
                ids = isAsked ? seeded : ids;
            }

            var counts = new StorageCounts();
            var app = await TestService.ServeAsync(
                TestService.Settings(connection), services => services.AddSingleton<HttpPipelinePolicy>(counts));
            var list = new StrictList(connection, rows, ids, newest, app, account.ClientOf(new Uri(app.Urls.Single())), counts);

            // The key is looked up with the first request, and then known for a minute.
            await list.AskAsync("limit=1", ct);
            return list;
        }

        /// <summary>A batch's id by its place in the list.</summary>
        public string IdAt(int place) => _ids[place];

        /// <summary>When the batch at a place was made.</summary>
        public DateTimeOffset At(int place) => _newest.AddSeconds(-place);

        public async Task AskAsync(string query, CancellationToken ct) => await _client.GetByteArrayAsync(Path(query), ct);

        public async Task<(int Status, int Found, bool More)> PageAsync(string query, CancellationToken ct)
        {
            using var response = await _client.GetAsync(Path(query), ct);
            using var page = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(ct));
            return response.IsSuccessStatusCode
                ? (200, page.RootElement.GetProperty("data").GetArrayLength(), page.RootElement.GetProperty("has_more").GetBoolean())
                : ((int)response.StatusCode, 0, false);
        }

        /// <summary>Puts what has ended into the index.</summary>
        /// <returns>How long that took, in seconds.</returns>
        public async Task<double> IndexAsync(CancellationToken ct)
        {
            var begun = Stopwatch.GetTimestamp();
            await _app.Services.GetRequiredService<BatchIndexing>().IndexAsync(BenchAccount.Tenant, DateTimeOffset.MaxValue, static () => true, ct);
            return Stopwatch.GetElapsedTime(begun).TotalSeconds;
        }

        public void Dispose()
        {
            _client.Dispose();
            _app.DisposeAsync().AsTask().GetAwaiter().GetResult();
            StorageAccount.Withdraw(_connection);
        }

        private static Uri Path(string query) => new($"/v1/batches?{query}", UriKind.Relative);

        private static Batch Of(int number, int count, Batch batch) => number < Active ? batch.WithStatus(BatchStatus.InProgress)
            : number % (count / Rare) != count / Rare / 2 ? batch
            : batch.WithStatus(BatchStatus.Failed) with { Model = "rare", Metadata = new Dictionary<string, string> { ["run"] = "rare" } };
    }

    /// <summary>A query looks through what Azure's target for a partition, 2,000 entities a second, lets it in the five seconds that it has.</summary>
    private sealed class FiveSeconds : StorageChance
    {
        public override int RowsPerPage(int rows) => Math.Min(rows, 10_000);
    }
}
