using BatchFunctions.Upstream;

namespace BatchFunctions.Tests.Upstream;

/// <summary>A run whose claim's lease has run out sends nothing before the claim is renewed.</summary>
public sealed class SendingLeaseTests
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(15);

    [Fact]
    public async Task A_line_that_gets_its_place_when_the_lease_has_run_out_is_sent_once_the_claim_is_renewed_and_others_have_the_place_meanwhile()
    {
        await using var fixture = await UpstreamFixture.StartAsync(configure: options => options.Concurrency = "1");
        fixture.Lease.Renew(fixture.Time.GetUtcNow() + Lease);
        fixture.Time.Advance(Lease);

        var held = fixture.SendAsync("held");
        using (var other = fixture.Join("other", "batch"))
        using (var place = (await fixture.Gate.EnterAsync(other, 0, leadsChunk: true, CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(30))).Place)
        {
            Assert.NotNull(place);
        }

        Assert.False(held.IsCompleted);
        Assert.Empty(fixture.Upstream.Calls);
        fixture.Lease.Renew(fixture.Time.GetUtcNow() + Lease);
        Assert.IsType<UpstreamOutcome.Answered>(await held);
        Assert.Single(fixture.Upstream.Calls);
    }

    [Fact]
    public async Task Whoever_waits_for_a_lease_that_is_never_renewed_is_let_go_by_the_end_of_the_run()
    {
        await using var fixture = await UpstreamFixture.StartAsync();
        fixture.Lease.Renew(fixture.Time.GetUtcNow());
        using var end = new CancellationTokenSource();
        var held = fixture.SendAsync("line", ct: end.Token);
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => held);
        Assert.Empty(fixture.Upstream.Calls);
    }
}
