using BatchFunctions.Files;
using BatchFunctions.Progress;

namespace BatchFunctions.Batches;

/// <summary>The history of a batch's counts as a column of its row: numbers of as many bytes as they need, times in milliseconds.</summary>
internal static class ProgressHistoryBytes
{
    public static byte[]? Write(ProgressHistory history)
    {
        if (history.Samples is not [var first, ..])
        {
            return null;
        }

        var packed = new PackedNumbers();
        packed.Add((long)history.Step.TotalMilliseconds);
        packed.Add((long)history.Gap.TotalMilliseconds);
        packed.Add(first.At.ToUnixTimeMilliseconds());
        packed.Add(first.Done);
        for (var i = 1; i < history.Samples.Count; i++)
        {
            packed.Add(history.Samples[i].At.ToUnixTimeMilliseconds() - history.Samples[i - 1].At.ToUnixTimeMilliseconds());
            packed.Add(history.Samples[i].Done - history.Samples[i - 1].Done);
        }

        return packed.ToBytes();
    }

    public static ProgressHistory Read(byte[]? bytes)
    {
        var rest = new PackedNumbers.Reader(bytes);
        if (rest.IsAtEnd)
        {
            return ProgressHistory.None;
        }

        var (step, gap) = (TimeSpan.FromMilliseconds(rest.Next()), TimeSpan.FromMilliseconds(rest.Next()));
        var samples = new List<ProgressSample>();
        for (long at = 0, done = 0; !rest.IsAtEnd;)
        {
            at += rest.Next();
            done += rest.Next();
            samples.Add(new ProgressSample(DateTimeOffset.FromUnixTimeMilliseconds(at), done));
        }

        return new ProgressHistory { Samples = samples, Step = step, Gap = gap };
    }
}
