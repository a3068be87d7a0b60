using BatchFunctions.SelfHost.Pump;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace BatchFunctions.Tests.SelfHost;

public sealed class OnceListeningTests
{
    [Fact]
    public async Task Work_begins_when_the_host_has_started_and_ends_with_it()
    {
        using var lifetime = new Lifetime();
        using var work = new Work();
        using var service = new OnceListening(lifetime, work);

        await service.StartAsync(default);
        Assert.False(work.Begun.Task.IsCompleted);
        await lifetime.Started.CancelAsync();
        await work.Begun.Task.WaitAsync(TimeSpan.FromMinutes(1));
        await service.StopAsync(default);

        Assert.True(work.ExecuteTask!.IsCompleted);
    }

    [Fact]
    public async Task A_host_that_does_not_start_begins_no_work()
    {
        using var lifetime = new Lifetime();
        using var work = new Work();
        using var service = new OnceListening(lifetime, work);

        await service.StartAsync(default);
        await service.StopAsync(default);
        await lifetime.Started.CancelAsync();

        Assert.Null(work.ExecuteTask);
    }

    [Fact]
    public async Task The_self_host_takes_no_message_and_sweeps_nothing_before()
    {
        await using var app = SelfHostAppTests.Build();

        var hosted = app.Services.GetServices<IHostedService>().Select(service => service.GetType().Name).ToList();

        Assert.DoesNotContain(nameof(QueuePump), hosted);
        Assert.DoesNotContain("StartupSweep", hosted);
        Assert.Equal(3, hosted.Count(name => name == nameof(OnceListening)));
    }

    private sealed class Work : BackgroundService
    {
        public TaskCompletionSource Begun { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        protected override Task ExecuteAsync(CancellationToken stoppingToken)
        {
            Begun.SetResult();
            return Task.Delay(Timeout.Infinite, stoppingToken);
        }
    }

    private sealed class Lifetime : IHostApplicationLifetime, IDisposable
    {
        public CancellationTokenSource Started { get; } = new();

        public CancellationToken ApplicationStarted => Started.Token;

        public CancellationToken ApplicationStopping => default;

        public CancellationToken ApplicationStopped => default;

        public void StopApplication()
        {
        }

        public void Dispose() => Started.Dispose();
    }
}
