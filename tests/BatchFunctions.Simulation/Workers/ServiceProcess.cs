using System.Reflection;
using Azure.Core;
using Azure.Storage.Queues.Models;
using BatchFunctions.Configuration;
using BatchFunctions.Processing;
using BatchFunctions.Protocol;
using BatchFunctions.Service;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Simulation.Workers;

/// <summary>
/// The service in a process, registered as both hosts register it. What it is given, and what it gives, are types of .NET, ASP.NET and the
/// Azure SDK alone: so another version of the library can stand behind it (<see cref="ServiceVersion"/>).
/// </summary>
internal static class ServiceProcess
{
    /// <inheritdoc cref="StartService"/>
    public static (IServiceProvider Services, Func<string, QueueMessage, CancellationToken, Task> Handle, Func<CancellationToken, Task> Sweep, Func<HttpContext, Task> Answer) Start(
        TimeProvider clock,
        Random chance,
        Func<string, CancellationToken, ValueTask> reached,
        Action<ClientOptions> connect,
        Func<string, HttpMessageHandler> wayOf,
        IReadOnlyDictionary<string, string?> settings,
        IReadOnlyDictionary<string, int> sizes)
    {
        var services = new ServiceCollection();
        services.AddSingleton(clock);
        services.AddSingleton(chance);
        services.AddSingleton<ProtocolSteps>(new Steps(reached));
        services.AddSingleton(connect);
        services.AddSingleton<IPostConfigureOptions<HttpClientFactoryOptions>>(new Ways(wayOf));
        services.AddBatchFunctions(new ConfigurationBuilder().AddInMemoryCollection(settings).Build());
        services.Configure<BatchOptions>(options => Set(options, sizes));
        var provider = services.BuildServiceProvider();
        var jobs = provider.GetRequiredService<BatchJobs>();
        return (provider, (queue, message, ct) => jobs.Handlers[queue](message, ct), jobs.SweepTimerAsync, context => AnswerAsync(provider, context));
    }

    /// <summary>Sizes that no setting has. A version that does not know one has none.</summary>
    private static void Set(BatchOptions options, IReadOnlyDictionary<string, int> sizes)
    {
        foreach (var (name, value) in sizes)
        {
            typeof(BatchOptions).GetProperty(name, BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)?.SetValue(options, value);
        }
    }

    private static async Task AnswerAsync(IServiceProvider services, HttpContext context)
    {
        var path = context.Request.Path.Value!;
        var operation = ApiOperations.All.FirstOrDefault(operation => operation.Route.Method == context.Request.Method && operation.Matches(path));
        var result = operation is null
            ? Results.NotFound()
            : await operation.HandlerOf(services)(context.Request, path.Split('/').ElementAtOrDefault(3) ?? "", CancellationToken.None);
        await result.ExecuteAsync(context);
    }

    private sealed class Steps(Func<string, CancellationToken, ValueTask> reached) : ProtocolSteps
    {
        public override ValueTask ReachedAsync(ProtocolStep step, CancellationToken ct) => reached(step.ToString(), ct);
    }

    /// <summary>Gives every client of HTTP its way out of the process, by the client's name.</summary>
    private sealed class Ways(Func<string, HttpMessageHandler> wayOf) : IPostConfigureOptions<HttpClientFactoryOptions>
    {
        public void PostConfigure(string? name, HttpClientFactoryOptions options) =>
            options.HttpMessageHandlerBuilderActions.Add(builder => builder.PrimaryHandler = wayOf(builder.Name!));
    }
}
