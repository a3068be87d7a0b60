using System.CommandLine;
using System.Text.Json;
using BatchFunctions.Checks;
using BatchFunctions.Cli.Input;
using BatchFunctions.Cli.Terminal;
using BatchFunctions.Cli.Waiting;
using BatchFunctions.Lines;
using Spectre.Console;

namespace BatchFunctions.Cli.Commands;

/// <summary><c>batch check FILE</c>: everything that is wrong with a file of requests, and what they come to; without a service.</summary>
internal static class CheckCommand
{
    private const int ToldEvery = 4 * 1024 * 1024;

    private const string Description = """
        Checks a file of requests without sending anything: names all that is wrong with each line, and counts lines, models and tokens.

        Tokens are those of the text in messages, input, prompt and instructions, with what OpenAI adds for each message; images, audio,
        files and tools are not counted. For models other than OpenAI's they are an estimate. Limits are those that a service has
        unless it sets others.
        """;

    public static Command Create(CommandEnvironment environment)
    {
        var file = CommonArguments.Requests("Requests, one per line (JSONL); - is standard input.");
        var endpoint = new Option<string?>("--endpoint")
        {
            Description = "The endpoint of the requests, for instance /v1/chat/completions. [default: the url of the first line]",
            HelpName = "PATH",
        };
        var price = new Option<string[]>("--price-input")
        {
            Description = "The price of a million tokens of input, for all models or for one; may be given more than once.",
            HelpName = "[MODEL=]PRICE",
            DefaultValueFactory = _ => [],
        };
        price.Validators.Add(given =>
        {
            foreach (var token in given.Tokens.Where(token => !PriceList.IsPrice(token.Value)))
            {
                given.AddError($"'{token.Value}' is no price: give --price-input 0.15, or --price-input gpt-4o-mini=0.15.");
            }
        });
        var json = new Option<bool>("--json") { Description = "Prints what is wrong as one object per line (JSONL), and in the end one with the counts." };
        var quiet = new Option<bool>("--quiet", "-q") { Description = "No progress." };
        var check = new Command("check", Description) { file, endpoint, price, json, quiet };
        check.Runs(async (parsed, ct) =>
        {
            using var input = await InputFile.OpenAsync(parsed.GetValue(file)!, environment.StandardInput, ct);
            var target = parsed.GetValue(endpoint) ?? input.FirstUrl();
            var prices = new PriceList(parsed.GetValue(price)!);
            var asJson = parsed.GetValue(json);
            var totals = await ShownAsync(parsed, asJson, parsed.GetValue(quiet), environment.Time, async (display, tell) =>
                await RunAsync(input, new(target, InputLimits.Default, CheckedModels.Any, tell), display, environment.Time, ct));
            var found = CheckedInput.Of(totals, target, input.IsPacked ? totals.Bytes : input.Length, prices);
            await PrintAsync(parsed, found, prices, asJson);
            await parsed.InvocationConfiguration.Error.WriteLineAsync(CheckTexts.Verdict(found, input.Name));
            return found.Valid ? ExitCodes.Done : ExitCodes.BatchFailed;
        });
        return check;
    }

    /// <summary>Shows progress and faults while the work runs. On one terminal both must go through one console.</summary>
    private static Task<CheckTotals> ShownAsync(
        ParseResult parsed, bool asJson, bool isQuiet, TimeProvider time, Func<IProgressDisplay, Action<LineFault>, Task<CheckTotals>> work)
    {
        var output = parsed.InvocationConfiguration.Output;
        var screen = Screens.Output(parsed);
        return !asJson && !isQuiet && screen.Profile.Capabilities is { Interactive: true, Ansi: true }
            ? ProgressBarLine.AroundAsync(screen, display => work(display, fault => screen.WriteLine(CheckTexts.Fault(fault))))
            : ProgressDisplays.AroundAsync(
                parsed, isQuiet, time, display => work(display, fault => output.WriteLine(asJson ? JsonOf(fault) : CheckTexts.Fault(fault))));
    }

    private static async Task<CheckTotals> RunAsync(
        InputFile input, InputCheck check, IProgressDisplay display, TimeProvider time, CancellationToken ct)
    {
        // How much a compressed file has is known when it has been read.
        long? size = input.IsPacked ? null : input.Length;
        if (size is { } known && !check.Begin(known))
        {
            return check.Totals;
        }

        var pace = new Pace(time);
        var told = 0L;
        await using var stream = input.OpenContent();
        using var reader = new LineReader(stream, InputLimits.Default.MaxLineBytes);
        try
        {
            while (await reader.ReadAsync(ct))
            {
                ct.ThrowIfCancellationRequested();
                check.Check(reader);
                if (reader.End - told >= ToldEvery)
                {
                    told = reader.End;
                    pace.Note(told);
                    display.Show(ProgressNotes.OfBytes("checking", told, size, pace));
                }
            }
        }
        catch (InvalidDataException e)
        {
            throw new FailureException($"{input.Name} is no whole gzip: {e.Message}", ExitCodes.Usage, e);
        }

        check.End();
        if (size is null)
        {
            _ = check.Begin(reader.End);
        }

        return check.Totals;
    }

    private static async Task PrintAsync(ParseResult parsed, CheckedInput found, PriceList prices, bool asJson)
    {
        if (asJson)
        {
            await parsed.InvocationConfiguration.Output.WriteLineAsync(JsonTexts.Line(JsonSerializer.SerializeToElement(found, CheckJson.Default.CheckedInput)));
            return;
        }

        var screen = Screens.Output(parsed);
        screen.Write(CheckTexts.Summary(found));
        screen.WriteLine();
        screen.Write(CheckTexts.Models(found, prices));
    }

    private static string JsonOf(LineFault fault) => JsonTexts.Line(JsonSerializer.SerializeToElement(
        new CheckedFault(fault.Line, fault.Problem.Code, fault.Problem.Message, fault.Problem.Param), CheckJson.Default.CheckedFault));
}
