using System.CommandLine;

namespace BatchFunctions.Cli.Commands;

/// <summary>Arguments that several commands take.</summary>
internal static class CommonArguments
{
    /// <summary>The id of a batch.</summary>
    public static Argument<string> BatchId() => new("ID") { Description = "The batch's id, as the list shows it." };
}
