using System.Globalization;
using BatchFunctions.Storage;

namespace BatchFunctions.SelfHost;

/// <summary>Turns failures that a user can fix into one line that says how.</summary>
internal static class Startup
{
    /// <summary>The self-host's exit code for a failure of any kind.</summary>
    public const int Failed = 1;

    /// <summary>Runs a command. A failure that a user can fix prints a sentence and returns the exit code.</summary>
    /// <param name="run">The command.</param>
    /// <param name="errors">Receives the sentence.</param>
    /// <param name="codeOf">The exit code for a failure of each kind; <see cref="Failed"/> for all if it is null.</param>
    /// <param name="sentenceOf">The sentence for further failures that a user can fix; null for all others.</param>
    /// <param name="ct">What the user ends the command by.</param>
    public static async Task<int> GuardAsync(
        Func<Task<int>> run, TextWriter errors, Func<FailureKind, int>? codeOf = null, Func<Exception, string?>? sentenceOf = null, CancellationToken ct = default)
    {
        codeOf ??= static _ => Failed;
        try
        {
            return await run();
        }
        catch (OperationCanceledException)
        {
            return codeOf(ct.IsCancellationRequested ? FailureKind.Interrupted : FailureKind.Refused);
        }
        catch (Exception e) when ((sentenceOf?.Invoke(e) ?? SentenceOf(e)) is { } sentence)
        {
            await errors.WriteLineAsync(sentence);
            return codeOf(KindOf(e));
        }
    }

    private static string? SentenceOf(Exception e) => e switch
    {
        StartupException => e.Message,
        _ when IsNoConnection(e) =>
            $"{StorageConnection.Name} is no connection string: {FirstLineOf(e).TrimEnd('.')}. Copy it again from the account's access keys, or remove it for the embedded storage.",
        _ when IsNoValue(e) =>
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

    /// <summary>Storage says everything that is not about the command or its settings.</summary>
    private static FailureKind KindOf(Exception e) => e switch
    {
        StartupException startup => startup.Kind,
        _ => IsNoConnection(e) || IsNoValue(e) ? FailureKind.Usage : FailureKind.Refused,
    };

    private static bool IsNoConnection(Exception e) =>
        e is FormatException or ArgumentException or InvalidOperationException && e.Source?.StartsWith("Azure", StringComparison.Ordinal) == true;

    private static bool IsNoValue(Exception e) =>
        e is InvalidOperationException && e.Message.StartsWith("Failed to convert configuration value", StringComparison.Ordinal);

    private static string[] NameOf(Azure.RequestFailedException failed) =>
        string.IsNullOrEmpty(failed.ErrorCode) ? [] : [failed.ErrorCode];

    private static string FirstLineOf(Exception e)
    {
        var cause = e is AggregateException { InnerExceptions: [var first, ..] } ? first : e;
        return cause.Message.Split('\n', 2)[0].Trim();
    }
}
