using System.Diagnostics.Metrics;
using Azure.Core;
using Azure.Storage.Queues.Models;
using BatchFunctions.Receivers;
using BatchFunctions.Simulation.Lives;
using BatchFunctions.Simulation.Storage;
using BatchFunctions.Simulation.Time;
using BatchFunctions.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace BatchFunctions.Simulation.Workers;

/// <summary>
/// A process of the service, on a clock of its own, with its own way to storage and to the upstream. When it dies nothing in it goes on: whatever it waited for does not come.
/// </summary>
internal sealed class Worker : IHost
{
    private readonly Func<string, QueueMessage, CancellationToken, Task> _handle;
    private readonly Func<CancellationToken, Task> _sweep;
    private readonly Func<HttpContext, Task> _answer;
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Starts a process.</summary>
    /// <param name="life">The life that it is part of.</param>
    /// <param name="name">Its name in the trace.</param>
    /// <param name="ahead">How far its clock is ahead.</param>
    /// <param name="settings">What it was deployed with.</param>
    /// <param name="version">The version of the service that it is of; null for this one.</param>
    /// <param name="isCalm">Whether nothing goes wrong between it and storage, whatever the seed says.</param>
    public Worker(Life life, string name, TimeSpan ahead, IReadOnlyDictionary<string, string?> settings, ServiceVersion? version = null, bool isCalm = false)
    {
        Name = name;
        IsOther = version is not null;
        Clock = new HostClock(life.Agenda, this, ahead);
        var network = new Network(life.Agenda, life.Account, this, name, isCalm ? new Weather(life.Plan, life.Agenda, isCalm) : life.Weather, life.Trace, life.Watch)
        {
            Requested = (request, response) => life.Requested?.Invoke(request, response),
            Ambush = isCalm ? null : life.Ambushes.At,
            Befall = ambush => Befall(life, ambush),
        };
        (Services, _handle, _sweep, _answer) = (version?.Start ?? ServiceProcess.Start)(
            Clock,
            life.Dice.Source,
            new WorkerSteps(life, this).ReachedAsync,
            options => Connect(options, network),
            client => client == EventSender.HttpClientName ? life.Receiver.WayFrom(this, name) : life.Upstream.WayFrom(this, name),
            new Dictionary<string, string?>(settings) { [StorageClients.Connection] = life.Account.SignedConnectionString },
            life.Plan.Sizes);
        life.Trace.Add(name, $"starts{(IsOther ? " in the other version" : "")}, its clock {ahead.TotalSeconds:+0.0;-0.0;0} s ahead");
    }

    public string Name { get; }

    public HostClock Clock { get; }

    public bool IsDead { get; private set; }

    public TimeSpan FrozenUntil { get; private set; }

    /// <summary>Fires when the host shuts down.</summary>
    public CancellationToken Stopping => _stop.Token;

    /// <summary>Whether it takes no more messages and requests.</summary>
    public bool IsLeaving => IsDead || _stop.IsCancellationRequested;

    /// <summary>Whether it is of another version than this one.</summary>
    public bool IsOther { get; }

    public IServiceProvider Services { get; }

    /// <summary>A part of the service; of this version only.</summary>
    public T Get<T>()
        where T : notnull => Services.GetRequiredService<T>();

    /// <summary>Handles a message of a queue, as its trigger has it.</summary>
    public Task HandleAsync(string queue, QueueMessage message) => _handle(queue, message, Stopping);

    /// <summary>Sweeps, as the timer has it.</summary>
    public Task SweepAsync() => _sweep(Stopping);

    /// <summary>Answers a request.</summary>
    public Task AnswerAsync(HttpContext context) => _answer(context);

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

    /// <summary>What befalls the worker beside a request that it has sent, or is about to.</summary>
    private TimeSpan Befall(Life life, Ambush ambush)
    {
        switch (ambush.Kind)
        {
            case AmbushKind.Death:
                life.Workers.Kill(this);
                break;
            case AmbushKind.Freeze or AmbushKind.AnswerLostAndFreeze:
                life.Workers.Freeze(this, life.Ambushes.TimeOf(ambush));
                break;
            default:
                return life.Ambushes.TimeOf(ambush);
        }

        return TimeSpan.Zero;
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
