using System.Diagnostics;
using System.Globalization;
using BatchFunctions.SelfHost.Azurite;

namespace BatchFunctions.Tests.SelfHost;

public sealed class AzuriteProcessTests
{
    [Fact]
    public async Task A_left_process_is_ended_even_where_its_parent_never_asks_how_it_ended()
    {
        // The shell becomes a program that knows of no children, so what it has started stays a zombie.
        using var parent = Process.Start(new ProcessStartInfo("sh", ["-c", "sleep 300 >/dev/null & echo $!; exec sleep 300"])
        {
            RedirectStandardOutput = true,
        })!;
        try
        {
            var id = int.Parse((await parent.StandardOutput.ReadLineAsync())!, CultureInfo.InvariantCulture);
            using var left = Process.GetProcessById(id);
            var state = new AzuriteState(id, left.StartTime.ToUniversalTime(), 0, 0, 0, []);
            var found = AzuriteProcess.Find(state);
            Assert.NotNull(found);

            await found.EndAsync().WaitAsync(TimeSpan.FromMinutes(1));

            Assert.True(found.HasEnded);
            Assert.Null(AzuriteProcess.Find(state));
        }
        finally
        {
            parent.Kill();
        }
    }
}
