using BatchFunctions.Cli;

return await BatchCommandLine.RunAsync(args, new CommandEnvironment());
