using BatchFunctions.Bench;
using BatchFunctions.Bench.Sides;

return args is [Side.Command, var address, var name, .. var arguments]
    ? await Side.RunAsync(new Uri(address), name, arguments)
    : await BenchCommand.Create().Parse(args).InvokeAsync();
