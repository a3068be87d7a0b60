using System.Text;
using System.Text.Json;
using BatchFunctions.Chunks;
using BatchFunctions.Ids;
using BatchFunctions.Lines;
using BatchFunctions.Memory;
using BatchFunctions.Processing;
using BatchFunctions.Telemetry;
using BatchFunctions.Upstream;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace BatchFunctions.Tests.Processing;

public sealed class LineOutcomesTests : IDisposable
{
    private static readonly TokenUsage Usage = new(3, 0, 4, 0);

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().AddSingleton<BatchMetrics>().BuildServiceProvider();
    private readonly FakeTimeProvider _time = new();
    private readonly ByteBudget _budget = new(1000);
    private readonly LinesLeft _left;
    private readonly LineResults _results;
    private readonly LineOutcomes _outcomes;

    public LineOutcomesTests()
    {
        var chunk = new Chunk
        {
            Batch = new BatchKey("local", IdKind.Batch.New(_time.GetUtcNow())),
            Number = 2,
            Offset = 0,
            Length = 1000,
            Lines = 10,
            LinesBefore = 200,
            Left = new Dictionary<int, LineLeft> { [1] = Left(2), [7] = Left(1) },
        };
        _left = new LinesLeft(chunk);
        _results = new LineResults(_left, new ResultBacklog(_time), _budget);
        _outcomes = new LineOutcomes(
            chunk, _results, _left, _services.GetRequiredService<BatchMetrics>(), _time, NullLogger.Instance);
    }

    [Theory]
    [InlineData(200, false, true, null)]
    [InlineData(200, true, false, "invalid_response")]
    [InlineData(400, false, false, null)]
    [InlineData(502, true, false, null)]
    public void An_answer_is_a_line_of_the_output_or_of_the_errors(int status, bool notJson, bool isOutput, string? code)
    {
        var answer = new UpstreamOutcome.Answered(status, "req_1", AnswerBody.Of(notJson ? "text"u8 : "\"text\""u8), Usage);
        _outcomes.Take(1, "mine", answer, Held());

        using var segment = _results.Seal();
        Assert.Equal(isOutput ? (1, 0) : (0, 1), (segment.Completed, segment.Failed));
        Assert.Equal([1], segment.Lines);
        Assert.Equal(Usage, segment.Usage);
        var line = OnlyLineOf(segment, isOutput);
        Assert.EndsWith("000c9", line.GetProperty("id").GetString(), StringComparison.Ordinal);
        Assert.Equal("mine", line.GetProperty("custom_id").GetString());
        Assert.Equal(status, line.GetProperty("response").GetProperty("status_code").GetInt32());
        var error = line.GetProperty("error");
        Assert.Equal(code, error.ValueKind == JsonValueKind.Null ? null : error.GetProperty("code").GetString());
    }

    [Fact]
    public void A_line_without_an_answer_is_a_line_of_the_errors()
    {
        _outcomes.Take(1, "mine", new UpstreamOutcome.Failed(UpstreamOutcome.Failed.RequestTimeout, "Too long."), Held());
        using var segment = _results.Seal();
        Assert.Equal((0, 1), (segment.Completed, segment.Failed));
        var line = OnlyLineOf(segment, isOutput: false);
        Assert.Equal("request_timeout", line.GetProperty("error").GetProperty("code").GetString());
        Assert.Equal(JsonValueKind.Null, line.GetProperty("response").ValueKind);
    }

    [Fact]
    public void A_line_that_has_ended_keeps_no_attempts()
    {
        _outcomes.Take(1, "mine", new UpstreamOutcome.Answered(200, null, AnswerBody.Of("{}"u8), Usage), Held());
        Assert.Equal([KeyValuePair.Create(7, Left(1))], _left.Snapshot());
    }

    [Fact]
    public void An_answer_that_cannot_be_written_down_fails_its_line_and_leaves_no_half_of_one()
    {
        var answer = new UpstreamOutcome.Answered(200, "req_1", AnswerBody.Of("{\"a\":1}"u8), Usage);
        answer.Dispose();

        using var memory = Held();
        var fault = Assert.ThrowsAny<Exception>(() => _outcomes.Take(1, "mine", answer, memory));
        Assert.False(_results.HasLines);
        _outcomes.TakeUnwritable(1, "mine", answer, fault, memory);

        using var segment = _results.Seal();
        Assert.Equal((0L, 1), (segment.Output.Count, segment.Failed));
        Assert.Contains("invalid_response", System.Text.Encoding.UTF8.GetString(segment.Error.Sequence), StringComparison.Ordinal);
    }

    [Fact]
    public void A_postponed_line_has_no_result_and_keeps_back_itself_alone()
    {
        _outcomes.Take(1, "mine", Postponed(attempts: 3, seconds: 60), Held());
        _outcomes.Take(4, "other", Postponed(attempts: 0, seconds: 30), Held());

        Assert.False(_results.HasLines);
        Assert.Equal(Left(3, _time.GetUtcNow().AddSeconds(60)), _left.Of(1));
        Assert.Equal(Left(0, _time.GetUtcNow().AddSeconds(30)), _left.Of(4));
        Assert.Equal(Left(1), _left.Of(7));

        // Others may be sent at once; when none is left, the first of those that wait says when the chunk goes on.
        Assert.Equal(_time.GetUtcNow(), _left.NotBefore(done: 0, _time.GetUtcNow()));
        Assert.Equal(_time.GetUtcNow().AddSeconds(30), _left.NotBefore(done: 8, _time.GetUtcNow()));
    }

    public void Dispose()
    {
        _results.Dispose();
        _services.Dispose();
    }

    private LineMemory Held() => new(_budget.Open(), 0);

    private static UpstreamOutcome.Postponed Postponed(int attempts, int seconds) =>
        new(StateOf(attempts), TimeSpan.FromSeconds(seconds));

    private static LineLeft Left(int attempts, DateTimeOffset? notBefore = null) => new(StateOf(attempts), notBefore);

    private static LineState StateOf(int attempts) => new(attempts, 0, OthersPassed: false, null);

    private static JsonElement OnlyLineOf(ChunkSegment segment, bool isOutput)
    {
        Assert.Equal(0, (isOutput ? segment.Error : segment.Output).Count);
        var text = Encoding.UTF8.GetString((isOutput ? segment.Output : segment.Error).Sequence);
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        return JsonElement.Parse(text);
    }
}
