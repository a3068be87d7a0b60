using BatchFunctions.Configuration;
using BatchFunctions.Fleet;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Tests.Upstream;

/// <summary>The share of a process that has no others beside it: all, for as long as a test takes on its clock.</summary>
internal sealed class LoneShare(IOptions<BatchOptions> options) : FleetShare
{
    public override ShareGrant? Standing { get; } = Of(options.Value.Upstream.FixedConcurrency!.Value);

    public override Task<ShareGrant> RenewAsync(ShareDemand demand, CancellationToken ct) => Task.FromResult(Standing!);

    public override Task ReleaseAsync(CancellationToken ct) => Task.CompletedTask;

    private static ShareGrant Of(int lines) => new(lines, lines, TimeSpan.MaxValue, 0, false, new Dictionary<string, double>());
}
