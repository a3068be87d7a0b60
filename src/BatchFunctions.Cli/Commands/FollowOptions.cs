using System.CommandLine;
using BatchFunctions.Cli.Api;
using BatchFunctions.Cli.Results;
using BatchFunctions.Cli.Terminal;

namespace BatchFunctions.Cli.Commands;

/// <summary>The options of commands that wait for a batch and download its results.</summary>
/// <param name="outputIsShown">Whether results go to standard output unless a file is named.</param>
/// <param name="isMerged">Whether all results go to one file, those of failed lines too.</param>
internal sealed class FollowOptions(bool outputIsShown = false, bool isMerged = false)
{
    private readonly Option<string?> _output = new("--output", "-o")
    {
        Description = "Where the results go; - is standard output. The file is named FILE.part until it is complete.",
        HelpName = "FILE",
        DefaultValueFactory = _ => outputIsShown ? ResultPlaces.StandardOutput : null,
    };

    private readonly Option<string?> _errors = new("--errors")
    {
        Description = "Where failed lines go, if there are any. [default: FILE.errors.jsonl beside the results]",
        HelpName = "FILE",
    };

    private readonly Option<bool> _json = new("--json")
    {
        Description = "Prints the batch at the end, as the service returns it, on standard output.",
    };

    private readonly Option<bool> _quiet = new("--quiet", "-q") { Description = "No progress." };

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        command.Add(_output);
        if (!isMerged)
        {
            command.Add(_errors);
        }

        command.Add(_json);
        command.Add(_quiet);
        command.Validators.Add(given =>
        {
            if (given.GetValue(_json) && given.GetValue(_output) == ResultPlaces.StandardOutput)
            {
                given.AddError("Either the results or the batch can be on standard output: name a file with -o, or leave out --json.");
            }

            var errors = isMerged ? null : given.GetValue(_errors);
            if (given.GetValue(_output) is "" || errors is "")
            {
                given.AddError("The name of a file is empty: name one.");
            }
            else if (errors is not null && given.GetValue(_output) is { } output && Path.GetFullPath(output) == Path.GetFullPath(errors))
            {
                given.AddError("-o and --errors name one file, in which failed lines would take the results' place: name two.");
            }
        });
    }

    /// <summary>Where the results go.</summary>
    public ResultPlaces Places(ParseResult parsed) => isMerged
        ? new ResultPlaces(parsed.GetValue(_output), null)
        : ResultPlaces.Of(parsed.GetValue(_output), parsed.GetValue(_errors));

    /// <summary>Checks early that the results can be written where they are to go, rather than only once the batch has ended.</summary>
    /// <exception cref="FailureException">They cannot.</exception>
    public Task CheckAsync(ParseResult parsed) => Places(parsed).CheckAsync();

    /// <summary>The options for the places, for a command that the user is told to run next.</summary>
    public string Again(ParseResult parsed) => string.Concat(
        parsed.GetValue(_output) is { } output && !(outputIsShown && output == ResultPlaces.StandardOutput) ? $" -o {ShellText.Quoted(output)}" : "",
        !isMerged && parsed.GetValue(_errors) is { } errors ? $" --errors {ShellText.Quoted(errors)}" : "");

    /// <summary>Whether to print the batch as JSON.</summary>
    public bool AsJson(ParseResult parsed) => parsed.GetValue(_json);

    /// <summary>What a command prints that has made a batch and does not wait for it: its id, or the batch itself for <c>--json</c>.</summary>
    public string Created(ParseResult parsed, Batch batch) => AsJson(parsed) ? JsonTexts.Lines(batch.Json) : batch.Id;

    /// <summary>Whether to show no progress.</summary>
    public bool IsQuiet(ParseResult parsed) => parsed.GetValue(_quiet);
}
