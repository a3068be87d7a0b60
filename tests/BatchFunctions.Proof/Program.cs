using BatchFunctions.Proof;
using BatchFunctions.Proof.Workers;

if (args is [Worker.Command, .. var fatal])
{
    return await Worker.RunAsync(fatal.FirstOrDefault());
}

var tally = await CrashProof.RunAsync(args.Contains("--long") ? 6 : 1);
foreach (var violation in tally.Violations)
{
    Console.WriteLine($"VIOLATION {violation}");
}

Console.WriteLine(tally);
return tally.Violations.Count == 0 ? 0 : 1;
