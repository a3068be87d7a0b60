namespace BatchFunctions.Upstream;

/// <summary>Lets one warning of a kind through in an interval: a whole process of lines meets the same fault at once.</summary>
internal sealed class OccasionalWarnings(TimeSpan interval, TimeProvider time)
{
    private readonly long[] _next = new long[Enum.GetValues<PostponeReason>().Length];

    public bool IsDue(PostponeReason reason)
    {
        ref var next = ref _next[(int)reason];
        var seen = Interlocked.Read(ref next);
        var now = time.GetUtcNow().Ticks;
        return now >= seen && Interlocked.CompareExchange(ref next, now + interval.Ticks, seen) == seen;
    }
}
