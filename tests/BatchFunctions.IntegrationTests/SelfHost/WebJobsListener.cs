using System.Runtime.ExceptionServices;
using Azure.Core;
using Azure.Identity;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using BatchFunctions.SelfHost.Pump;
using BatchFunctions.Storage;
using Microsoft.Azure.WebJobs;
using Microsoft.Azure.WebJobs.Host;
using Microsoft.Azure.WebJobs.Host.Timers;
using Microsoft.Extensions.Azure;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace BatchFunctions.IntegrationTests.SelfHost;

/// <summary>
/// The queue listener of the Functions host itself (Microsoft.Azure.WebJobs.Extensions.Storage.Queues), with one function
/// on one queue.
/// </summary>
internal sealed class WebJobsListener : IHostedService, IDisposable
{
    private const string QueueSetting = "queue";

    private readonly IHost _host;
    private Task? _stopped;

    public WebJobsListener(string connection, string queue, Func<QueueMessage, CancellationToken, Task> handle, HostJson settings, QueueCalls calls) =>
        _host = new HostBuilder()
            .ConfigureAppConfiguration(app => app.AddInMemoryCollection(
                new Dictionary<string, string?> { [StorageClients.Connection] = connection, [QueueSetting] = queue }))
            .ConfigureWebJobs(jobs => jobs.AddAzureStorageQueues(queues =>
            {
                queues.BatchSize = settings.BatchSize;
                queues.NewBatchThreshold = settings.NewBatchThreshold;
                queues.MaxDequeueCount = settings.MaxDequeueCount;
                queues.MaxPollingInterval = settings.MaxPollingInterval;
                queues.VisibilityTimeout = settings.VisibilityTimeout;
                queues.MessageEncoding = QueueMessageEncoding.None;
            }))
            .ConfigureServices(services => services
                .Configure<JobHostFunctionTimeoutOptions>(functions => functions.Timeout = settings.FunctionTimeout)
                .AddSingleton<ITypeLocator>(new Functions())
                .AddSingleton<AzureComponentFactory>(new WatchedClients(calls))

                // A function that ends behind the host's disposal is logged all the same, and a logger that is gone by then would end the process,
                // as whatever is thrown then would.
                .AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance)
                .AddSingleton<IWebJobsExceptionHandlerFactory>(new Faults(() => _stopped is not null))
                .AddSingleton(handle))
            .Build();

    public Task StartAsync(CancellationToken cancellationToken) => _host.StartAsync(cancellationToken);

    /// <summary>Stops it; once more is nothing.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => _stopped ??= _host.StopAsync(cancellationToken);

    public void Dispose() => _host.Dispose();

    /// <summary>The function, which the host's model of programming wants to be public.</summary>
    /// <param name="handle">What handles a message.</param>
    public sealed class Function(Func<QueueMessage, CancellationToken, Task> handle)
    {
        /// <summary>Handles a message.</summary>
        /// <param name="message">The message.</param>
        /// <param name="ct">Ends the wait.</param>
        [FunctionName("work")]
        public Task RunAsync([QueueTrigger($"%{QueueSetting}%", Connection = StorageClients.Connection)] QueueMessage message, CancellationToken ct) =>
            handle(message, ct);
    }

    /// <summary>Ends the process for what nobody handles, as the host's own does, but not for what comes when the host has been stopped.</summary>
    private sealed class Faults(Func<bool> isStopped) : IWebJobsExceptionHandlerFactory
    {
        public IWebJobsExceptionHandler Create(IHost jobHost) => new Handler(new WebJobsExceptionHandler(jobHost), isStopped);

        private sealed class Handler(WebJobsExceptionHandler own, Func<bool> isStopped) : IWebJobsExceptionHandler
        {
            public Task OnTimeoutExceptionAsync(ExceptionDispatchInfo exceptionInfo, TimeSpan timeoutGracePeriod) =>
                isStopped() ? Task.CompletedTask : own.OnTimeoutExceptionAsync(exceptionInfo, timeoutGracePeriod);

            public Task OnUnhandledExceptionAsync(ExceptionDispatchInfo exceptionInfo) =>
                isStopped() ? Task.CompletedTask : own.OnUnhandledExceptionAsync(exceptionInfo);
        }
    }

    private sealed class Functions : ITypeLocator
    {
        public IReadOnlyList<Type> GetTypes() => [typeof(Function)];
    }

    /// <summary>Makes the listener's clients, whose calls are written down.</summary>
    private sealed class WatchedClients(QueueCalls calls) : AzureComponentFactory
    {
        public override TokenCredential CreateTokenCredential(IConfiguration configuration) => new DefaultAzureCredential();

        public override object CreateClientOptions(Type optionsType, object? serviceVersion, IConfiguration configuration)
        {
            var options = new QueueClientOptions();
            options.AddPolicy(calls, HttpPipelinePosition.PerRetry);
            return options;
        }

        public override object CreateClient(Type clientType, IConfiguration configuration, TokenCredential credential, object clientOptions) =>
            new QueueServiceClient(((IConfigurationSection)configuration).Value, (QueueClientOptions)clientOptions);
    }
}
