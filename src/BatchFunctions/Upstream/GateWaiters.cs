namespace BatchFunctions.Upstream;

/// <summary>
/// The lines that wait at the gate: fairly between projects, then between a project's batches, by lines in flight; suspects by
/// themselves, in the order of their coming. Under the gate's lock.
/// </summary>
internal sealed class GateWaiters(TimeProvider time)
{
    private readonly Dictionary<string, GateProject> _projects = new(StringComparer.Ordinal);
    private readonly LinkedList<GateWaiter> _suspects = [];
    private int _count;

    /// <summary>Which part a project has for each unit of its weight, where the fleet has said so.</summary>
    private double? _unit;

    /// <summary>The projects with chunks at the gate.</summary>
    public IReadOnlyCollection<GateProject> Projects => _projects.Values;

    /// <summary>The first suspect.</summary>
    public GateWaiter? Suspect => _suspects.First?.Value;

    /// <summary>
    /// The line that is next and no suspect: of the project that has the fewest in flight for its weight.
    /// </summary>
    public GateWaiter? Other
    {
        get
        {
            GateProject? first = null;
            GateWaiter? next = null;
            var now = time.GetUtcNow();
            foreach (var project in _projects.Values)
            {
                if (project.NextAt(now) is { } waiter && (first is null || IsBefore(project, first)))
                {
                    (first, next) = (project, waiter);
                }
            }

            return next;
        }
    }

    /// <summary>The line that has waited longest.</summary>
    public GateWaiter? Oldest => Unsuspected.Concat(_suspects).MinBy(static waiter => waiter.Number);

    /// <summary>Whether any line waits.</summary>
    public bool IsAny => _count > 0;

    /// <summary>
    /// The line that is best sent as a probe: the one that has waited longest, so that one which has just been refused asks again when all
    /// others have; no suspect, as long as there is another.
    /// </summary>
    public GateWaiter? Probe => Unsuspected.MinBy(static waiter => waiter.Number) ?? Suspect;

    /// <summary>All that wait, suspects apart.</summary>
    private IEnumerable<GateWaiter> Unsuspected => _projects.Values.SelectMany(static project => project.Waiting);

    public GateTurn Join(UpstreamGate gate, BatchAtGate batch, int chunk, int lines, double weight)
    {
        if (!_projects.TryGetValue(batch.Key.Tenant, out var joined))
        {
            // It comes to no arrears for the time that it was away.
            var least = _projects.Values.Select(static other => other.Given).DefaultIfEmpty(0).Min();
            _projects[batch.Key.Tenant] = joined = new GateProject(batch.Key.Tenant) { Given = least, Part = _unit * weight };
        }

        joined.Weight = weight;
        var own = joined.Join(batch);
        own.Left += lines;
        return new GateTurn(gate, own, chunk, lines);
    }

    public void Leave(GateTurn turn)
    {
        var project = turn.Batch.Project;
        turn.Batch.Left -= turn.Left;
        project.Leave(turn.Batch);
        if (project.Turns == 0)
        {
            _projects.Remove(project.Name);
        }
    }

    /// <summary>Tells how many of a chunk's lines are still to be sent from here, as far as is known.</summary>
    public static void SetLeft(GateTurn turn, int lines)
    {
        turn.Batch.Left += lines - turn.Left;
        turn.Left = lines;
    }

    /// <summary>Takes over the projects' parts; one that has none, since it came later, has what its weight gives it.</summary>
    public void Weigh(IReadOnlyDictionary<string, double> parts)
    {
        var known = _projects.Values.Where(project => parts.GetValueOrDefault(project.Name) > 0).ToList();
        _unit = known.Count > 0 ? known.Sum(project => parts[project.Name]) / known.Sum(static project => project.Weight) : null;
        foreach (var project in _projects.Values)
        {
            project.Part = parts.TryGetValue(project.Name, out var part) && part > 0 ? part : _unit * project.Weight;
        }
    }

    public void Add(GateWaiter waiter)
    {
        waiter.Waits = true;
        _count++;
        waiter.Turn.Batch.Again += waiter.LeadsChunk ? 0 : 1;
        if (waiter.Suspicion > 0)
        {
            _suspects.AddLast(waiter.Node);
        }
        else
        {
            waiter.Turn.Batch.Waiting.Add(waiter);
        }
    }

    public void Remove(GateWaiter waiter)
    {
        if (!waiter.Waits)
        {
            return;
        }

        waiter.Waits = false;
        _count--;
        waiter.Turn.Batch.Again -= waiter.LeadsChunk ? 0 : 1;
        waiter.Node.List?.Remove(waiter.Node);
        waiter.Turn.Batch.Waiting.Remove(waiter);
    }

    /// <summary>A line has been given a place.</summary>
    public void Sent(GateWaiter waiter)
    {
        Remove(waiter);
        var batch = waiter.Turn.Batch;
        batch.InFlight++;
        batch.Project.InFlight++;
        batch.Project.Given += 1 / batch.Project.Measure;
        if (waiter.LeadsChunk && waiter.Turn.TryTake())
        {
            batch.Left--;
        }
    }

    /// <summary>A line has given its place back.</summary>
    public static void Returned(GateTurn turn)
    {
        turn.Batch.InFlight--;
        turn.Batch.Project.InFlight--;
    }

    /// <summary>Sends lines to storage.</summary>
    /// <param name="wait">For how long.</param>
    /// <param name="butOne">Whether one of them stays: one whose chunk has more lines, if there is such a one.</param>
    /// <param name="isAway">Whether their upstream is away, and somebody asks whether it is back.</param>
    /// <param name="comesBack">Whether one of them is to come back when its wait is over, to ask.</param>
    public void PutOff(TimeSpan wait, bool butOne, bool isAway, bool comesBack)
    {
        var all = Unsuspected.Concat(_suspects).OrderBy(static waiter => waiter.Number).ToList();
        var stays = butOne ? all.Find(waiter => waiter.LeadsChunk) ?? all.FirstOrDefault() : null;
        foreach (var waiter in all.Where(waiter => waiter != stays))
        {
            Remove(waiter);
            waiter.Ask.PutOff(wait, isAway && !comesBack);
            comesBack = false;
        }
    }

    private static bool IsBefore(GateProject project, GateProject other) =>
        (project.InFlight / project.Measure, project.Given).CompareTo((other.InFlight / other.Measure, other.Given)) < 0;
}
