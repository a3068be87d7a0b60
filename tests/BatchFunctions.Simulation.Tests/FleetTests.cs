using System.Text.Json;

namespace BatchFunctions.Simulation.Tests;

/// <summary>
/// A fleet in simulated time, run by the program beside the tests: what it counts is what the operator's guide tells of large ones.
/// </summary>
public sealed class FleetTests : IDisposable
{
    private readonly string _kept = Path.GetTempFileName();

    [Fact]
    public async Task A_fleet_works_and_what_it_asks_of_storage_is_counted()
    {
        var told = await SimulationProgram.RunAsync("--fleet", "3,5,0.5,50", "--keep", _kept);

        Assert.Contains("3 instances, 5 batches of 50 lines, 0.5 s a line", told, StringComparison.Ordinal);
        var result = JsonDocument.Parse(await File.ReadAllTextAsync(_kept)).RootElement;
        Assert.Equal(0, result.GetProperty("Failures").GetInt32());
        Assert.True(result.GetProperty("Ended").GetDouble() > 0.5, told);
        Assert.Equal(result.GetProperty("Ended").GetDouble() * 50, result.GetProperty("Lines").GetDouble(), tolerance: 20);

        // Each batch has a row written, two at least; each instance asks both queues twice a second where nothing comes.
        var requests = result.GetProperty("Requests");
        Assert.True(requests.GetProperty("batches").GetDouble() > 2 * result.GetProperty("Ended").GetDouble(), told);
        Assert.InRange(requests.GetProperty("batch-chunk").GetDouble(), 4, 12);
        Assert.True(requests.GetProperty("batch-steps").GetDouble() > requests.GetProperty("batch-chunk").GetDouble(), told);
    }

    public void Dispose() => File.Delete(_kept);
}
