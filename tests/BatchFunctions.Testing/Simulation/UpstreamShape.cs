namespace BatchFunctions.Testing.Simulation;

/// <summary>What an upstream can do.</summary>
internal sealed record UpstreamShape
{
    /// <summary>Lines in flight from which on all share what one more would have had to itself, by the second.</summary>
    public required Func<double, double> Knee { get; init; }

    /// <summary>Seconds before a line's own work begins, which are work as well.</summary>
    public double Prefill { get; init; }

    /// <summary>Whether each line slows the others a little, as in a GPU's batch, so that there is no knee but a bend.</summary>
    public bool IsSoft { get; init; }

    /// <summary>How fast a line is at its fastest, by the second.</summary>
    public Func<double, double> Speed { get; init; } = static _ => 1;

    /// <summary>Lines of others that are worked on besides, by the second.</summary>
    public Func<double, double> Others { get; init; } = static _ => 0;

    /// <summary>Lines that are worked on at once, the rest waits in the order of its coming.</summary>
    public int Slots { get; init; } = int.MaxValue;

    /// <summary>Connections that are read at once: each holds a worker until it is closed.</summary>
    public int Workers { get; init; } = int.MaxValue;

    /// <summary>Lines let in a second; the others are refused at once.</summary>
    public double RateLimit { get; init; } = double.PositiveInfinity;

    public static UpstreamShape With(double knee) => new() { Knee = _ => knee };

    /// <summary>Work done in a second, with so many lines worked on.</summary>
    public double RateOf(int lines, double at)
    {
        if (lines == 0)
        {
            return 0;
        }

        var all = lines + Others(at);
        var each = IsSoft ? Knee(at) / (all + Knee(at)) : Math.Min(1, Knee(at) / all);
        return lines * each * Speed(at);
    }

    /// <summary>The work that the best fixed number of lines in flight, of at most twice the knee, gets done in a second.</summary>
    public double BestAt(double at) => RateOf((int)Math.Min(Slots, Math.Ceiling(Knee(at) * (IsSoft ? 16 : 1))), at);
}
