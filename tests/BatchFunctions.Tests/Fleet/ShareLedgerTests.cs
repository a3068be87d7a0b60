using BatchFunctions.Fleet;

namespace BatchFunctions.Tests.Fleet;

public sealed class ShareLedgerTests
{
    private const int Limit = 64;

    private static readonly DateTimeOffset Now = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Who_is_alone_has_all()
    {
        var (ledger, grant) = Renew(ShareLedger.Empty, "a", inFlight: 0, ("p", 1000));

        Assert.Equal((64, 64, false), (grant.Lines, ledger.Held, grant.IsShort));
    }

    [Fact]
    public void Who_joins_takes_only_what_is_free_and_what_others_give_up_as_their_lines_come_back()
    {
        var (ledger, _) = Renew(ShareLedger.Empty, "a", 0, ("p", 1000));

        (ledger, var joining) = Renew(ledger, "b", 0, ("p", 1000));
        Assert.Equal((0, true), (joining.Lines, joining.IsShort));

        // It has 64 in flight still, and sends no more than its part.
        (ledger, var first) = Renew(ledger, "a", 64, ("p", 1000));
        Assert.Equal((32, 64, true), (first.Lines, ledger.Held, first.IsShort));
        (ledger, _) = Renew(ledger, "a", 40, ("p", 1000));
        (ledger, joining) = Renew(ledger, "b", 0, ("p", 1000));
        Assert.Equal((24, 64), (joining.Lines, ledger.Held));
        (ledger, _) = Renew(ledger, "a", 32, ("p", 1000));
        (ledger, joining) = Renew(ledger, "b", 24, ("p", 1000));
        Assert.Equal((32, false, 64), (joining.Lines, joining.IsShort, ledger.Held));
    }

    [Fact]
    public void Who_has_little_to_do_leaves_room_for_one_who_joins()
    {
        var (ledger, grant) = Renew(ShareLedger.Empty, "a", 0, ("p", 4));
        Assert.Equal(4 + 30, grant.Lines);

        (_, var joining) = Renew(ledger, "b", 0, ("p", 20));

        Assert.Equal(30, joining.Lines);
    }

    [Fact]
    public void What_a_dead_process_held_is_free_when_its_lease_is_over()
    {
        var (ledger, _) = Renew(ShareLedger.Empty, "a", 0, ("p", 1000));
        var during = ledger.Living(Now + ShareLedger.Lease - TimeSpan.FromMilliseconds(1), static _ => false);
        var after = ledger.Living(Now + ShareLedger.Lease, static _ => false);

        Assert.Equal(64, during.Held);
        Assert.Equal(0, after.Held);
        Assert.Equal(0, ledger.Living(Now, static worker => worker == "a").Held);
    }

    [Fact]
    public void Projects_share_the_fleet_whichever_processes_their_lines_are_at()
    {
        // One process has lines of one project alone, the other of both.
        var (ledger, _) = Renew(ShareLedger.Empty, "a", 0, ("p", 1000));
        (ledger, _) = Renew(ledger.Without("a"), "b", 0, ("p", 1000), ("q", 1000));
        (_, var first) = Renew(ledger.Without("b") with { Entries = [.. ledger.Entries.Select(one => one with { Holds = 0 })] }, "a", 0, ("p", 1000));
        (_, var second) = Renew(Renew(ShareLedger.Empty, "a", 0, ("p", 1000)).Ledger, "b", 0, ("p", 1000), ("q", 1000));

        Assert.Equal(16, first.Parts["p"], 3);
        Assert.Equal((16.0, 32.0), (Math.Round(second.Parts["p"], 3), Math.Round(second.Parts["q"], 3)));
    }

    [Fact]
    public void Shares_never_add_up_to_more_than_the_limit_whoever_comes_and_goes()
    {
        var random = new Random(17);
        var ledger = ShareLedger.Empty;
        var now = Now;
        var inFlight = new Dictionary<string, int>();
        for (var step = 0; step < 5000; step++)
        {
            now += TimeSpan.FromSeconds(random.NextDouble() * 2);
            var worker = $"w{random.Next(9)}";
            ledger = ledger.Living(now, static _ => false);
            if (ledger.Entries.All(entry => entry.Worker != worker))
            {
                inFlight[worker] = 0;
            }

            if (random.Next(10) == 0)
            {
                ledger = ledger.Without(worker);
                inFlight[worker] = 0;
                continue;
            }

            (ledger, var grant) = ledger.Renew(
                worker,
                new ShareDemand(inFlight[worker], [new($"p{random.Next(3)}", 1 + random.Next(3), random.Next(200))]),
                null,
                Limit,
                now);
            Assert.InRange(ledger.Held, 0, Limit);
            Assert.InRange(grant.Lines, 0, Limit);
            inFlight[worker] = Math.Max(random.Next(inFlight[worker] + 1), random.Next(grant.Lines + 1));
        }
    }

    [Fact]
    public void Where_the_limit_falls_each_keeps_its_part_and_what_is_beyond_it_comes_back()
    {
        string[] workers = ["a", "b", "c", "d"];
        var ledger = ShareLedger.Empty;
        var shares = new Dictionary<string, int>();
        void Round(int limit, Func<string, int> inFlight)
        {
            foreach (var worker in workers)
            {
                var before = ledger.Held;
                (ledger, var grant) = ledger.Renew(worker, new ShareDemand(inFlight(worker), [new("p", 1, 1000)]), null, limit, Now);
                shares[worker] = grant.Lines;
                Assert.InRange(ledger.Held, 0, Math.Max(before, limit));
            }
        }

        for (var round = 0; round < 4; round++)
        {
            Round(64, worker => shares.GetValueOrDefault(worker));
        }

        Assert.All(shares.Values, static lines => Assert.Equal(16, lines));

        Round(32, static _ => 16);
        Assert.All(shares.Values, static lines => Assert.Equal(8, lines));
        Assert.Equal(64, ledger.Held);

        Round(32, static _ => 8);
        Assert.Equal(32, ledger.Held);
    }

    [Fact]
    public void Of_many_projects_the_smallest_go_together()
    {
        var (ledger, _) = Renew(ShareLedger.Empty, "a", 0, [.. Enumerable.Range(1, 100).Select(number => ($"p{number}", number))]);

        var demand = Assert.Single(ledger.Entries).Demand;

        Assert.Equal(8, demand.Count);
        Assert.Equal(5050, demand.Sum(one => one.Lines));
        Assert.Equal(new ProjectDemand("", 93, 4371), demand[^1]);
    }

    private static (ShareLedger Ledger, ShareGrant Grant) Renew(
        ShareLedger ledger, string worker, int inFlight, params (string Project, int Lines)[] demand) =>
        ledger.Renew(worker, new ShareDemand(inFlight, [.. demand.Select(one => new ProjectDemand(one.Project, 1, one.Lines))]), null, Limit, Now);
}
