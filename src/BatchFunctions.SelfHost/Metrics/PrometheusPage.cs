using BatchFunctions.Telemetry;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace BatchFunctions.SelfHost.Metrics;

/// <summary>
/// <c>/metrics</c> for Prometheus, at an address of its own: it asks for no key and names projects, so it is for the operator's
/// network, where the API is for callers. Nothing else is served there, and it is served nowhere else.
/// </summary>
internal static class PrometheusPage
{
    /// <summary>The page's path.</summary>
    public const string Path = "/metrics";

    /// <summary>Collects the service's metrics for the page, beside wherever else they are sent.</summary>
    public static void AddPrometheusPage(this IServiceCollection services, IConfiguration configuration) => services.AddOpenTelemetry()
        .ConfigureResource(resource => resource.AddService(TelemetryServices.NameIn(configuration)))
        .WithMetrics(static metrics => metrics.AddMeter(BatchMetrics.MeterName).AddPrometheusExporter());

    /// <summary>Serves the page on the port of the last address that the host listens on.</summary>
    public static void UsePrometheusPage(this WebApplication app)
    {
        var port = new Lazy<int>(() => BindingAddress.Parse(
            app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Last()).Port);
        app.MapWhen(
            context => context.Connection.LocalPort == port.Value,
            static metrics => metrics
                .UseOpenTelemetryPrometheusScrapingEndpoint(Path)
                .Run(static context =>
                {
                    context.Response.StatusCode = StatusCodes.Status404NotFound;
                    return Task.CompletedTask;
                }));
    }
}
