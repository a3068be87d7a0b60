using System.Globalization;
using BatchFunctions.Capacity;

namespace BatchFunctions.Testing.Simulation;

/// <summary>
/// A fleet with more lines than it can send, an upstream, and the rule that says how many are in flight, in simulated time. Processes
/// share the limit through a row that each writes every few seconds, as in the service.
/// </summary>
internal sealed class Simulation
{
    private const double Beat = 3;

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
    private AutoLimitState _state;
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
        _state = AutoLimitState.First(_time.GetUtcNow());
        _processes = [.. Enumerable.Range(0, processes).Select(index => new SimulatedProcess(_time) { NextBeat = Beat * index / processes })];
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

    private int LimitNow => _rule?.Limit ?? _state.Limit;

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

    /// <summary>A process writes the row: what it has seen, its share of what the others leave, and the next limit if it is time.</summary>
    private void Renew(SimulatedProcess process)
    {
        process.NextBeat += Beat;
        if (_rule is not null)
        {
            return;
        }

        process.Told = process.Record.Summary();
        var seen = FleetFlight.Of(_state.Trial, [.. _processes.Select(one => one.Told)]);
        var before = _state;
        _state = _auto.Next(_state, seen, _time.GetUtcNow());
        if (_state.Trial != before.Trial)
        {
            Trace?.Invoke(string.Create(
                CultureInfo.InvariantCulture,
                $"{_time.Seconds,6:0.0} {before.Phase} at {before.Limit}, {seen.Seen.Ended.Total} ended, {seen.InFlight} in flight, {_processes.Sum(one => one.Share)} shared, {_upstream.InFlight} there: {_state.Phase} at {_state.Limit}"));
        }

        process.Record.Enter(_state.Trial);
        var index = Array.IndexOf(_processes, process);
        var fair = (_state.Limit / _processes.Length) + (index < _state.Limit % _processes.Length ? 1 : 0);
        var left = _state.Limit - _processes.Where(one => one != process).Sum(one => one.Held);
        process.Share = Math.Clamp(left, 0, fair);
        process.Held = Math.Max(process.Share, process.InFlight);
    }
}
