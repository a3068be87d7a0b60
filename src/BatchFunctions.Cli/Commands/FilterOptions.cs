using System.CommandLine;
using System.Globalization;
using BatchFunctions.Cli.Api;
using BatchFunctions.Configuration;

namespace BatchFunctions.Cli.Commands;

/// <summary>The options that say which batches are listed.</summary>
internal sealed class FilterOptions
{
    private static readonly string[] AllStatuses =
        ["validating", "failed", "in_progress", "finalizing", "completed", "expired", "cancelling", "cancelled"];

    private readonly Option<string[]> _status = new("--status")
    {
        Description = "Batches with this status alone; may be given more than once, or several with commas.",
        HelpName = "STATUS",
        DefaultValueFactory = _ => [],
    };

    private readonly Option<string?> _endpoint = new("--endpoint") { Description = "Batches of this endpoint alone.", HelpName = "PATH" };

    private readonly Option<string?> _model = new("--model") { Description = "Batches all of whose lines have this model.", HelpName = "MODEL" };

    private readonly Option<string[]> _metadata = new("--metadata")
    {
        Description = "Batches with this in their metadata; may be given more than once.",
        HelpName = "KEY=VALUE",
        DefaultValueFactory = _ => [],
    };

    private readonly Option<DateTimeOffset?> _since;
    private readonly Option<DateTimeOffset?> _until;

    public FilterOptions(TimeProvider time)
    {
        _since = Moment("--since", "Batches created then or later: a date or time, or how long ago (30m, 12h, 7d).", time);
        _until = Moment("--until", "Batches created before then.", time);
    }

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        _status.Validators.Add(given =>
        {
            foreach (var wrong in given.Tokens.SelectMany(token => token.Value.Split(',')).Except(AllStatuses, StringComparer.Ordinal))
            {
                given.AddError($"'{wrong}' is no status: give one of {string.Join(", ", AllStatuses)}.");
            }
        });
        MetadataPairs.Check(_metadata);
        command.Add(_status);
        command.Add(_endpoint);
        command.Add(_model);
        command.Add(_since);
        command.Add(_until);
        command.Add(_metadata);
    }

    /// <summary>What the command line asks for.</summary>
    public BatchFilter Filter(ParseResult parsed) => new()
    {
        Statuses = [.. parsed.GetValue(_status)!.SelectMany(status => status.Split(',')).Distinct(StringComparer.Ordinal)],
        Endpoint = parsed.GetValue(_endpoint),
        Model = parsed.GetValue(_model),
        Since = parsed.GetValue(_since),
        Until = parsed.GetValue(_until),
        Metadata = MetadataPairs.Of(parsed.GetValue(_metadata)!),
    };

    /// <summary>An option for a time, or for how long ago it was.</summary>
    internal static Option<DateTimeOffset?> Moment(string name, string description, TimeProvider time) => new(name)
    {
        Description = description,
        HelpName = "TIME",
        CustomParser = given =>
        {
            var text = given.Tokens[0].Value;
            if (MomentOf(text, time.GetUtcNow()) is { } moment)
            {
                return moment;
            }

            given.AddError($"'{text}' is no time: give a date (2026-01-31), a time (2026-01-31T12:00Z), or how long ago (30m, 12h, 7d).");
            return null;
        },
    };

    /// <summary>The moment that a text means; a date or time without a zone is a local one.</summary>
    internal static DateTimeOffset? MomentOf(string text, DateTimeOffset now)
    {
        if (text.Length < 7 && ShortLength.Parse(text) is { } length)
        {
            return now - DateTimeOffset.UnixEpoch > length ? now - length : DateTimeOffset.UnixEpoch;
        }

        return text.Contains('-', StringComparison.Ordinal)
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out var moment)
            && moment >= DateTimeOffset.UnixEpoch
            ? moment
            : null;
    }
}
