using Azure;
using BatchFunctions.Fleet;
using BatchFunctions.Storage;
using BatchFunctions.Testing;
using BatchFunctions.Upstream;

namespace BatchFunctions.Tests.Upstream;

/// <summary>A process's share of the upstream, from the first line to the last.</summary>
public sealed class ShareTests : IAsyncLifetime
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);

    private readonly ScriptedShare _share = new();
    private UpstreamFixture _fixture = null!;

    public async Task InitializeAsync()
    {
        _fixture = await UpstreamFixture.StartAsync();
        _fixture.Fleet = _share;
    }

    public async Task DisposeAsync() => await _fixture.DisposeAsync();

    [Fact]
    public async Task It_is_asked_for_with_the_first_line_renewed_while_there_are_lines_and_given_up_after_the_last()
    {
        Assert.Equal(0, _share.Asked);
        using (var turn = _fixture.Join("project", "batch", lines: 3))
        {
            var place = (await EnterAsync(turn)).Place!;
            Assert.Equal(("project", 3), (Assert.Single(_share.Told!.Projects).Project, _share.Told.Lines));

            await _fixture.Time.AdvanceUntilAsync(() => _share.Asked >= 4, Step);
            Assert.Equal(0, _share.Released);
            place.Dispose();
        }

        await _fixture.Time.AdvanceUntilAsync(() => _share.Released == 1, Step);
        var asked = _share.Asked;
        _fixture.Time.Advance(TimeSpan.FromHours(1));
        Assert.Equal((asked, 1), (_share.Asked, _share.Released));
    }

    [Fact]
    public async Task What_was_given_up_is_not_used_by_a_line_that_comes_soon_after()
    {
        using (var turn = _fixture.Join("project", "batch"))
        {
            (await EnterAsync(turn)).Place!.Dispose();
        }

        await _fixture.Time.AdvanceUntilAsync(() => _share.Released == 1, Step);
        var asked = _share.Asked;
        _share.Lines = 0;
        using var next = _fixture.Join("project", "batch");
        var line = _fixture.Gate.EnterAsync(next, 0, leadsChunk: true, default);
        await _fixture.Time.AdvanceUntilAsync(() => _share.Asked > asked, Step);

        Assert.False(line.IsCompleted);
    }

    /// <summary>A firewall or a role that is wrong, an older version before a newer row: put right, it must not take a restart.</summary>
    [Fact]
    public async Task A_share_that_could_not_be_given_up_is_asked_for_again_by_the_next_line()
    {
        _share.Refusal = new RequestFailedException(403, "This request is not authorized to perform this operation.");
        using (var turn = _fixture.Join("project", "batch"))
        {
            (await EnterAsync(turn)).Place!.Dispose();
        }

        await _fixture.Time.AdvanceUntilAsync(() => _share.Released == 1, Step);
        _share.Refusal = null;
        using var next = _fixture.Join("project", "batch");
        var line = _fixture.Gate.EnterAsync(next, 0, leadsChunk: true, default);
        await _fixture.Time.AdvanceUntilAsync(() => line.IsCompleted, Step);

        (await line).Place!.Dispose();
    }

    [Fact]
    public async Task No_more_is_sent_than_it_and_nothing_once_it_has_lapsed()
    {
        using var turn = _fixture.Join("project", "batch", lines: 10);
        var first = (await EnterAsync(turn)).Place!;
        var second = EnterAsync(turn);
        var third = EnterAsync(turn);
        Assert.False(third.IsCompleted);

        _share.IsAway = true;
        _fixture.Time.Advance(ShareLedger.Lease);
        first.Dispose();
        (await second).Place!.Dispose();
        Assert.False(third.IsCompleted);

        _share.IsAway = false;
        await _fixture.Time.AdvanceUntilAsync(() => third.IsCompleted, Step);
        (await third).Place!.Dispose();
    }

    [Fact]
    public async Task A_process_that_gets_none_for_long_leaves_its_lines_to_others()
    {
        _share.Lines = 0;
        using var turn = _fixture.Join("project", "batch", lines: 10);
        var line = _fixture.Gate.EnterAsync(turn, 0, leadsChunk: true, default);

        await _fixture.Time.AdvanceUntilAsync(() => line.IsCompleted, Step);

        Assert.Null((await line).Place);
        Assert.True((await line).Wait > TimeSpan.Zero);
    }

    [Fact]
    public async Task Parts_over_the_fleet_decide_within_a_process()
    {
        // All ask before there is a place.
        _share.Lines = 0;
        _share.Parts = new Dictionary<string, double> { ["first"] = 1, ["second"] = 3 };
        using var first = _fixture.Join("first", "a", lines: 100);
        using var second = _fixture.Join("second", "b", lines: 100);
        var lines = Enumerable.Range(0, 20).Select(_ => _fixture.Gate.EnterAsync(first, 0, leadsChunk: true, default))
            .Concat(Enumerable.Range(0, 20).Select(_ => _fixture.Gate.EnterAsync(second, 0, leadsChunk: true, default)))
            .ToList();

        await Eventually.UntilAsync(() => _share.Asked > 0, "the share was asked for");
        _share.Lines = 4;
        await _fixture.Time.AdvanceUntilAsync(() => lines.Count(line => line.IsCompleted) == 4, Step);

        Assert.Equal(3, lines.Skip(20).Count(line => line.IsCompleted));
    }

    private async Task<GateAnswer> EnterAsync(GateTurn turn)
    {
        var line = _fixture.Gate.EnterAsync(turn, 0, leadsChunk: true, default);
        if (_share.Asked == 0)
        {
            await Eventually.UntilAsync(() => line.IsCompleted, "the share is there");
        }

        return await line;
    }

    private sealed class ScriptedShare : FleetShare
    {
        public int Lines { get; set; } = 2;

        public bool IsAway { get; set; }

        /// <summary>What comes of giving it up; nothing where this is null.</summary>
        public Exception? Refusal { get; set; }

        public IReadOnlyDictionary<string, double> Parts { get; set; } = new Dictionary<string, double>();

        public int Asked { get; private set; }

        public int Released { get; private set; }

        public ShareDemand? Told { get; private set; }

        public override Task<ShareGrant> RenewAsync(ShareDemand demand, CancellationToken ct)
        {
            Asked++;
            Told = demand;
            return IsAway
                ? Task.FromException<ShareGrant>(new StorageUnavailableException(new IOException("storage is away")))
                : Task.FromResult(new ShareGrant(Lines, 4, ShareLedger.Lease, 0, IsShort: false, Parts));
        }

        public override Task ReleaseAsync(CancellationToken ct)
        {
            Released++;
            return Refusal is { } refusal ? Task.FromException(refusal) : Task.CompletedTask;
        }
    }
}
