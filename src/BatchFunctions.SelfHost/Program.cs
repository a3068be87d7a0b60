using System.CommandLine;
using BatchFunctions.SelfHost;
using BatchFunctions.SelfHost.Commands;

// Replaces the command line's own limit for ending (2 s by default): the queue handlers commit what they have done, and
// the host limits how long that takes.
return await ServeCommand.Create().Parse(args).RunAsync(
    new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromMinutes(1) });
