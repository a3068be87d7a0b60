using System.Globalization;

namespace BatchFunctions.Simulation.Running;

/// <summary>What many lives came to.</summary>
internal sealed class LivesResult
{
    private readonly List<string> _broken = [];

    /// <summary>Lives that were lived.</summary>
    public int Lives { get; private set; }

    /// <summary>Things that happened in them.</summary>
    public long Events { get; private set; }

    /// <summary>What they took of processors, what their processes needed to start with it.</summary>
    public TimeSpan Worked { get; private set; }

    /// <summary>Rules that were broken, each with its seed.</summary>
    public IReadOnlyList<string> Broken => _broken;

    /// <summary>How long it took.</summary>
    public TimeSpan Took { get; set; }

    /// <summary>Takes what a process of lives says.</summary>
    /// <returns>What was broken; null where nothing was.</returns>
    public string? Take(string line)
    {
        // Each process has a reader of its own.
        lock (_broken)
        {
            var words = line.Split(' ', 3);
            if (words[0] == LivesPart.LivedMark)
            {
                var numbers = words[2].Split(' ');
                Lives++;
                Events += long.Parse(numbers[0], CultureInfo.InvariantCulture);
                Worked += TimeSpan.FromMilliseconds(long.Parse(numbers[1], CultureInfo.InvariantCulture));
            }

            if (words[0] != LivesPart.BrokenMark)
            {
                return null;
            }

            var broken = $"seed {words[1]}: {words[2]}";
            _broken.Add(broken);
            return broken;
        }
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Lives} lives with {Events} events in {Took.TotalSeconds:0.0} s, {Lives / Took.TotalSeconds:0.0} lives a second, {Worked.TotalMilliseconds / Math.Max(Lives, 1):0} ms of a processor each, {_broken.Count} rules broken");
}
