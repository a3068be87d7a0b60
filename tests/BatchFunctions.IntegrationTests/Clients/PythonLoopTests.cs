using System.Text.RegularExpressions;
using BatchFunctions.Batches;
using BatchFunctions.IntegrationTests.Api;
using BatchFunctions.Testing;
using Xunit.Abstractions;

namespace BatchFunctions.IntegrationTests.Clients;

/// <summary>The walk through the list that README.md shows, as it stands there.</summary>
public sealed partial class PythonLoopTests(ITestOutputHelper output)
{
    private const int Batches = 1234;

    [Fact]
    public async Task The_python_loop_of_the_readme_counts_every_batch()
    {
        await using var service = await ServiceDriver.StartAsync();
        var store = service.Get<BatchStore>();
        var now = DateTimeOffset.UtcNow;
        await Parallel.ForEachAsync(Enumerable.Range(0, Batches), async (number, ct) =>
            await store.TryInsertAsync(ApiDriver.BatchOf("clients", now.AddSeconds(-number / 5)), ct));
        await store.TryInsertAsync(ApiDriver.BatchOf("others", now), CancellationToken.None);
        var printed = await ClientProcess.RunAsync(
            await MachineProgram.Python.FindAsync(), ["-c", await LoopAsync()], AppContext.BaseDirectory, service);
        output.WriteLine(printed);
        Assert.Equal($"Total batches: {Batches}", printed.Trim());
    }

    [Fact]
    public async Task The_example_is_the_loop_of_the_readme() =>
        Assert.Equal(await LoopAsync(), await File.ReadAllTextAsync(Repository.At("examples/python/list_batches.py")));

    private static async Task<string> LoopAsync()
    {
        var loop = PythonBlocks().Match(await File.ReadAllTextAsync(Repository.At("README.md")));
        Assert.True(loop.Success);
        return loop.Groups["code"].Value;
    }

    [GeneratedRegex(@"```python\n(?<code>.*?)```", RegexOptions.Singleline)]
    private static partial Regex PythonBlocks();
}
