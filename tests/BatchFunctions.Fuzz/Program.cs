using BatchFunctions.Fuzz;
using SharpFuzz;

// With files: tries each, which is how a finding is looked at. Without: is driven by afl-fuzz (see fuzz.sh).
if (args.Length > 0)
{
    foreach (var file in args)
    {
        LineTarget.Try(File.ReadAllBytes(file));
        Console.WriteLine($"{file}: right");
    }
}
else
{
    Fuzzer.OutOfProcess.Run(input =>
    {
        using var bytes = new MemoryStream();
        input.CopyTo(bytes);
        LineTarget.Try(bytes.ToArray());
    });
}
