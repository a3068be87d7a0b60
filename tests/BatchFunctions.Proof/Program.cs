using BatchFunctions.Proof;
using BatchFunctions.Proof.Workers;

if (args is [Worker.Command, .. var fatal])
{
    return await Worker.RunAsync(fatal.FirstOrDefault());
}

if (args is [Meter.Command, var lines, var milliseconds])
{
    await Meter.RunAsync(lines, milliseconds);
    return 0;
}

if (args is [Meter.SmallCommand, var batches, var linesOfEach])
{
    await Meter.RunSmallAsync(batches, linesOfEach);
    return 0;
}

if (args is [UpstreamProof.Command, .. var scenarios])
{
    return await UpstreamProof.RunAsync(scenarios) == 0 ? 0 : 1;
}

if (args is ["measure"])
{
    await Measurements.RunAsync();
    return 0;
}

if (args is [Meter.RetryCommand, var linesOfFirst])
{
    await Meter.RunRetryAsync(linesOfFirst);
    return 0;
}

var isLong = args.Contains("--long");
var proofs = new Dictionary<string, Func<Task<Tally>>>
{
    ["crashes"] = () => CrashProof.RunAsync(isLong ? 6 : 1),
    ["workers"] = () => WorkersProof.RunAsync(isLong ? 40 : 6),
    ["storage"] = () => StorageProof.RunAsync(isLong ? 30 : 5),
};
var asked = args.FirstOrDefault() is "all" ? proofs.Keys.ToList() : [.. args.Take(1).Where(proofs.ContainsKey)];
if (asked.Count == 0)
{
    Console.WriteLine($"Name a proof: {string.Join(", ", proofs.Keys)}, or all (--long for the long form); or {UpstreamProof.Command}, or measure.");
    return 2;
}

var violations = 0;
foreach (var name in asked)
{
    var tally = await proofs[name]();
    foreach (var violation in tally.Violations)
    {
        Console.WriteLine($"VIOLATION {violation}");
    }

    Console.WriteLine(tally);
    violations += tally.Violations.Count;
}

return violations == 0 ? 0 : 1;
