using BatchFunctions.Fleet;
using BatchFunctions.Testing;

namespace BatchFunctions.IntegrationTests.Processing;

/// <summary>Processes that share an upstream by way of storage.</summary>
public sealed class FleetTests
{
    private const int Limit = 6;

    private static readonly Dictionary<string, string?> Shared = new()
    {
        ["Batch:Upstream:Concurrency"] = "6",
        ["Batch:ChunkLines"] = "20",
    };

    [Fact]
    public async Task Two_processes_have_no_more_in_flight_together_than_the_limit_and_at_rest_hold_nothing()
    {
        var account = TestStorage.NewStrictAccount();
        await using var upstream = await new ScriptedUpstream()
            .Answer(call => ScriptedAnswer.Chat(call).After(TimeSpan.FromMilliseconds(50))).StartAsync();
        await using var first = await BatchDriver.StartAsync(account, upstream.Address, Shared);
        await using var second = await BatchDriver.StartAsync(account, upstream.Address, Shared);
        var batch = await first.CreateAsync(200);
        var other = await second.CreateAsync(200);
        first.StartPump();
        second.StartPump();

        await first.AssertPromiseAsync(await first.WaitForEndAsync(batch), 200);
        await second.AssertPromiseAsync(await second.WaitForEndAsync(other), 200);

        Assert.InRange(upstream.MostInFlight, 2, Limit);
        await Eventually.UntilAsync(
            async () => (await first.Get<ShareStore>().ReadAsync("default", CancellationToken.None)).Entries.Count == 0,
            TimeSpan.FromSeconds(30),
            "no share is held");
    }

    [Fact]
    public async Task Many_who_renew_at_once_lose_no_share_of_anothers()
    {
        await using var upstream = await new ScriptedUpstream().StartAsync();
        await using var driver = await BatchDriver.StartAsync(TestStorage.NewStrictAccount(), upstream.Address, Shared);
        var store = driver.Get<ShareStore>();
        var demand = new ShareDemand(0, [new ProjectDemand("p", 1, 100)]);

        await Parallel.ForEachAsync(Enumerable.Range(0, 12), new ParallelOptions { MaxDegreeOfParallelism = 6 }, async (worker, ct) =>
            await store.MutateAsync("default", (ledger, now) => ledger.Renew($"w{worker}", demand, null, Limit, now).Ledger, ct));

        var after = await store.ReadAsync("default", CancellationToken.None);
        Assert.Equal(12, after.Entries.Count);
        Assert.InRange(after.Held, 1, Limit);
    }

    [Fact]
    public async Task A_ledger_of_hundreds_of_processes_fits_its_row()
    {
        await using var upstream = await new ScriptedUpstream().StartAsync();
        await using var driver = await BatchDriver.StartAsync(TestStorage.NewStrictAccount(), upstream.Address, Shared);
        var store = driver.Get<ShareStore>();
        ProjectDemand[] projects = [.. Enumerable.Range(0, 8).Select(number => new ProjectDemand(new string('p', 60) + number, 1, 1000))];
        ShareEntry[] entries =
        [
            .. Enumerable.Range(0, 400).Select(number => new ShareEntry
            {
                Worker = new string('w', 100) + number, Holds = number, Until = number, Demand = projects,
            }),
        ];

        await store.MutateAsync("default", (_, _) => new ShareLedger(entries, null), CancellationToken.None);

        Assert.Equal(entries.Sum(entry => entry.Holds), (await store.ReadAsync("default", CancellationToken.None)).Held);
    }
}
