using System.Text;
using BatchFunctions.Lines;

namespace BatchFunctions.Tests.Lines;

public sealed class RetryChoiceTests
{
    private const string Errors = """
        {"custom_id":"bad","response":{"status_code":400,"body":{}},"error":null}
        {"custom_id":"busy","response":{"status_code":429,"body":{}},"error":null}
        {"custom_id":"garbled","response":{"status_code":200,"body":"x"},"error":{"code":"invalid_response","message":"m"}}
        {"custom_id":"late","response":null,"error":{"code":"batch_expired","message":"m"}}
        """;

    private const string Output = """{"custom_id":"good","response":{"status_code":200,"body":{}},"error":null}""";

    private static readonly string[] Input = ["good", "bad", "busy", "garbled", "late", "unnamed"];

    [Theory]
    [InlineData("", "bad busy garbled late")]
    [InlineData("429", "busy")]
    [InlineData("batch_expired 400", "bad late")]
    [InlineData("200", "garbled")]
    [InlineData("invalid_response", "garbled")]
    [InlineData("internal_error", "")]
    public async Task Of_a_batch_that_names_every_line_those_are_chosen_that_the_error_file_names(string only, string expected)
    {
        var choice = new RetryChoice(Words(only), unnamed: null);

        Assert.False(choice.NeedsOutput);
        Assert.Equal(Words(expected), await ChosenAsync(choice));
    }

    [Theory]
    [InlineData("", "bad busy garbled late unnamed")]
    [InlineData("internal_error", "unnamed")]
    [InlineData("internal_error 429", "busy unnamed")]
    [InlineData("429", "busy")]
    public async Task Lines_that_neither_file_names_count_as_what_ended_the_batch(string only, string expected)
    {
        var choice = new RetryChoice(Words(only), "internal_error");

        Assert.Equal(expected.Contains("unnamed", StringComparison.Ordinal), choice.NeedsOutput);
        Assert.Equal(Words(expected), await ChosenAsync(choice));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("internal_error")]
    public async Task What_has_succeeded_in_another_retry_is_not_chosen(string? unnamed)
    {
        var choice = new RetryChoice([], unnamed);
        await choice.ReadRetriedAsync(StreamOf("""{"custom_id":"busy","response":{"status_code":200}}"""), null, default);

        Assert.DoesNotContain("busy", await ChosenAsync(choice));
    }

    [Fact]
    public async Task Lines_are_handed_over_as_they_stand()
    {
        var choice = new RetryChoice([], "gone");
        var lines = new List<string>();
        const string line = """{ "custom_id" : "\u0061", "body":{"model":"m"} }""";

        var count = await choice.ChooseAsync(
            StreamOf($"\uFEFF{line}\r\n\n{line.Replace("61", "62", StringComparison.Ordinal)}"),
            1000,
            null,
            taken =>
            {
                lines.Add(Encoding.UTF8.GetString(taken.Span));
                return ValueTask.CompletedTask;
            },
            default);

        Assert.Equal(2, count);
        Assert.Equal([line, line.Replace("61", "62", StringComparison.Ordinal)], lines);
    }

    [Fact]
    public async Task A_line_that_is_no_result_is_an_error_with_its_number()
    {
        var choice = new RetryChoice([], null);

        var e = await Assert.ThrowsAsync<InvalidDataException>(
            () => choice.ReadErrorsAsync(StreamOf(Errors + "\nno result"), null, default));

        Assert.Contains("Line 5", e.Message, StringComparison.Ordinal);
    }

    private static async Task<List<string>> ChosenAsync(RetryChoice choice)
    {
        await choice.ReadErrorsAsync(StreamOf(Errors), null, default);
        if (choice.NeedsOutput)
        {
            await choice.ReadOutputAsync(StreamOf(Output), null, default);
        }

        var chosen = new List<string>();
        var input = string.Join('\n', Input.Select(id => $$"""{"custom_id":"{{id}}","method":"POST","url":"/v1/x","body":{} }"""));
        await choice.ChooseAsync(
            StreamOf(input),
            1000,
            null,
            line =>
            {
                chosen.Add(Encoding.UTF8.GetString(line.Span).Split('"')[3]);
                return ValueTask.CompletedTask;
            },
            default);
        return chosen;
    }

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static MemoryStream StreamOf(string text) => new(Encoding.UTF8.GetBytes(text));
}
