using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;
using BatchFunctions.Bench.Lines;
using BatchFunctions.Lines;

namespace BatchFunctions.Bench.Figures;

/// <summary>Reading and checking the lines of an input, against reading the same lines with the JSON reader alone.</summary>
internal sealed class ValidateFigure : Figure
{
    /// <summary>Little enough for the processor's own caches, as what comes from a socket in pieces is.</summary>
    private const int InputBytes = 512 * 1024;
    private const int LongLine = 4096;
    private const int ShortLine = 160;
    private static readonly TimeSpan WarmUp = TimeSpan.FromMilliseconds(700);

    public override string Name => "validate";

    public override string Description => "validation on one core ÷ reading the same bytes with Utf8JsonReader alone";

    public override async Task MeasureAsync(Report report, CancellationToken ct)
    {
        var rounds = report.Quick ? 51 : 501;
        foreach (var (name, text) in InputText.Texts)
        {
            foreach (var lineBytes in new[] { ShortLine, LongLine })
            {
                var input = InputText.Of(text, InputBytes / lineBytes, lineBytes);
                var lines = InputText.LinesOf(input);
                await WarmUpAsync(() => ValidateAsync(input));
                await WarmUpAsync(() => Read(input, lines));
                await WarmUpAsync(() => CheckEncoding(input, lines));
                var result = await Interleaved.MeasureWarmAsync(
                    rounds,
                    () => RateAsync(input, () => ValidateAsync(input)),
                    () => RateAsync(input, () => Read(input, lines)),
                    ct);
                var encoding = await Interleaved.MeasureWarmAsync(
                    rounds,
                    () => RateAsync(input, () => CheckEncoding(input, lines)),
                    () => RateAsync(input, () => Read(input, lines)),
                    ct);
                report.Add(new Measurement(
                    string.Create(CultureInfo.InvariantCulture, $"{Name}.{name}.{input.Length / lines.Count}"),
                    result.Ratio,
                    "×",
                    string.Create(CultureInfo.InvariantCulture, $"{result.Ours:0} MB/s ÷ {result.Bare:0} MB/s bare; Utf8.IsValid alone takes {1 / encoding.Ratio:0.00} of the bare time"),
                    Target.AtLeast(0.5)));
            }
        }
    }

    /// <summary>Until the code is compiled for good, which happens in the background.</summary>
    private static async Task WarmUpAsync(Func<Task> pass)
    {
        for (var began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began) < WarmUp;)
        {
            await pass();
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

    private static Task CheckEncoding(byte[] input, IReadOnlyList<(int Start, int Length)> lines)
    {
        foreach (var (start, length) in lines)
        {
            if (!Utf8.IsValid(input.AsSpan(start, length)))
            {
                throw new InvalidOperationException("The input is no UTF-8.");
            }
        }

        return Task.CompletedTask;
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
