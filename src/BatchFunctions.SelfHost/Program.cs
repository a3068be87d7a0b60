using System.CommandLine;
using BatchFunctions.SelfHost;

// No limit of the command line's own on ending (its default is 2 s): the queue handlers write what they have done, and
// the host bounds that.
return await ServeCommand.Create().Parse(args).InvokeAsync(
    new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromMinutes(1) });
