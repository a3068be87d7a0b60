using Azure.Core;
using Azure.Identity;
using Azure.Monitor.OpenTelemetry.Exporter;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using OpenTelemetry.Metrics;

namespace BatchFunctions.Telemetry;

/// <summary>
/// Registers the metrics, and sends them where the settings say: to Application Insights
/// (<c>APPLICATIONINSIGHTS_CONNECTION_STRING</c>), to an OTLP endpoint (<c>OTEL_EXPORTER_OTLP_ENDPOINT</c>), to both, or
/// nowhere.
/// </summary>
internal static class TelemetryServices
{
    private const string Insights = "APPLICATIONINSIGHTS_CONNECTION_STRING";
    private const string InsightsIdentity = "APPLICATIONINSIGHTS_AUTHENTICATION_STRING";
    private const string Otlp = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const string ClientId = "ClientId=";

    public static IServiceCollection AddTelemetry(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddMetrics();
        services.TryAddSingleton<BatchMetrics>();
        services.TryAddSingleton<QueueGauges>();
        var insights = configuration[Insights];
        var otlp = configuration[Otlp];
        if (string.IsNullOrEmpty(insights) && string.IsNullOrEmpty(otlp))
        {
            return services;
        }

        services.AddOpenTelemetry().WithMetrics(metrics =>
        {
            metrics.AddMeter(BatchMetrics.MeterName);
            if (!string.IsNullOrEmpty(insights))
            {
                metrics.AddAzureMonitorMetricExporter(
                    exporter => exporter.ConnectionString = insights, CredentialOf(configuration[InsightsIdentity]));
            }

            if (!string.IsNullOrEmpty(otlp))
            {
                metrics.AddOtlpExporter();
            }
        });
        return services;
    }

    /// <summary>
    /// The identity of a setting such as <c>Authorization=AAD;ClientId=…</c>, which the Functions host reads and the
    /// exporter does not; null where the connection string is enough.
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
