using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using BatchFunctions.Bench.Lines;
using BatchFunctions.Lines;

namespace BatchFunctions.Bench.Figures;

/// <summary>Reading and checking the lines of an input, against reading the same lines with the JSON reader alone.</summary>
internal sealed class ValidateFigure : Figure
{
    private const int LongLine = 4096;
    private const int ShortLine = 160;

    public override string Name => "validate";

    public override string Description => "validation on one core ÷ reading the same bytes with Utf8JsonReader alone";

    public override async Task MeasureAsync(Report report, CancellationToken ct)
    {
        var bytes = report.Quick ? 2_000_000 : 8_000_000;
        var rounds = report.Quick ? 15 : 101;
        foreach (var (name, text) in InputText.Texts)
        {
            foreach (var lineBytes in new[] { ShortLine, LongLine })
            {
                var input = InputText.Of(text, bytes / lineBytes, lineBytes);
                var lines = InputText.LinesOf(input);
                var result = await Interleaved.MeasureAsync(
                    rounds,
                    async () => await RateAsync(input, () => ValidateAsync(input)),
                    async () => await RateAsync(input, () => Read(input, lines)),
                    ct);
                report.Add(new Measurement(
                    string.Create(CultureInfo.InvariantCulture, $"{Name}.{name}.{input.Length / lines.Count}"),
                    result.Ratio,
                    "×",
                    string.Create(CultureInfo.InvariantCulture, $"{result.Ours:0} MB/s ÷ {result.Bare:0} MB/s bare"),
                    Target.AtLeast(0.5)));
            }
        }
    }

    private static async Task<double> RateAsync(byte[] input, Func<Task> pass)
    {
        var began = Stopwatch.GetTimestamp();
        await pass();
        return input.Length / 1e6 / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private static async Task ValidateAsync(byte[] input)
    {
        using var stream = new MemoryStream(input, writable: false);
        using var reader = new LineReader(stream, input.Length);
        var checker = new LineChecker(InputText.Endpoint);
        while (await reader.ReadAsync(CancellationToken.None))
        {
            if (checker.Check(reader.Line.Span) is { } problem)
            {
                throw new InvalidOperationException(problem.Message);
            }
        }
    }

    private static Task Read(byte[] input, IReadOnlyList<(int Start, int Length)> lines)
    {
        foreach (var (start, length) in lines)
        {
            var reader = new Utf8JsonReader(input.AsSpan(start, length));
            while (reader.Read())
            {
            }
        }

        return Task.CompletedTask;
    }
}
