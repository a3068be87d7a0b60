using BatchFunctions.Cli.Api;
using BatchFunctions.Failures;
using BatchFunctions.SelfHost.Commands;

namespace BatchFunctions.Cli.Terminal;

/// <summary>Why lines failed, for people.</summary>
internal static class FailureTexts
{
    private const int MostCharacters = 1000;

    /// <summary>A group: how many, what they have in common, and an example with what it asked for and what was answered.</summary>
    public static IEnumerable<string> Group(BatchFailureGroup group)
    {
        yield return string.Join(
            "  ",
            new[] { Lines(group.Count), group.StatusCode is { } status ? $"{status}" : null, group.Code == $"{group.StatusCode}" ? null : TerminalText.OneLine(group.Code ?? "") }
                .Where(part => !string.IsNullOrEmpty(part)));
        yield return $"  {TerminalText.OneLine(group.Pattern)}";
        if (group.Example is not { } example || (example.CustomId is null && example.Line is null && example.Answer is null))
        {
            yield break;
        }

        var place = example.Line is { } line ? $"line {Texts.Count(line)}" : null;
        yield return $"  For example {string.Join(", ", new[] { example.CustomId is { } id ? TerminalText.OneLine(id) : null, place }.Where(part => part is not null))}:";
        if (group.Message != group.Pattern)
        {
            yield return $"    message  {TerminalText.OneLine(group.Message)}";
        }

        if (example.Request is { } request)
        {
            yield return $"    request  {Shown(request)}";
        }

        if (example.Answer is { } answer)
        {
            yield return $"    answer   {Shown(answer)}";
        }
    }

    /// <summary><c>1 line</c>, <c>1,234 lines</c>.</summary>
    public static string Lines(long count) => $"{Texts.Count(count)} {(count == 1 ? "line" : "lines")}";

    private static string Shown(LineText line)
    {
        var text = line.Text.Length <= MostCharacters ? line.Text : line.Text[..MostCharacters];
        return TerminalText.OneLine(text) + (text.Length < line.Text.Length || System.Text.Encoding.UTF8.GetByteCount(line.Text) < line.Bytes ? $"… ({Texts.Bytes(line.Bytes)})" : "");
    }
}
