using System.Diagnostics.CodeAnalysis;
using BatchFunctions.Simulation.Lives;
using BatchFunctions.Simulation.Time;
using BatchFunctions.Simulation.Workers;

namespace BatchFunctions.Simulation.Running;

/// <summary>One life.</summary>
internal static class SingleLife
{
    /// <summary>Lives a life.</summary>
    /// <param name="seed">Its seed.</param>
    /// <param name="other">Another version of the service, at work beside this one until an upgrade is through; null for none.</param>
    /// <param name="trace">Takes the trace's lines; null where nobody reads them.</param>
    /// <param name="fatal">The step at which a worker dies; null for what the seed has in store.</param>
    /// <returns>The life, with the rules that were broken in it.</returns>
    [SuppressMessage("Design", "CA1031", Justification = "A life that the simulation cannot go on with is one to look at.")]
    public static async Task<Life> RunAsync(int seed, ServiceVersion? other = null, Action<string>? trace = null, string? fatal = null)
    {
        Quiet.Check();
        var life = new Life(new LifePlan(seed, hasVersions: other is not null, fatal), trace, other);
        try
        {
            // On the one thread that does all the rest.
            await Task.Run(life.RunAsync);
        }
        catch (Exception e)
        {
            life.Violate("the simulation goes on", e.ToString());
        }

        return life;
    }

    /// <summary>Lives a life, and shows what happens in it.</summary>
    /// <returns>The exit code: 0 where no rule was broken.</returns>
    public static async Task<int> ShowAsync(int seed, ServiceVersion? other, string? fatal, TextWriter output)
    {
        var life = await RunAsync(seed, other, output.WriteLine, fatal);
        output.WriteLine($"The trace's hash is {life.Trace.Hash}.");
        foreach (var violation in life.Violations)
        {
            output.WriteLine($"Broken: {violation}");
        }

        return life.Violations.Count > 0 ? 1 : 0;
    }
}
