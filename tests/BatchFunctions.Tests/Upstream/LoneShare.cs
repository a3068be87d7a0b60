using BatchFunctions.Fleet;

namespace BatchFunctions.Tests.Upstream;

/// <summary>The share of a process that has no others beside it: all, for as long as a test takes on its clock.</summary>
internal sealed class LoneShare(int lines) : FleetShare
{
    public override ShareGrant? Standing { get; } =
        new(lines, lines, TimeSpan.MaxValue, 0, IsShort: false, new Dictionary<string, double>());

    public override Task<ShareGrant> RenewAsync(ShareDemand demand, CancellationToken ct) => Task.FromResult(Standing!);

    public override Task ReleaseAsync(CancellationToken ct) => Task.CompletedTask;
}
