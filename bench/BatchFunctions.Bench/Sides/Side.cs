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
    /// <summary>The first argument of a process that is a side; where it listens, its name and its own arguments follow.</summary>
    public const string Command = "side";

    private const string ReadyPrefix = "Ready at ";
    private static readonly Uri Anywhere = new("http://127.0.0.1:0");

    private static readonly Dictionary<string, Func<string[], RequestDelegate>> Sides = new()
    {
        [BareList.Name] = BareList.Create,
        [BareLoop.Name] = BareLoop.Create,
        [UpstreamSide.Name] = UpstreamSide.Create,
    };

    /// <summary>Starts a side on a free port and waits until it listens.</summary>
    public static Task<ChildProcess> StartAsync(string name, params string[] arguments) => StartAtAsync(Anywhere, name, arguments);

    /// <summary>Starts a side at an address of this machine and waits until it listens.</summary>
    public static async Task<ChildProcess> StartAtAsync(Uri address, string name, params string[] arguments)
    {
        var process = ChildProcess.Start(
            typeof(Side).Assembly.Location, [Command, address.ToString(), name, .. arguments], new Dictionary<string, string?>(), ReadyPrefix);
        await process.ReadyAsync();
        return process;
    }

    /// <summary>Is one, until the standard input ends.</summary>
    public static async Task<int> RunAsync(Uri address, string name, string[] arguments)
    {
        // An empty builder reads no settings and writes no logs: nothing stands between Kestrel and the handler.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, address.Port);
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
