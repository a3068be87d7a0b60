using System.CommandLine;

namespace BatchFunctions.Cli.Commands;

/// <summary>Metadata as options give it: <c>KEY=VALUE</c>.</summary>
internal static class MetadataPairs
{
    /// <summary>Has an option refuse what is no pair.</summary>
    public static void Check(Option<string[]> option) => option.Validators.Add(given =>
    {
        foreach (var token in given.Tokens.Where(token => token.Value.IndexOf('=', StringComparison.Ordinal) < 1))
        {
            given.AddError($"'{token.Value}' is not metadata: give --metadata KEY=VALUE.");
        }
    });

    /// <summary>The pairs; of one key the last.</summary>
    public static Dictionary<string, string> Of(IEnumerable<string> given)
    {
        var pairs = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var pair in given)
        {
            var sign = pair.IndexOf('=', StringComparison.Ordinal);
            pairs[pair[..sign]] = pair[(sign + 1)..];
        }

        return pairs;
    }
}
