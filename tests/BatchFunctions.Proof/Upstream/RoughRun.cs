using System.Globalization;
using System.Text.Json;
using BatchFunctions.Batches;
using BatchFunctions.Files;
using BatchFunctions.Testing;
using BatchFunctions.Testing.Metering;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace BatchFunctions.Proof.Upstream;

/// <summary>What came of a scenario, and what of it breaks a promise.</summary>
internal sealed class RoughRun
{
    /// <summary>Within which a batch goes on when its upstream is back.</summary>
    private static readonly TimeSpan Return = TimeSpan.FromSeconds(10);

    /// <summary>How often an upstream that is away is asked at most.</summary>
    private static readonly TimeSpan Probes = TimeSpan.FromSeconds(5);

    private readonly RoughScenario _scenario;
    private readonly Batch _ended;
    private readonly IReadOnlyList<JsonElement> _output;
    private readonly IReadOnlyList<JsonElement> _errors;
    private readonly IReadOnlyList<AnsweredCall> _calls;
    private readonly IReadOnlyList<string> _warnings;

    private RoughRun(
        RoughScenario scenario,
        Batch ended,
        IReadOnlyList<JsonElement> output,
        IReadOnlyList<JsonElement> errors,
        IReadOnlyList<AnsweredCall> calls,
        IReadOnlyList<string> warnings)
    {
        _scenario = scenario;
        _ended = ended;
        _output = output;
        _errors = errors;
        _calls = calls;
        _warnings = warnings;
    }

    /// <summary>The head of the table whose rows are <see cref="ToString"/>.</summary>
    public static string Head =>
        "| scenario | lines | failed | calls | most calls of a line | until the last answer | first line after the return | asked while away | refused of the calls | of the limit | warnings |\n|---|---|---|---|---|---|---|---|---|---|---|";

    /// <summary>The errors of lines, with their words.</summary>
    public IEnumerable<string> Errors => _errors.Select(line => line.GetRawText());

    private IEnumerable<AnsweredCall> Passed => _calls.Where(call => call.Answer == "200");

    /// <summary>When the first line came back after the upstream did, if it was away.</summary>
    private TimeSpan? Returned => _scenario.Away is { } away
        ? Passed.Where(call => call.Call.At >= away.To).Select(call => call.Call.At - away.To).DefaultIfEmpty(TimeSpan.MaxValue).First()
        : null;

    /// <summary>Calls while it was away, but for those that were made before that could be known.</summary>
    private IReadOnlyList<AnsweredCall> WhileAway => _scenario.Away is { } away
        ? [.. _calls.Where(call => call.Call.At >= away.From + Probes && call.Call.At < away.To)]
        : [];

    private IReadOnlyList<AnsweredCall> Settled => [.. _calls.Where(call => call.Call.At >= Return)];

    private double RefusedShare => Settled.Count == 0 ? 0 : (double)Settled.Count(call => call.Answer == "429") / Settled.Count;

    private double? OfLimit => _scenario.Limit is { } limit ? Passed.Count() / Passed.Last().Call.At.TotalSeconds / limit : null;

    /// <summary>Runs a scenario.</summary>
    public static async Task<RoughRun> RunAsync(RoughScenario scenario)
    {
        RoughUpstream? upstream = null;
        await using var service = await LeapingService.StartAsync(
            time => upstream = new RoughUpstream(scenario, time), scenario.Settings);
        var ended = await service.RunAsync(scenario.Lines);
        return new RoughRun(
            scenario,
            ended,
            await ReadAsync(service, ended.OutputFileId),
            await ReadAsync(service, ended.ErrorFileId),
            [.. upstream!.Answered],
            [.. service.Logs.Records.Where(record => record.Level >= LogLevel.Warning).Select(record => record.Text)]);
    }

    /// <summary>What breaks a promise, in words.</summary>
    public IEnumerable<string> Violations()
    {
        var lines = _output.Concat(_errors).Select(NumberOf).ToList();
        if (lines.Count != _scenario.Lines || lines.Distinct().Count() != _scenario.Lines || _ended.Counts.Total != _scenario.Lines)
        {
            yield return $"{_scenario.Name}: {lines.Distinct().Count()} of {_scenario.Lines} lines in {lines.Count} results, counts {_ended.Counts}";
        }

        if (_ended.Status != BatchStatus.Completed)
        {
            yield return $"{_scenario.Name}: the batch is {_ended.Status}";
        }

        foreach (var line in _errors.Where(line => !_scenario.IsAtFault(NumberOf(line))))
        {
            yield return $"{_scenario.Name}: a line failed that is not at fault: {line.GetRawText()}";
        }

        foreach (var line in _output.Where(line => _scenario.IsAtFault(NumberOf(line))))
        {
            yield return $"{_scenario.Name}: line {NumberOf(line)} should have failed";
        }

        if (Returned > Return)
        {
            yield return $"{_scenario.Name}: the first line after the return came after {Returned}";
        }

        foreach (var (first, second) in WhileAway.Zip(WhileAway.Skip(1)).Where(pair => pair.Second.Call.At - pair.First.Call.At < Probes * 0.99))
        {
            yield return $"{_scenario.Name}: asked while away at {first.Call.At} and at {second.Call.At}";
        }

        if (_scenario.Limit is not null && (OfLimit < 0.9 || RefusedShare > 0.05))
        {
            yield return $"{_scenario.Name}: {OfLimit:P0} of the limit, {RefusedShare:P1} refused";
        }
    }

    /// <summary>A row of the table.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"| {_scenario.Name} | {_scenario.Lines:N0} | {_ended.Counts.Failed:N0} | {_calls.Count:N0} | {_calls.Max(call => call.Call.Number)} | {_calls[^1].At.TotalSeconds:N0} s | {Returned?.TotalSeconds:0.0 s} | {(_scenario.Away is null ? "" : $"{WhileAway.Count}")} | {RefusedShare:P1} | {OfLimit:P0} | {_warnings.Count} |");

    private static int NumberOf(JsonElement line) =>
        int.Parse(line.GetProperty("custom_id").GetString()!["line-".Length..], CultureInfo.InvariantCulture);

    private static async Task<IReadOnlyList<JsonElement>> ReadAsync(LeapingService service, string? fileId)
    {
        if (fileId is null)
        {
            return [];
        }

        var file = await service.Services.GetRequiredService<FileStore>().FindAsync(LeapingService.Tenant, fileId, CancellationToken.None);
        return (await StoredFiles.ReadAsync(service.Services, file!)).Lines;
    }
}
