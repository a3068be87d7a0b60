using BatchFunctions.Configuration;
using BatchFunctions.Processing;
using BatchFunctions.SelfHost.Metrics;
using BatchFunctions.SelfHost.Pump;
using BatchFunctions.Storage;
using BatchFunctions.Wakeups;

namespace BatchFunctions.SelfHost;

/// <summary>The service as one ordinary process: the API on Kestrel, and a pump for each working queue.</summary>
internal static class SelfHostApp
{
    /// <summary>Longer than <see cref="PumpTimes.ShutdownLimit"/>, so that the handlers are never cut short.</summary>
    private static readonly TimeSpan ShutdownLimit = TimeSpan.FromSeconds(15);

    /// <summary>Builds the service without starting it.</summary>
    /// <param name="settings">The settings, including storage and upstream.</param>
    /// <param name="urls">The addresses to listen on, separated by semicolons.</param>
    /// <param name="configure">Replaces services, for tests and proofs.</param>
    /// <param name="metricsUrl">The address at which Prometheus finds <c>/metrics</c>; null for none.</param>
    public static WebApplication Build(
        IConfiguration settings, string urls, Action<IServiceCollection>? configure = null, string? metricsUrl = null)
    {
        // Nobody waits for a change of settings, for which every folder below the current one would be watched, whatever it holds.
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = ["--hostBuilder:reloadConfigOnChange=false"] });
        builder.WebHost.UseUrls(metricsUrl is null ? urls.Split(';') : [.. urls.Split(';'), metricsUrl]);
        builder.Configuration.AddConfiguration(settings);
        builder.Logging.ClearProviders().AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss ";
        });

        // Whoever started the host reports a failed start in one sentence, so the host need not log it.
        builder.Logging
            .AddFilter("Microsoft", LogLevel.Warning)
            .AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None)

            // Images of ASP.NET Core name ports that --urls replaces, of which it would warn at each start.
            .AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.Error)
            .AddFilter("Azure", LogLevel.Warning)
            .AddFilter("System.Net.Http", LogLevel.Warning);
        builder.Services.Configure<HostOptions>(host =>
        {
            host.ShutdownTimeout = ShutdownLimit;
            // All queues' handlers learn of the stop at once, not only after the last download has ended.
            host.ServicesStopConcurrently = true;
        });
        configure?.Invoke(builder.Services);
        var host = HostJson.Read(HostFile.Place, settings);
        builder.Configuration.AddHostTimeout(HostFile.Place);
        builder.Services.AddBatchFunctions(builder.Configuration);
        builder.Services.AddPumps(host);
        if (metricsUrl is not null)
        {
            builder.Services.AddPrometheusPage(builder.Configuration);
        }

        var app = builder.Build();
        if (metricsUrl is not null)
        {
            app.UsePrometheusPage();
        }

        app.MapBatchApi();
        return app;
    }

    private static OnceListening AfterStart(IServiceProvider provider, BackgroundService work) =>
        new(provider.GetRequiredService<IHostApplicationLifetime>(), work);

    private static void AddPumps(this IServiceCollection services, HostJson host)
    {
        services.AddSingleton(host);
        services.AddSingleton<IHostedService>(provider => AfterStart(provider, ActivatorUtilities.CreateInstance<StartupSweep>(provider)));
        services.AddHostedService<SweepTimer>();
        foreach (var name in QueueNames.Working)
        {
            services.AddSingleton<IHostedService>(provider => AfterStart(provider, new QueuePump(
                provider.GetRequiredService<StorageClients>().Queues,
                name,
                provider.GetRequiredService<BatchJobs>().Handlers[name],
                host,
                provider.GetService<PumpTimes>() ?? new PumpTimes(),
                provider.GetRequiredService<QueueBell>(),
                provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<ILogger<QueuePump>>())));
        }
    }
}
