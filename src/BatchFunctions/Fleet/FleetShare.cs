namespace BatchFunctions.Fleet;

/// <summary>This process's share of an upstream among all processes.</summary>
internal abstract class FleetShare
{
    /// <summary>A share that holds without being renewed; null where there is none, as of processes that share.</summary>
    public virtual ShareGrant? Standing => null;

    /// <summary>Begins or renews the share.</summary>
    /// <param name="demand">What there is to send.</param>
    /// <param name="ct">Cancels it.</param>
    /// <returns>What the process may have in flight.</returns>
    public abstract Task<ShareGrant> RenewAsync(ShareDemand demand, CancellationToken ct);

    /// <summary>Gives the share up, since there is nothing to send.</summary>
    public abstract Task ReleaseAsync(CancellationToken ct);
}
