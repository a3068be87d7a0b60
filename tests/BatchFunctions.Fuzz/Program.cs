using BatchFunctions.Fuzz;
using SharpFuzz;

var targets = new Dictionary<string, Action<byte[]>> { ["lines"] = LineTarget.Try, ["answers"] = AnswerTarget.Try };
if (args.Length == 0 || !targets.TryGetValue(args[0], out var target))
{
    Console.WriteLine($"Name a target: {string.Join(", ", targets.Keys)}.");
    return 2;
}

// With files: tries each, which is how a finding is looked at. Without: is driven by afl-fuzz (see fuzz.sh).
if (args.Length > 1)
{
    foreach (var file in args[1..])
    {
        target(File.ReadAllBytes(file));
        Console.WriteLine($"{file}: right");
    }
}
else
{
    Fuzzer.OutOfProcess.Run(input =>
    {
        using var bytes = new MemoryStream();
        input.CopyTo(bytes);
        target(bytes.ToArray());
    });
}

return 0;
