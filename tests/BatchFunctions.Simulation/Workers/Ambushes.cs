using BatchFunctions.Simulation.Lives;
using BatchFunctions.StrictStorage.Http;

namespace BatchFunctions.Simulation.Workers;

/// <summary>The ambushes of a life: who comes to one of its points is met there, until the life has become calm.</summary>
internal sealed class Ambushes(Life life)
{
    private static readonly TimeSpan LongestInCalm = TimeSpan.FromMinutes(2);

    private readonly Dice _dice = new(life.Plan.Seed, 10_001);
    private readonly int[] _came = new int[life.Plan.Ambushes.Count];
    private readonly int[] _met = new int[life.Plan.Ambushes.Count];

    /// <summary>Requests that one has met, by the id that their repetitions have as well: nobody is met twice with one.</summary>
    private readonly HashSet<string> _requests = new(StringComparer.Ordinal);

    /// <summary>Whether the first of them has met anybody.</summary>
    public bool FirstHasMet => _met is [> 0, ..];

    private bool AreOver => life.Plan.Ambushes.Count == 0 || life.Agenda.Now >= life.Plan.CalmAt;

    /// <summary>What befalls a worker that has come to a gap.</summary>
    public Ambush? At(string step) => AreOver ? null : Find(ambush => ambush.Steps.Contains(step));

    /// <summary>What befalls a request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="id">The id that its repetitions have as well.</param>
    public Ambush? At(StorageRequest request, string id)
    {
        if (AreOver || Find(ambush => ambush.IsAt(request) && (ambush.Kind == AmbushKind.Failed || !_requests.Contains(id))) is not { } met)
        {
            return null;
        }

        _requests.Add(id);
        life.Trace.Add("fate", $"{met.Kind} at {request}");
        return met;
    }

    /// <summary>How long who is met stands still: not for long behind the time when nothing goes wrong any more.</summary>
    public TimeSpan TimeOf(Ambush ambush)
    {
        var time = _dice.Seconds(ambush.Stands.Least, ambush.Stands.Most);
        var most = life.Plan.CalmAt - life.Agenda.Now + LongestInCalm;
        return time < most ? time : most;
    }

    private Ambush? Find(Func<Ambush, bool> isAt)
    {
        for (var number = 0; number < _came.Length; number++)
        {
            var ambush = life.Plan.Ambushes[number];
            if (_met[number] < ambush.Most
                && life.Agenda.Now >= ambush.From
                && isAt(ambush)
                && ambush.When?.Invoke(life.Watch) != false
                && _came[number]++ >= ambush.After
                && _dice.Happens(ambush.Chance))
            {
                _met[number]++;
                return ambush;
            }
        }

        return null;
    }
}
