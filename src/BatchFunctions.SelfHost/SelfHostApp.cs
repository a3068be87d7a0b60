using BatchFunctions.Processing;
using BatchFunctions.SelfHost.Pump;
using BatchFunctions.Storage;
using BatchFunctions.Wakeups;

namespace BatchFunctions.SelfHost;

/// <summary>The service as one ordinary process: the API on Kestrel, and a pump for each queue.</summary>
internal static class SelfHostApp
{
    /// <summary>Longer than the handlers have (<see cref="PumpTimes.ShutdownLimit"/>), so that they are never cut short.</summary>
    private static readonly TimeSpan ShutdownLimit = TimeSpan.FromSeconds(15);

    /// <summary>Puts the service together; nothing runs yet.</summary>
    /// <param name="settings">Settings, storage and upstream included.</param>
    /// <param name="urls">Where to listen.</param>
    /// <param name="configure">What a test or a proof puts in the place of something.</param>
    public static WebApplication Build(IConfiguration settings, string urls, Action<IServiceCollection>? configure = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls(urls.Split(';'));
        builder.Configuration.AddConfiguration(settings);
        builder.Logging.ClearProviders().AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss ";
        });

        // What keeps the host from starting is told in a sentence, by whoever started it.
        builder.Logging
            .AddFilter("Microsoft", LogLevel.Warning)
            .AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None)
            .AddFilter("Azure", LogLevel.Warning)
            .AddFilter("System.Net.Http", LogLevel.Warning);
        builder.Services.Configure<HostOptions>(host =>
        {
            host.ShutdownTimeout = ShutdownLimit;
            // Every queue's handlers hear of the stop at once, and not after the last download has ended.
            host.ServicesStopConcurrently = true;
        });
        configure?.Invoke(builder.Services);
        var host = HostJson.Read(Path.Combine(AppContext.BaseDirectory, "host.json"), settings);
        if (host.FunctionTimeout != Timeout.InfiniteTimeSpan)
        {
            // The service checks its own times against it.
            builder.Configuration[HostJson.FunctionTimeoutSetting] = host.FunctionTimeout.ToString("c");
        }

        builder.Services.AddBatchFunctions(builder.Configuration);
        builder.Services.AddPumps(host);
        var app = builder.Build();
        app.MapBatchApi();
        return app;
    }

    private static void AddPumps(this IServiceCollection services, HostJson host)
    {
        services.AddSingleton(host);
        services.AddHostedService<SweepTimer>();
        foreach (var name in QueueNames.Working)
        {
            services.AddSingleton<IHostedService>(provider => new QueuePump(
                provider.GetRequiredService<StorageClients>().Queues,
                name,
                provider.GetRequiredService<BatchJobs>().Handlers[name],
                host,
                provider.GetService<PumpTimes>() ?? new PumpTimes(),
                provider.GetRequiredService<QueueBell>(),
                provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<ILogger<QueuePump>>()));
        }
    }
}
