namespace BatchFunctions.Memory;

/// <summary>How much of a process's memory goes to what it buffers: requests, answers, results and uploads.</summary>
internal static class ProcessMemory
{
    /// <summary>What the budget comes to at most, in bytes, where no setting says more: it is enough for thousands of usual lines.</summary>
    public const long Most = 192L * 1024 * 1024;

    /// <summary>What it comes to at least, in bytes.</summary>
    public const long Least = 16L * 1024 * 1024;

    /// <summary>The share of what is available; the rest is for the runtime, the web server, and blocks that are partly filled.</summary>
    private const double Share = 0.4;

    /// <summary>The budget, in bytes.</summary>
    /// <param name="setting">The setting; null where there is none.</param>
    /// <param name="available">
    /// What is there for the process in bytes, as <see cref="GCMemoryInfo.TotalAvailableMemoryBytes"/> tells: the machine's memory, or
    /// three quarters of a container's limit.
    /// </param>
    public static long BudgetOf(long? setting, long available) => setting ?? Math.Clamp((long)(available * Share), Least, Most);
}
