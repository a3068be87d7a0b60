using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace BatchFunctions.Bench.Figures;

/// <summary>Prints each measurement when it is there, and keeps all for the file.</summary>
internal sealed class Report
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
    };

    private readonly List<Measurement> _all = [];

    /// <summary>Begins a report with a line about the machine.</summary>
    /// <param name="quick">Whether sizes are small and rounds few.</param>
    /// <param name="host">Where a Functions host serves the app; null where there is none.</param>
    public Report(bool quick, Uri? host)
    {
        Quick = quick;
        Host = host;
        Console.WriteLine($"# {Machine}{(quick ? "; quick: small sizes, few rounds" : "")}");
    }

    /// <summary>Whether sizes are small and rounds few.</summary>
    public bool Quick { get; }

    /// <summary>Where a Functions host serves the app; null where there is none.</summary>
    public Uri? Host { get; }

    private static string Machine =>
        $"{Environment.ProcessorCount} cores, {RuntimeInformation.OSArchitecture}, {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}";

    public void Add(Measurement measurement)
    {
        _all.Add(measurement);
        Console.WriteLine(measurement);
    }

    /// <summary>Writes what was measured as JSON.</summary>
    public async Task WriteAsync(string path, CancellationToken ct)
    {
        await using var file = File.Create(path);
        await JsonSerializer.SerializeAsync(
            file,
            new
            {
                Machine,
                Cores = Environment.ProcessorCount,
                Quick,
                Figures = _all.Select(one => new
                {
                    one.Name,
                    one.Value,
                    one.Unit,
                    one.Note,
                    Target = one.Target?.ToString(),
                    Reached = one.IsReached,
                }),
            },
            Json,
            ct);
    }
}
