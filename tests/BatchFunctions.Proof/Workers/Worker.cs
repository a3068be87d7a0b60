using System.Diagnostics;
using System.Globalization;
using BatchFunctions.Configuration;
using BatchFunctions.Protocol;
using BatchFunctions.SelfHost;
using BatchFunctions.SelfHost.Pump;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace BatchFunctions.Proof.Workers;

/// <summary>
/// The self-host as a process of its own, which a proof may kill or freeze. It ends with the proof: when that one's end
/// of the standard input is closed.
/// </summary>
internal static class Worker
{
    /// <summary>The first argument of a process that is a worker.</summary>
    public const string Command = "worker";

    /// <summary>What stands before the address that the worker listens on.</summary>
    public const string ReadyPrefix = "Ready at ";

    /// <summary>Runs until the standard input ends, or the step is reached.</summary>
    /// <param name="fatal">A step and which time it is fatal, such as <c>ChunkClaimed:2</c>; none for a plain worker.</param>
    public static async Task<int> RunAsync(string? fatal)
    {
        var settings = new ConfigurationBuilder().AddEnvironmentVariables().Build();
        await using var app = SelfHostApp.Build(settings, "http://127.0.0.1:0", services =>
        {
            // So few that results go to pages, which a batch of this size would not need; the same for all workers, as for all processes of a version.
            services.Configure<BatchOptions>(options => options.SegmentsOfPage = 3);
            if (fatal is not null)
            {
                var parts = fatal.Split(':');
                services.AddSingleton<ProtocolSteps>(new KillAtStep(
                    Enum.Parse<ProtocolStep>(parts[0]), int.Parse(parts[1], CultureInfo.InvariantCulture)));
            }

            if (settings["Proof:MessageLease"] is { } lease)
            {
                services.AddSingleton(new PumpTimes { Lease = TimeSpan.Parse(lease, CultureInfo.InvariantCulture) });
            }
        });
        await app.StartAsync();
        Console.WriteLine(ReadyPrefix + app.Urls.Single());
        _ = await Console.In.ReadToEndAsync();
        using var self = Process.GetCurrentProcess();
        self.Kill();
        return 0;
    }
}
