using BatchFunctions.Bench;

return await BenchCommand.Create().Parse(args).InvokeAsync();
