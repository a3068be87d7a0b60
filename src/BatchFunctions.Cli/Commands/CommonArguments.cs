using System.CommandLine;
using BatchFunctions.Cli.Input;

namespace BatchFunctions.Cli.Commands;

/// <summary>Arguments that several commands take.</summary>
internal static class CommonArguments
{
    /// <summary>The id of a batch.</summary>
    public static Argument<string> BatchId() => new("ID") { Description = "The batch's id, as the list shows it." };

    /// <summary>A file of requests, or <see cref="InputFile.StandardInput"/>.</summary>
    /// <param name="description">The argument's description.</param>
    public static Argument<FileInfo> Requests(string description)
    {
        var file = new Argument<FileInfo>("FILE") { Description = description };
        file.Validators.Add(given =>
        {
            foreach (var path in given.Tokens.Select(token => token.Value).Where(path => path != InputFile.StandardInput && !File.Exists(path)))
            {
                given.AddError(Directory.Exists(path) ? $"{path} is a folder: name a file of requests." : $"File does not exist: '{path}'.");
            }
        });
        return file;
    }
}
