using System.Diagnostics.Metrics;
using Azure.Core;
using BatchFunctions.Batches;
using BatchFunctions.Configuration;
using BatchFunctions.Files;
using BatchFunctions.Processing;
using BatchFunctions.Protocol;
using BatchFunctions.Receivers;
using BatchFunctions.Simulation.Lives;
using BatchFunctions.Simulation.Storage;
using BatchFunctions.Simulation.Time;
using BatchFunctions.Storage;
using BatchFunctions.Upstream;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http;

namespace BatchFunctions.Simulation.Workers;

/// <summary>
/// A process of the service: the whole library, registered as both hosts register it, on a clock of its own, with its own way to
/// storage and to the upstream. When it dies nothing in it goes on: whatever it waited for does not come.
/// </summary>
internal sealed class Worker : IHost
{
    private readonly ServiceProvider _services;
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Starts a process.</summary>
    /// <param name="life">The life that it is part of.</param>
    /// <param name="name">Its name in the trace.</param>
    /// <param name="ahead">How far its clock is ahead.</param>
    /// <param name="settings">What it was deployed with.</param>
    /// <param name="isCalm">Whether nothing goes wrong between it and storage, whatever the seed says.</param>
    public Worker(Life life, string name, TimeSpan ahead, IReadOnlyDictionary<string, string?> settings, bool isCalm = false)
    {
        Name = name;
        Clock = new HostClock(life.Agenda, this, ahead);
        var network = new Network(life.Agenda, life.Account, this, name, isCalm ? new Weather(life.Plan, life.Agenda, isCalm) : life.Weather, life.Trace, life.Watch)
        {
            Requested = (request, response) => life.Requested?.Invoke(request, response),
        };
        var services = new ServiceCollection();
        services.AddSingleton<TimeProvider>(Clock);
        services.AddSingleton(life.Dice.Source);
        services.AddSingleton<ProtocolSteps>(new WorkerSteps(life, this));
        services.AddSingleton<Action<ClientOptions>>(options => Connect(options, network));
        services.PostConfigure<HttpClientFactoryOptions>(
            UpstreamConnection.HttpClientName,
            client => client.HttpMessageHandlerBuilderActions.Add(builder => builder.PrimaryHandler = life.Upstream.WayFrom(this, name)));
        services.PostConfigure<HttpClientFactoryOptions>(
            EventSender.HttpClientName,
            client => client.HttpMessageHandlerBuilderActions.Add(builder => builder.PrimaryHandler = life.Receiver.WayFrom(this, name)));
        services.AddBatchFunctions(new ConfigurationBuilder().AddInMemoryCollection([.. settings, KeyValuePair.Create(StorageClients.Connection, (string?)life.Account.ConnectionString)]).Build());
        services.Configure<BatchOptions>(life.Plan.Shrink);
        _services = services.BuildServiceProvider();
        life.Trace.Add(name, $"starts, its clock {ahead.TotalSeconds:+0.0;-0.0;0} s ahead");
    }

    public string Name { get; }

    public HostClock Clock { get; }

    public bool IsDead { get; private set; }

    public TimeSpan FrozenUntil { get; private set; }

    /// <summary>Fires when the host shuts down.</summary>
    public CancellationToken Stopping => _stop.Token;

    /// <summary>Whether it takes no more messages and requests.</summary>
    public bool IsLeaving => IsDead || _stop.IsCancellationRequested;

    public IServiceProvider Services => _services;

    public BatchJobs Jobs => Get<BatchJobs>();

    public BatchApi Batches => Get<BatchApi>();

    public FileApi Files => Get<FileApi>();

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    /// <summary>Lets nothing happen in it until a time.</summary>
    public void Freeze(TimeSpan until) => FrozenUntil = until;

    /// <summary>Tells it to shut down.</summary>
    public void Stop() => _stop.Cancel();

    /// <summary>Ends it, wherever it is.</summary>
    public void Kill()
    {
        IsDead = true;

        // The only thing of it that the runtime itself would keep.
        Get<IMeterFactory>().Dispose();
    }

    private void Connect(ClientOptions options, Network network)
    {
        options.Transport = network;
        options.RetryPolicy = new ClockedRetries(Clock);
        options.Retry.NetworkTimeout = Timeout.InfiniteTimeSpan;
        options.AddPolicy(new TimeoutKeeper(), HttpPipelinePosition.PerRetry);
        options.Diagnostics.IsLoggingEnabled = false;
        options.Diagnostics.IsDistributedTracingEnabled = false;
        options.Diagnostics.IsTelemetryEnabled = false;
    }
}
