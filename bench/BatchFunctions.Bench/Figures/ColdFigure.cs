using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using BatchFunctions.Bench.Sides;
using BatchFunctions.SelfHost.Settings;
using BatchFunctions.Storage;
using BatchFunctions.Testing;

namespace BatchFunctions.Bench.Figures;

/// <summary>From the start of the process to its first answer, for the service and for an app with nothing in it.</summary>
internal sealed class ColdFigure : Figure
{
    public override string Name => "cold";

    public override string Description =>
        "start of the published process (ReadyToRun) to its first answered list ÷ an empty ASP.NET app's first answer";

    public override async Task MeasureAsync(Report report, CancellationToken ct)
    {
        var folder = Directory.CreateTempSubdirectory("batchfunctions-bench");
        try
        {
            var service = await PublishAsync("src/BatchFunctions.SelfHost", "BatchFunctions.SelfHost", folder.FullName, ct);
            var empty = await PublishAsync("bench/EmptyApp", "EmptyApp", folder.FullName, ct);
            await using var storage = await BenchStorage.StartAsync(1, ct);
            var account = await BenchAccount.CreateAsync(storage.ConnectionString(0), ct);
            var settings = new Dictionary<string, string?>
            {
                [StorageClients.Connection] = account.Connection,
                ["Batch:Upstream:BaseUrl"] = "http://127.0.0.1:1",
            };
            var result = await Interleaved.MeasureAsync(
                report.Quick ? 3 : 21,
                () => FirstAnswer.TimeAsync(address => Start(service, address, settings), account.ClientOf, "/v1/batches", ct),
                () => FirstAnswer.TimeAsync(address => Start(empty, address, []), address => new HttpClient { BaseAddress = address }, "/", ct),
                ct);
            report.Add(new Measurement(
                Name,
                result.Ratio,
                "×",
                string.Create(CultureInfo.InvariantCulture, $"{result.Ours:0} ms ÷ {result.Bare:0} ms of an empty app"),
                Target.AtMost(2)));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static ChildProcess Start(string assembly, Uri address, Dictionary<string, string?> settings) =>
        ChildProcess.Start(assembly, ["--urls", address.ToString()], settings, "Listening on ");

    private static async Task<string> PublishAsync(string project, string name, string folder, CancellationToken ct)
    {
        var output = Path.Combine(folder, name);
        var start = new ProcessStartInfo(
            "dotnet",
            [
                "publish", Path.Combine(SelfHostSettings.Root, project), "-c", "Release", "-r", RuntimeInformation.RuntimeIdentifier,
                "--self-contained", "false", "-p:PublishReadyToRun=true", "-o", output, "--nologo", "-v", "quiet",
            ])
        {
            RedirectStandardOutput = true,
        };
        using var publish = Process.Start(start)!;
        var said = await publish.StandardOutput.ReadToEndAsync(ct);
        await publish.WaitForExitAsync(ct);
        return publish.ExitCode == 0
            ? Path.Combine(output, name + ".dll")
            : throw new InvalidOperationException($"{project} cannot be published: {said}");
    }
}
