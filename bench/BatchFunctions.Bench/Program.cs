using BatchFunctions.Bench;
using BatchFunctions.Bench.Sides;

return args is [Side.Command, var name, .. var arguments]
    ? await Side.RunAsync(name, arguments)
    : await BenchCommand.Create().Parse(args).InvokeAsync();
