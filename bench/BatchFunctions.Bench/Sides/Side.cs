using System.Net;
using BatchFunctions.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace BatchFunctions.Bench.Sides;

/// <summary>
/// A program beside the service, in a process of its own so that its processor time is not mistaken for another's: the
/// bare side of a ratio, or the upstream. It is this program under another command, and ends with whoever started it.
/// </summary>
internal static class Side
{
    /// <summary>The first argument of a process that is a side; its name and its own arguments follow.</summary>
    public const string Command = "side";

    private const string ReadyPrefix = "Ready at ";

    private static readonly Dictionary<string, Func<string[], RequestDelegate>> Sides = new()
    {
        [BareList.Name] = BareList.Create,
        [BareLoop.Name] = BareLoop.Create,
        [UpstreamSide.Name] = UpstreamSide.Create,
    };

    /// <summary>Starts a side and waits until it listens.</summary>
    public static async Task<ChildProcess> StartAsync(string name, params string[] arguments)
    {
        var process = ChildProcess.Start(
            typeof(Side).Assembly.Location, [Command, name, .. arguments], new Dictionary<string, string?>(), ReadyPrefix);
        await process.ReadyAsync();
        return process;
    }

    /// <summary>Is one, until the standard input ends.</summary>
    public static async Task<int> RunAsync(string name, string[] arguments)
    {
        // An empty builder reads no settings and writes no logs: nothing stands between Kestrel and the handler.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.AddServerHeader = false;
        });
        await using var app = builder.Build();
        app.Run(Sides[name](arguments));
        await app.StartAsync();
        Console.WriteLine(ReadyPrefix + app.Urls.Single());
        _ = await Console.In.ReadToEndAsync();
        return 0;
    }
}
