using System.Globalization;
using BatchFunctions.Storage;

namespace BatchFunctions.SelfHost;

/// <summary>Turns failures that a user can fix into one line that says how.</summary>
internal static class Startup
{
    /// <summary>The exit code for a failure.</summary>
    public const int Failed = 1;

    /// <summary>Runs a command. A failure that a user can fix prints a sentence and returns the exit code.</summary>
    /// <param name="run">The command.</param>
    /// <param name="errors">Receives the sentence.</param>
    /// <param name="failed">The exit code.</param>
    /// <param name="sentenceOf">The sentence for further failures that a user can fix; null for all others.</param>
    public static async Task<int> GuardAsync(
        Func<Task<int>> run, TextWriter errors, int failed = Failed, Func<Exception, string?>? sentenceOf = null)
    {
        try
        {
            return await run();
        }
        catch (OperationCanceledException)
        {
            return failed;
        }
        catch (Exception e) when ((sentenceOf?.Invoke(e) ?? SentenceOf(e)) is { } sentence)
        {
            await errors.WriteLineAsync(sentence);
            return failed;
        }
    }

    private static string? SentenceOf(Exception e) => e switch
    {
        StartupException => e.Message,
        FormatException or ArgumentException or InvalidOperationException when e.Source?.StartsWith("Azure", StringComparison.Ordinal) == true =>
            $"{StorageConnection.Name} is no connection string: {FirstLineOf(e).TrimEnd('.')}. Copy it again from the account's access keys, or remove it for the embedded storage.",
        InvalidOperationException when e.Message.StartsWith("Failed to convert configuration value", StringComparison.Ordinal) =>
            $"{FirstLineOf(e)} Correct the setting, or remove it for its default.",
        InvalidOperationException => FirstLineOf(e),
        Azure.Identity.AuthenticationFailedException =>
            $"No identity to open storage with: sign in with 'az login' or 'azd auth login' ({FirstLineOf(e)})",
        _ when StorageFaults.IsFault(e) || e.InnerException is { } inner && StorageFaults.IsFault(inner) =>
            $"Storage cannot be reached: check {StorageConnection.Name}, and that the account or emulator answers ({FirstLineOf(e)})",
        Azure.RequestFailedException { Status: 400 } old when old.Message.Contains("API version", StringComparison.OrdinalIgnoreCase) =>
            "The storage emulator does not know the API version in use: start Azurite with --skipApiVersionCheck.",
        Azure.RequestFailedException failed =>
            $"Storage refuses ({string.Join(' ', [failed.Status.ToString(CultureInfo.InvariantCulture), .. NameOf(failed)])}): check the account, its key or the signed-in identity's roles.",
        _ => null,
    };

    private static string[] NameOf(Azure.RequestFailedException failed) =>
        string.IsNullOrEmpty(failed.ErrorCode) ? [] : [failed.ErrorCode];

    private static string FirstLineOf(Exception e)
    {
        var cause = e is AggregateException { InnerExceptions: [var first, ..] } ? first : e;
        return cause.Message.Split('\n', 2)[0].Trim();
    }
}
