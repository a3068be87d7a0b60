using System.Globalization;
using BatchFunctions.Capacity;
using BatchFunctions.Fleet;
using BatchFunctions.Upstream;

namespace BatchFunctions.Testing.Simulation;

/// <summary>
/// A fleet with more lines than it can send, an upstream, and the rule that says how many are in flight, in simulated time. Processes
/// share the limit through the service's own ledger, which each writes every few seconds.
/// </summary>
internal sealed class Simulation
{
    /// <summary>Lines that each process has to send: more than it may.</summary>
    private const int AtHand = 100_000;

    /// <summary>How often it is looked what the upstream can do now.</summary>
    private const double Tick = 0.5;

    private readonly SimulatedTime _time = new();
    private readonly Random _random;
    private readonly UpstreamShape _shape;
    private readonly SimulatedUpstream _upstream;
    private readonly LineShape _lines;
    private readonly LimitRule? _rule;
    private readonly AutoLimit _auto;
    private readonly SimulatedProcess[] _processes;
    private readonly List<SimulationSample> _samples = [];
    private ShareLedger _ledger;
    private double _work;
    private int _sent;
    private int _refused;
    private int _mostInFlight;

    /// <summary>Makes a simulation.</summary>
    /// <param name="shape">What the upstream can do.</param>
    /// <param name="lines">How long lines take.</param>
    /// <param name="processes">How many processes there are.</param>
    /// <param name="seed">What chance comes from.</param>
    /// <param name="rule">Whose limit is in force; the product's where this is null.</param>
    /// <param name="most">The most lines in flight that there may be.</param>
    public Simulation(UpstreamShape shape, LineShape lines, int processes, int seed, LimitRule? rule = null, int most = AutoLimit.MostLines)
    {
        _random = new Random(seed);
        _shape = shape;
        _upstream = new SimulatedUpstream(shape);
        _lines = lines;
        _rule = rule;
        _auto = new AutoLimit(most);
        _ledger = ShareLedger.Empty with { Auto = AutoLimitState.First(_time.GetUtcNow()) };
        var beat = ShareKeeper.Interval.TotalSeconds / processes;
        _processes = [.. Enumerable.Range(0, processes).Select(index => new SimulatedProcess(_time) { Name = $"{index}", NextBeat = beat * index })];
    }

    /// <summary>Is told of each decision.</summary>
    public Action<string>? Trace { get; init; }

    /// <summary>Lets time pass.</summary>
    /// <param name="seconds">Until when, since the beginning.</param>
    public SimulationResult Run(double seconds)
    {
        while (_time.Seconds < seconds)
        {
            Send();
            Advance(Math.Min(NextTick, Math.Min(_upstream.Next, NextOfProcesses())));
            foreach (var process in _processes.Where(process => process.NextBeat <= _time.Seconds))
            {
                Renew(process);
            }
        }

        return new SimulationResult(_samples);
    }

    private double NextTick => (_samples.Count + 1) * Tick;

    private int LimitNow => _rule?.Limit ?? _ledger.Auto!.Limit;

    private double NextOfProcesses()
    {
        var next = double.PositiveInfinity;
        foreach (var process in _processes)
        {
            next = Math.Min(next, process.NextBeat);
            if (process.InFlight < process.Share)
            {
                next = Math.Min(next, Math.Max(_time.Seconds + 1e-4, SimulatedTime.SecondsOf(process.Pace.Next)));
            }
        }

        return next;
    }

    private void Send()
    {
        foreach (var process in _processes)
        {
            if (_rule is not null)
            {
                process.Share = _rule.Limit;
            }

            while (process.InFlight < process.Share && process.Pace.Next <= _time.GetUtcNow())
            {
                Send(process);
            }
        }
    }

    private void Send(SimulatedProcess process)
    {
        var line = _lines.Next(_random);
        line.Process = Array.IndexOf(_processes, process);
        line.Sent = _time.Seconds;
        line.Flight = process.Record.Sent();
        var paced = process.Pace.Sent();
        _sent++;
        if (_upstream.TryAdd(line))
        {
            process.InFlight++;
            _mostInFlight = Math.Max(_mostInFlight, _upstream.InFlight);
            return;
        }

        _refused++;
        process.Record.Ended(line.Flight, FlightEnd.Refused, 0);
        process.Pace.Refused(paced, null);
        _rule?.Ended(0, process.InFlight + 1, isRefused: true);
    }

    private void Advance(double to)
    {
        _work += _upstream.Rate * (to - _time.Seconds);
        _time.Seconds = to;
        foreach (var line in _upstream.Advance(to))
        {
            var process = _processes[line.Process];
            process.Record.Ended(line.Flight!, FlightEnd.Through, FlightRecord.WorkOf(0, line.Tokens, line.Bytes));
            process.Pace.Passed();
            _rule?.Ended(to - line.Sent, process.InFlight, isRefused: false);
            process.InFlight--;
        }

        if (to >= NextTick)
        {
            _samples.Add(new SimulationSample(
                to, LimitNow, _mostInFlight, _work, _shape.BestAt(to) * Tick, _shape.Knee(to), _sent, _refused));
            (_work, _sent, _refused, _mostInFlight) = (0, 0, 0, _upstream.InFlight);
        }
    }

    /// <summary>A process writes the ledger: what it has seen, the next limit if it is time, and its share.</summary>
    private void Renew(SimulatedProcess process)
    {
        if (_rule is not null)
        {
            process.NextBeat = double.PositiveInfinity;
            return;
        }

        var (now, flight, before) = (_time.GetUtcNow(), process.Record.Summary(), _ledger.Auto!);
        var seen = FleetFlight.Of(before.Trial, [.. _ledger.Without(process.Name).Entries.Select(static entry => entry.Flight!), flight]);
        var state = _auto.Next(before, seen, now);
        if (state.Trial != before.Trial)
        {
            var (gain, error) = before.Reference is { } with ? new AutoLimitTrial(before, seen, now).Cohort.GainOver(with) : (0, 0);
            Trace?.Invoke(string.Create(
                CultureInfo.InvariantCulture,
                $"{_time.Seconds,6:0.0} {before.Phase} at {before.Limit}, {seen.Seen.Ended.Total} ended, {seen.InFlight} in flight, {_processes.Sum(one => one.Share)} shared, {_upstream.InFlight} there, {gain:0.00} ± {error:0.00} gained over {before.Reference?.Lines ?? 0}: {state.Phase} at {state.Limit}"));
        }

        var demand = new ShareDemand(process.InFlight, [new ProjectDemand("project", 1, AtHand)]);
        (_ledger, var grant) = (_ledger with { Auto = state }).Renew(process.Name, demand, flight, state.Limit, now);
        process.Record.Enter(grant.Trial);
        process.Share = grant.Lines;
        process.NextBeat += (grant.IsShort ? ShareKeeper.Soon : ShareKeeper.Interval).TotalSeconds;
    }
}
