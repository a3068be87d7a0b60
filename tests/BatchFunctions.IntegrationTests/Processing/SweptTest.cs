using Azure.Core.Pipeline;
using BatchFunctions.Protocol;
using BatchFunctions.Testing.Metering;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace BatchFunctions.IntegrationTests.Processing;

/// <summary>A test of the sweep, on a clock of its own: a lease and a sweep of a minute each.</summary>
public abstract class SweptTest : DrivenTest
{
    private protected FakeTimeProvider Time { get; } = new(DateTimeOffset.UtcNow);

    private protected ScriptedSteps Steps { get; } = new();

    private protected StorageCounts Counts { get; } = new();

    private protected Forestalled Forestalled { get; } = new();

    private protected override IReadOnlyDictionary<string, string?> Settings => new Dictionary<string, string?>
    {
        ["Batch:Lease"] = "00:01:00",
        ["Batch:SweepInterval"] = "00:01:00",
        ["Batch:WakeUpLost"] = "00:00:30",
        ["Batch:ProgressLost"] = "00:10:00",
    };

    private protected override void Configure(IServiceCollection services)
    {
        services.AddSingleton<TimeProvider>(Time);
        services.AddSingleton<ProtocolSteps>(Steps);
        services.AddSingleton<HttpPipelinePolicy>(Counts);
        services.AddSingleton<HttpPipelinePolicy>(Forestalled);
    }
}
