using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using BatchFunctions.Bench.Sides;

namespace BatchFunctions.Bench.Figures;

/// <summary>Prints each measurement of a build when it is there, and keeps all.</summary>
internal sealed class Report
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
    };

    private readonly List<Measurement> _all = [];

    /// <summary>Whether sizes are small and rounds few.</summary>
    public required bool Quick { get; init; }

    /// <summary>Where a Functions host serves the app; null where there is none.</summary>
    public Uri? Host { get; init; }

    /// <summary>The build of the self-host that is measured.</summary>
    public SelfHostBuild Build { get; init; } = SelfHostBuild.This;

    /// <summary>What each line begins with.</summary>
    public string Mark { get; init; } = "";

    /// <summary>What has been measured so far.</summary>
    public IReadOnlyList<Measurement> All => _all;

    private static string Machine =>
        $"{Environment.ProcessorCount} cores, {RuntimeInformation.OSArchitecture}, {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}";

    /// <summary>Begins the output with a line about the machine.</summary>
    /// <param name="quick">Whether sizes are small and rounds few.</param>
    public static void Begin(bool quick) => Console.WriteLine($"# {Machine}{(quick ? "; quick: small sizes, few rounds" : "")}");

    public void Add(Measurement measurement)
    {
        _all.Add(measurement);
        Console.WriteLine(Mark + measurement);
    }

    /// <summary>Writes what was measured as JSON.</summary>
    public Task WriteAsync(string path, CancellationToken ct) => WriteAsync(
        path,
        Quick,
        _all.Select(one => new
        {
            one.Name,
            one.Value,
            one.Unit,
            one.Note,
            Target = one.Target?.ToString(),
            Reached = one.IsReached,
        }),
        ct);

    /// <summary>Writes figures as JSON, with what there is to say of the machine.</summary>
    /// <param name="path">The file.</param>
    /// <param name="quick">Whether sizes are small and rounds few.</param>
    /// <param name="figures">The figures.</param>
    /// <param name="ct">Ends it.</param>
    public static async Task WriteAsync(string path, bool quick, IEnumerable<object> figures, CancellationToken ct)
    {
        await using var file = File.Create(path);
        await JsonSerializer.SerializeAsync(
            file,
            new
            {
                Machine,
                Cores = Environment.ProcessorCount,
                Quick = quick,
                Figures = figures,
            },
            Json,
            ct);
    }
}
