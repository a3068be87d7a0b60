using System.Text;
using BatchFunctions.Checks;
using BatchFunctions.Configuration;
using BatchFunctions.Lines;

namespace BatchFunctions.Tests.Checks;

public sealed class InputCheckTests
{
    private const string Endpoint = "/v1/embeddings";

    [Fact]
    public async Task Everything_that_is_wrong_with_a_line_is_told_and_its_first_is_what_validation_says()
    {
        string[] lines =
        [
            Line("a"),
            "",
            """{"method":"GET","url":"/v1/other","body":{"stream":true,"model":7}}""",
            """{"custom_id":"a","method":"POST","url":"/v1/embeddings","body":[]}""",
            "no JSON",
            Line("b"),
        ];

        var (check, told) = await CheckAsync(lines, InputLimits.Default);

        Assert.Equal(
            [
                (3, "missing_required_parameter"), (3, "invalid_method"), (3, "invalid_url"), (3, "streaming_unsupported"), (3, "invalid_request"),
                (4, "duplicate_custom_id"), (4, "invalid_type"),
                (5, "invalid_json_line"),
            ],
            told.Select(fault => (fault.Line!.Value, fault.Problem.Code)));
        Assert.Equal((5, 3, 8), (check.Totals.Lines, check.Totals.WrongLines, check.Totals.Faults));

        var validation = new LineChecker(Endpoint);
        Assert.Equal(
            told.DistinctBy(fault => fault.Line).Select(fault => fault.Problem),
            lines.Where(line => line.Length > 0).Select(line => validation.Check(Encoding.UTF8.GetBytes(line))).OfType<LineProblem>());
    }

    [Fact]
    public async Task Lines_are_counted_by_model_and_endpoint_and_tokens_of_valid_ones_alone()
    {
        var (check, _) = await CheckAsync(
            [Line("a", "text-embedding-3-small"), Line("b", "mine"), Line("b", "mine"), Line("c", "mine", "/v1/other")], InputLimits.Default);

        Assert.Equal(
            [("mine", 3, 2L, false), ("text-embedding-3-small", 1, 2L, true)],
            check.Totals.Models.Select(model => (model.Name, model.Lines, model.Tokens, model.IsExact)));
        Assert.Equal([new(Endpoint, 3), new("/v1/other", 1)], check.Totals.Endpoints);
        Assert.Equal((2, 2), (check.Totals.CountedTokens, check.Totals.EstimatedTokens));
    }

    [Fact]
    public async Task Of_a_thousand_models_a_hundred_are_told_one_by_one()
    {
        var (check, _) = await CheckAsync([.. Enumerable.Range(0, 2000).Select(i => Line($"{i}", $"m{i % 1500}", $"/v1/{i}"))], InputLimits.Default);

        Assert.Equal(100, check.Totals.Models.Count());
        Assert.Equal(2000, check.Totals.LinesOfOtherModels + check.Totals.Models.Sum(model => model.Lines));
        Assert.Equal(1900, check.Totals.LinesOfOtherEndpoints);
    }

    [Fact]
    public async Task What_is_wrong_with_a_file_is_told_beside_its_lines()
    {
        var limits = new InputLimits(2, 100, 1024);
        var (check, told) = await CheckAsync([Line("a"), Line("b"), Line("c"), Line(new string('d', 2000))], limits);

        Assert.Equal([(null, "file_too_large"), (4, "line_too_long"), (null, "too_many_requests")], told.Select(fault => (fault.Line, fault.Problem.Code)));
        Assert.Equal(4, check.Totals.Lines);
        Assert.Equal(["empty_file"], (await CheckAsync(["", " "], limits)).Told.Select(fault => fault.Problem.Code));
        Assert.Equal(["empty_file"], (await CheckAsync([], limits)).Told.Select(fault => fault.Problem.Code));
    }

    [Fact]
    public void The_command_line_assumes_the_limits_that_a_service_has_unless_it_sets_others()
    {
        var options = new BatchOptions();
        Assert.Equal(new InputLimits(options.MaxLines, options.MaxInputBytes, options.MaxLineBytes), InputLimits.Default);
    }

    [Theory]
    [InlineData("3-2-100", true)]
    [InlineData("0-0-0", true)]
    [InlineData("3-2-101", false)]
    [InlineData("2-3-100", false)]
    [InlineData("101-2-100", false)]
    [InlineData("-1-2-100", false)]
    [InlineData("3-2", false)]
    [InlineData("3-2- 9", false)]
    [InlineData("3-2-99999999999999999999", false)]
    public void A_place_is_read_as_it_was_written_and_lies_within_the_file(string text, bool isPlace) =>
        Assert.Equal(isPlace ? text : null, CheckPlace.Parse(text, bytes: 100)?.ToString());

    private static async Task<(InputCheck Check, List<LineFault> Told)> CheckAsync(string[] lines, InputLimits limits)
    {
        var told = new List<LineFault>();
        var check = new InputCheck(Endpoint, limits, CheckedModels.Any, told.Add);
        var bytes = Encoding.UTF8.GetBytes(string.Join("\r\n", lines));
        if (check.Begin(bytes.Length))
        {
            using var stream = new MemoryStream(bytes);
            using var reader = new LineReader(stream, limits.MaxLineBytes);
            while (await reader.ReadAsync(CancellationToken.None))
            {
                check.Check(reader);
            }

            check.End();
        }

        return (check, told);
    }

    private static string Line(string id, string model = "m", string url = Endpoint) =>
        $$$"""{"custom_id":"{{{id}}}","method":"POST","url":"{{{url}}}","body":{"model":"{{{model}}}","input":"hello world"}}""";
}
