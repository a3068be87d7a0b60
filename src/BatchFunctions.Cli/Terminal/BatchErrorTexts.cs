using BatchFunctions.Cli.Api;
using BatchFunctions.SelfHost.Commands;

namespace BatchFunctions.Cli.Terminal;

/// <summary>The errors of an input, for people.</summary>
internal static class BatchErrorTexts
{
    /// <summary> Line number, message and code:
    /// <c>line 3: Missing required parameter: 'custom_id'. (missing_required_parameter)</c>. </summary>
    public static string Line(BatchError error) =>
        TerminalText.OneLine(string.Concat(
            error.Line is { } line ? $"line {line}: " : "",
            error.Message ?? "no reason given",
            error.Code is { Length: > 0 } code ? $" ({code})" : ""));
}
