using BatchFunctions.SelfHost;

return await ServeCommand.Create().Parse(args).InvokeAsync();
