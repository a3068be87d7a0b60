using System.Globalization;
using System.Text;
using BatchFunctions.Simulation.Upstream;

namespace BatchFunctions.Simulation.Lives;

/// <summary>A batch of a life, and what its client does with it.</summary>
internal sealed record BatchPlan
{
    public required int Number { get; init; }

    public required string Tenant { get; init; }

    public required int Lines { get; init; }

    /// <summary>When its client begins.</summary>
    public required TimeSpan At { get; init; }

    /// <summary>How long after its creation it is cancelled; null if it is not.</summary>
    public TimeSpan? CancelAfter { get; init; }

    /// <summary>How long after its creation its input is deleted; null if it is not.</summary>
    public TimeSpan? DeleteInputAfter { get; init; }

    /// <summary>How long after its creation was asked for its input is deleted, beside it; null if it is not.</summary>
    public TimeSpan? DeleteInputBeside { get; init; }

    /// <summary>How long after its creation the blob of its input is gone, which nobody asked the service for; null if it stays.</summary>
    public TimeSpan? LoseInputAfter { get; init; }

    /// <summary>Whether its client deletes its results when it has ended.</summary>
    public bool DeletesResults { get; init; }

    /// <summary>How long after its end what it has left over is asked to be sent once more; null if it is not.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Whether that is asked twice at once.</summary>
    public bool RetriesTwice { get; init; }

    /// <summary>How long after that was asked the input is deleted, beside it; null if it is not.</summary>
    public TimeSpan? DeleteInputBesideRetry { get; init; }

    /// <summary>How long after that was asked the results that it is made of are deleted, beside it; null if they are not.</summary>
    public TimeSpan? DeleteResultsBesideRetry { get; init; }

    /// <summary>How long after that was asked the batch is deleted, beside it; null if it is not.</summary>
    public TimeSpan? DeleteBesideRetry { get; init; }

    /// <summary>Whether the batches of what it has left over are deleted when all have ended.</summary>
    public bool DeletesRetries { get; init; }

    /// <summary>How long after its end, and theirs, the batch is deleted; null if it is not.</summary>
    public TimeSpan? DeleteAfter { get; init; }

    /// <summary>Whether its client waits for its end, to do something with it at once.</summary>
    public bool IsAwaited => DeletesResults || RetryAfter is not null || DeleteAfter is not null;

    /// <summary>How often its client asks how it is getting on, after a while.</summary>
    public TimeSpan LooksEvery { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How often its client asks for the same before it gives up.</summary>
    public int Tries { get; init; } = 8;

    /// <summary>A line that is no JSON; null if all are.</summary>
    public int? BadLine { get; init; }

    /// <summary>Lines that the upstream refuses whenever they are sent.</summary>
    public int RefusedEach { get; init; }

    /// <summary>How calls for one of its lines are known.</summary>
    public string MarkerOf(int line) => string.Create(
        CultureInfo.InvariantCulture, $"b{Number}-{line}{(RefusedEach > 0 && line % RefusedEach == RefusedEach - 1 ? "-x" : "")}");

    /// <summary>Which batch and line a call is for.</summary>
    public static (int Batch, int Line) Parse(string marker)
    {
        var parts = marker[1..].Split('-');
        return (int.Parse(parts[0], CultureInfo.InvariantCulture), int.Parse(parts[1], CultureInfo.InvariantCulture));
    }

    /// <summary>Its input file.</summary>
    public byte[] Input()
    {
        var text = new StringBuilder();
        for (var line = 0; line < Lines; line++)
        {
            text.Append(line == BadLine
                ? "{no json\n"
                : $$"""{"custom_id":"line-{{line}}","method":"POST","url":"/v1/chat/completions","body":{{FickleUpstream.BodyOf(MarkerOf(line))}}}""" + "\n");
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }
}
