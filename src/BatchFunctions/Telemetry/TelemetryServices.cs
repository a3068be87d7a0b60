using Azure.Core;
using Azure.Identity;
using Azure.Monitor.OpenTelemetry.Exporter;
using BatchFunctions.Configuration;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace BatchFunctions.Telemetry;

/// <summary>
/// Registers metrics, traces and logs, and sends them where the settings say: to Application Insights
/// (<c>APPLICATIONINSIGHTS_CONNECTION_STRING</c>), to an OTLP endpoint (<c>OTEL_EXPORTER_OTLP_ENDPOINT</c>), to both, or
/// nowhere.
/// </summary>
internal static class TelemetryServices
{
    private const string Insights = "APPLICATIONINSIGHTS_CONNECTION_STRING";
    private const string InsightsIdentity = "APPLICATIONINSIGHTS_AUTHENTICATION_STRING";
    private const string Otlp = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const string ClientId = "ClientId=";
    private const string ServiceName = "OTEL_SERVICE_NAME";
    private const string Sampler = "OTEL_TRACES_SAMPLER";

    /// <param name="services">The host's services.</param>
    /// <param name="configuration">Where the settings are read from.</param>
    /// <param name="healthPath">The path whose requests are not traced, since it is polled all the time.</param>
    /// <param name="hostReportsRequests">Whether the host traces requests itself; then they are not traced a second time.</param>
    public static IServiceCollection AddTelemetry(
        this IServiceCollection services, IConfiguration configuration, PathString healthPath, bool hostReportsRequests)
    {
        services.AddMetrics();
        services.TryAddSingleton<BatchMetrics>();
        if (!IsOn(configuration))
        {
            return services;
        }

        var insights = configuration[Insights];
        var otlp = configuration[Otlp];

        var telemetry = services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(NameIn(configuration)))
            .WithMetrics(metrics => metrics.AddMeter(BatchMetrics.MeterName))
            .WithTracing(traces => AddSources(traces, configuration, healthPath, hostReportsRequests))
            .WithLogging(configureBuilder: null, logs =>
            {
                logs.IncludeFormattedMessage = true;
                logs.IncludeScopes = true;
            });
        if (!string.IsNullOrEmpty(insights))
        {
            var credential = CredentialOf(configuration[InsightsIdentity]);
            void Configure(AzureMonitorExporterOptions exporter) => exporter.ConnectionString = insights;
            telemetry
                .WithMetrics(metrics => metrics.AddAzureMonitorMetricExporter(Configure, credential))
                .WithTracing(traces => traces.AddAzureMonitorTraceExporter(Configure, credential))
                .WithLogging(logs => logs.AddAzureMonitorLogExporter(Configure, credential));
        }

        if (!string.IsNullOrEmpty(otlp))
        {
            telemetry
                .WithMetrics(metrics => metrics.AddOtlpExporter())
                .WithTracing(traces => traces.AddOtlpExporter())
                .WithLogging(logs => logs.AddOtlpExporter());
        }

        return services;
    }

    /// <summary>Whether there is somewhere to send telemetry to.</summary>
    public static bool IsOn(IConfiguration configuration) =>
        !string.IsNullOrEmpty(configuration[Insights]) || !string.IsNullOrEmpty(configuration[Otlp]);

    /// <summary>The service's name in its telemetry.</summary>
    public static string NameIn(IConfiguration configuration) =>
        configuration[ServiceName] is { Length: > 0 } name ? name : "batchfunctions";

    private static bool IsAnyTraced(IConfigurationSection settings) =>
        settings.GetSection(nameof(BatchOptions.Upstreams)).GetChildren()
            .Append(settings.GetSection(nameof(BatchOptions.Upstream)))
            .Any(static upstream => upstream.GetValue<bool>(nameof(UpstreamOptions.Traced)));

    private static void AddSources(
        TracerProviderBuilder traces, IConfiguration configuration, PathString healthPath, bool hostReportsRequests)
    {
        traces.AddSource(BatchTracing.SourceName);
        if (IsAnyTraced(configuration.GetSection(BatchOptions.Section)))
        {
            traces.AddSource(BatchTracing.UpstreamSourceName);
        }

        // The instrumentation writes the values of a query as "Redacted", so a key that somebody put there by mistake
        // does not end up in a trace.
        if (!hostReportsRequests)
        {
            traces.AddAspNetCoreInstrumentation(requests => requests.Filter = context => context.Request.Path != healthPath);
        }

        if (string.IsNullOrEmpty(configuration[Sampler]))
        {
            // A caller that does not sample its own requests, such as a function host, must not cost the trace of a
            // day's batch.
            traces.SetSampler(new AlwaysOnSampler());
        }
    }

    /// <summary>
    /// The credential of a setting such as <c>Authorization=AAD;ClientId=…</c>, which the Functions host understands
    /// and the exporter does not; null if the connection string is enough.
    /// </summary>
    internal static TokenCredential? CredentialOf(string? setting)
    {
        if (string.IsNullOrEmpty(setting) || !setting.Contains("Authorization=AAD", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var clientId = setting.Split(';', StringSplitOptions.TrimEntries)
            .FirstOrDefault(part => part.StartsWith(ClientId, StringComparison.OrdinalIgnoreCase))?[ClientId.Length..];
        return new ManagedIdentityCredential(string.IsNullOrEmpty(clientId)
            ? ManagedIdentityId.SystemAssigned
            : ManagedIdentityId.FromUserAssignedClientId(clientId));
    }
}
