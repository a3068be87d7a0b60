namespace BatchFunctions.Simulation.Lives;

/// <summary>What chance decides in one part of a life, from the life's seed.</summary>
internal sealed class Dice
{
    private readonly Random _random;

    /// <param name="seed">The life's seed.</param>
    /// <param name="part">The part of the life, so that what one part asks for changes nothing for another.</param>
    public Dice(int seed, int part) => _random = new Random(unchecked((seed * 1_000_003) + (part * 7919)));

    /// <summary>The source itself, for what takes one.</summary>
    public Random Source => _random;

    /// <summary>Whether something happens that does so with a probability from 0 to 1.</summary>
    public bool Happens(double probability) => _random.NextDouble() < probability;

    /// <summary>A number from 0 to below a bound.</summary>
    public int Below(int bound) => _random.Next(bound);

    /// <summary>A number between two, both included.</summary>
    public int Between(int least, int most) => _random.Next(least, most + 1);

    /// <summary>A time between two.</summary>
    public TimeSpan Between(TimeSpan least, TimeSpan most) =>
        least + TimeSpan.FromTicks((long)(_random.NextDouble() * (most - least).Ticks));

    /// <summary>A time between two numbers of seconds, short ones more often than long ones.</summary>
    public TimeSpan Seconds(double least, double most) =>
        TimeSpan.FromSeconds(least * Math.Pow(most / least, _random.NextDouble()));

    /// <summary>One of several.</summary>
    public T Of<T>(IReadOnlyList<T> choices) => choices[Below(choices.Count)];
}
