using System.Text.Json;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace BatchFunctions.FunctionApp.Tests;

/// <summary>The host and the worker export telemetry side by side: each tells what it alone knows, and nothing is told twice.</summary>
public sealed class TelemetryTests
{
    private const string Exported = "WorkerOpenTelemetryEnabled";

    [Fact]
    public void The_host_exports_as_the_worker_does()
    {
        var host = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "host.json"))).RootElement;
        Assert.Equal("OpenTelemetry", host.GetProperty("telemetryMode").GetString());
    }

    [Fact]
    public void Where_the_worker_exports_its_logs_the_host_is_told_not_to()
    {
        using var exporting = AppHost.Build("UseDevelopmentStorage=true", "--OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1");
        Assert.Equal(bool.TrueString, Capabilities(exporting.Services)[Exported]);

        using var silent = AppHost.Build("UseDevelopmentStorage=true");
        Assert.DoesNotContain(Exported, Capabilities(silent.Services).Keys);
    }

    private static IDictionary<string, string> Capabilities(IServiceProvider services) =>
        services.GetRequiredService<IOptions<WorkerOptions>>().Value.Capabilities;
}
