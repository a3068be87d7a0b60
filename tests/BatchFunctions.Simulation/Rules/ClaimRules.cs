using BatchFunctions.Chunks;
using BatchFunctions.Simulation.Lives;
using BatchFunctions.Simulation.Time;

namespace BatchFunctions.Simulation.Rules;

/// <summary>Claims of chunks: who sends under them, when the sweep looks whether they have lapsed, and what counts as a strike.</summary>
internal sealed class ClaimRules(Life life)
{
    private readonly Dictionary<(IHost Host, string Batch, int Chunk), DateTimeOffset> _leases = [];
    private readonly Dictionary<string, DateTimeOffset> _looks = new(StringComparer.Ordinal);

    /// <summary>A chunk's row was written.</summary>
    public void Written(Chunk? before, Chunk after, IHost? writer)
    {
        var batch = after.Batch.Id;
        if (after is { Owner: not null, LeaseUntil: { } until } && writer is not null)
        {
            _leases[(writer, batch, after.Number)] = until;
            if (after.Owner != before?.Owner && life.Plan.IsPrompt && _looks.TryGetValue(batch, out var look) && look > until)
            {
                life.Violate("the sweep looks at a batch when a claim's lease would be over", $"{batch} chunk {after.Number}");
            }
        }

        if (before is null)
        {
            return;
        }

        if (life.Plan.IsGentle && before.Owner is not null && after.Wakes > before.Wakes)
        {
            life.Violate("where nothing fails no lease lapses", $"{batch} chunk {after.Number}");
        }

        if (after.StruckAt != before.StruckAt && before.StruckAt is { } struck && life.Plan.ClocksAreRight
            && (after.StruckAt - struck < Chunk.StrikesApart || after.StrikeEpoch <= before.StrikeEpoch))
        {
            life.Violate("strikes are a claim and a minute apart", $"{batch} chunk {after.Number}");
        }
    }

    /// <summary>A line of a chunk was sent: by its claim's lease, as far as its sender has written it.</summary>
    public void Sent(string batch, int chunk, IHost host)
    {
        if (life.Plan.ClocksAreRight && _leases.TryGetValue((host, batch, chunk), out var until) && until < life.Agenda.UtcNow)
        {
            life.Violate("no line is sent under a lease that has run out", $"{batch} chunk {chunk}, {(life.Agenda.UtcNow - until).TotalSeconds:0.0} s later");
        }
    }

    /// <summary>An active row says when the sweep looks at its batch: not behind the lease of a claim that stands.</summary>
    public void LookWritten(string batch, DateTimeOffset look, IEnumerable<Chunk> chunks)
    {
        var isLater = _looks.TryGetValue(batch, out var before) && look > before;
        _looks[batch] = look;
        if (isLater && life.Plan.IsPrompt
            && chunks.FirstOrDefault(chunk => chunk.Owner is not null && chunk.LeaseUntil > life.Agenda.UtcNow && chunk.LeaseUntil < look) is { } held)
        {
            life.Violate("no batch is let rest over a claim", $"{batch} chunk {held.Number}");
        }
    }
}
