using System.Net.Http.Headers;
using BatchFunctions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Receivers;

/// <summary>Registers what sends events.</summary>
internal static class ReceiverServices
{
    public static IServiceCollection AddReceivers(this IServiceCollection services)
    {
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<BatchOptions>, ReceiverOptionsValidator>());
        services.TryAddSingleton<ReceiverConnections>();
        services.TryAddSingleton<EventSender>();
        services.AddHttpClient(EventSender.HttpClientName, Configure)
            .UseSocketsHttpHandler((handler, provider) => Configure(handler, provider.GetRequiredService<ReceiverConnections>()))
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan)
            .RemoveAllLoggers();
        return services;
    }

    private static void Configure(HttpClient client)
    {
        // Each attempt has a limit of its own, which is told apart from a cancellation.
        client.Timeout = Timeout.InfiniteTimeSpan;
        client.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("BatchFunctions", Version()));
    }

    private static void Configure(SocketsHttpHandler handler, ReceiverConnections connections)
    {
        // A redirect or a proxy would lead to addresses that nobody has judged.
        handler.AllowAutoRedirect = false;
        handler.UseProxy = false;
        handler.UseCookies = false;
        handler.ConnectCallback = (context, ct) => connections.ConnectAsync(context.DnsEndPoint, ct);

        // What is inside stays inside: traces too.
        handler.ActivityHeadersPropagator = null;
        handler.MaxConnectionsPerServer = 16;
        handler.PooledConnectionLifetime = TimeSpan.FromMinutes(1);
        handler.PooledConnectionIdleTimeout = TimeSpan.FromSeconds(15);

        // Nobody reads the answers' bodies.
        handler.MaxResponseHeadersLength = 16;
        handler.MaxResponseDrainSize = 16 * 1024;
        handler.ResponseDrainTimeout = TimeSpan.FromMilliseconds(500);
    }

    private static string Version() => typeof(ReceiverServices).Assembly.GetName().Version?.ToString(3) ?? "0";
}
