using System.Globalization;

namespace BatchFunctions.Ids;

/// <summary>
/// Which process holds a claim. A process that starts on the same machine can tell that the one before it is gone, and need not
/// wait for its leases to run out. Of another machine's processes nothing is known but their leases.
/// </summary>
/// <param name="Machine">
/// The machine, as far as process numbers are its own: a boot of a kernel, a container, a host name. Empty where that cannot be told, as on
/// systems other than Linux.
/// </param>
/// <param name="ProcessId">The process's number there.</param>
/// <param name="Started">When it started, in the machine's clock ticks: numbers are used again.</param>
internal sealed record WorkerIdentity(string Machine, int ProcessId, long Started)
{
    private const char Separator = '|';
    private const int Parts = 4;

    // The third and the twenty-second field; what follows the name begins with the third.
    private const string Zombie = "Z";
    private const int StartField = 19;

    /// <summary>This process.</summary>
    public static WorkerIdentity Own { get; } = OfThisProcess();

    /// <summary>A claim of this process: no two claims have the same.</summary>
    /// <param name="random">What tells them apart comes from; the system's own source where it is null.</param>
    public string NewClaim(Random? random = null) => string.Create(
        CultureInfo.InvariantCulture, $"{Machine}{Separator}{ProcessId}{Separator}{Started}{Separator}{NewGuid(random):N}");

    /// <summary>Whether a claim's process has ended for certain: it ran on this machine, and does not run there any more.</summary>
    /// <param name="claim">The claim, as the chunk's row has it.</param>
    public bool KnowsDead(string claim)
    {
        var parts = claim.Split(Separator);
        return Machine.Length > 0
            && parts.Length == Parts
            && parts[0] == Machine
            && int.TryParse(parts[1], CultureInfo.InvariantCulture, out var id)
            && long.TryParse(parts[2], CultureInfo.InvariantCulture, out var started)
            && !(id == ProcessId && started == Started)
            && !Runs(id, started);
    }

    private static Guid NewGuid(Random? random)
    {
        if (random is null)
        {
            return Guid.NewGuid();
        }

        Span<byte> bytes = stackalloc byte[16];
        random.NextBytes(bytes);
        return new Guid(bytes);
    }

    private static bool Runs(int id, long started) => StartOf(id) is { } start && (start == started || start == 0);

    private static WorkerIdentity OfThisProcess() =>
        StartOf(Environment.ProcessId) is { } started && started > 0
            ? new WorkerIdentity(MachineOf(), Environment.ProcessId, started)
            : new WorkerIdentity("", Environment.ProcessId, 0);

    /// <summary>
    /// When a process started, in clock ticks since the machine's boot (proc(5), <c>/proc/[pid]/stat</c>): a number that all see
    /// alike, which a time of day is not. Null where there is no such process, and 0 where that cannot be told.
    /// </summary>
    private static long? StartOf(int id)
    {
        try
        {
            // The program's name stands in parentheses and may hold anything, blanks included.
            var stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/stat"));
            var fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            return fields[0] == Zombie ? null : long.Parse(fields[StartField], CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException or IndexOutOfRangeException)
        {
            return 0;
        }
    }

    private static string MachineOf()
    {
        try
        {
            // Two containers on one kernel may bear one name, and number their processes alike.
            var boot = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
            var processes = new FileInfo("/proc/self/ns/pid").LinkTarget;
            return processes is null ? "" : $"{Environment.MachineName} {boot} {processes}";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
