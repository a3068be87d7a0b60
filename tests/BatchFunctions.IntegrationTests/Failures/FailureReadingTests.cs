using System.Text;
using System.Text.Json;
using BatchFunctions.Batches;
using BatchFunctions.Failures;
using BatchFunctions.Files;
using BatchFunctions.Http;
using BatchFunctions.IntegrationTests.Processing;
using BatchFunctions.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace BatchFunctions.IntegrationTests.Failures;

/// <summary>Failures by what they have in common: of batches that have ended, that run, and that never ran.</summary>
public sealed class FailureReadingTests : DrivenTest
{
    private readonly SteppingTime _time = new();

    private protected override IReadOnlyDictionary<string, string?> Settings { get; } =
        new Dictionary<string, string?> { ["Batch:ChunkLines"] = "5", ["Batch:Upstream:MaxAttempts"] = "1" };

    private protected override void Configure(IServiceCollection services) => services.AddSingleton<TimeProvider>(_time);

    [Fact]
    public async Task Lines_that_failed_alike_are_one_group_with_what_the_first_asked_for_beside_its_answer()
    {
        Upstream.Answer(call => NumberOf(call) switch
        {
            var number when number % 3 == 0 => ScriptedAnswer.Error(400, $"The messages come to {9000 + number} tokens."),
            7 => ScriptedAnswer.Error(422, "No such words."),
            _ => ScriptedAnswer.Chat(call),
        });
        var input = "\n" + BatchDriver.LinesOf(20);
        var ended = await Driver.RunToEndAsync(await Driver.CreateAsync(input));

        var found = await ReadAsync(ended);

        Assert.Equal((true, 8, true), (found.Complete, (int)found.Lines, found.RequestsComplete));
        Assert.Equal(
            [(7, 400, "scripted", "The messages come to # tokens."), (1, 422, "scripted", "No such words.")],
            found.Groups.Select(group => ((int)group.Count, group.StatusCode!.Value, group.Code, group.Pattern)));
        var example = found.Groups[1].Example;
        Assert.Equal(("line-7", 9), (example.CustomId, example.Line));
        Assert.Equal(BatchDriver.LineOf(7).TrimEnd(), example.Request!.Text);
        Assert.Equal("line-7", JsonDocument.Parse(example.Answer!.Text).RootElement.GetProperty("custom_id").GetString());
        var first = found.Groups[0].Example;
        Assert.Contains($"\"{first.CustomId}\"", first.Request!.Text, StringComparison.Ordinal);
        Assert.Contains($"\"{first.CustomId}\"", first.Answer!.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_a_batch_that_runs_there_are_those_so_far()
    {
        var released = new TaskCompletionSource();
        Upstream.Answer(call => NumberOf(call) < 3 ? ScriptedAnswer.Error(400, "Too early.") : ScriptedAnswer.Error(400, "Too late.").After(released.Task));
        var batch = await Driver.CreateAsync(12);
        Assert.Empty((await ReadAsync(batch)).Groups);
        Driver.StartPump();
        var running = await Driver.WaitForAsync(batch, now => now.Counts.Failed == 3, "three have failed");

        Assert.Equal(["3 Too early."], (await ReadAsync(running)).Groups.Select(group => $"{group.Count} {group.Pattern}"));

        released.SetResult();
        var ended = await Driver.WaitForEndAsync(batch);
        Assert.Equal(["9 Too late.", "3 Too early."], (await ReadAsync(ended)).Groups.Select(group => $"{group.Count} {group.Pattern}"));
        Assert.Equal(["Too late."], (await ReadAsync(ended, 3)).Groups.Select(group => group.Message));
        Assert.Equal(0, (await ReadAsync(ended, 12)).Lines);
    }

    [Fact]
    public async Task Of_an_input_that_was_refused_the_lines_are_shown()
    {
        var ended = await Driver.RunToEndAsync(await Driver.CreateAsync(
            BatchDriver.LineOf(0) + "no JSON\n" + BatchDriver.LineOf(0) + BatchDriver.LineOf(1) + BatchDriver.LineOf(1) + new string('x', 20_000) + "\n"));
        Assert.Equal(BatchStatus.Failed, ended.Status);

        var found = await ReadAsync(ended);

        Assert.Equal(["2 invalid_json_line", "2 duplicate_custom_id"], found.Groups.Select(group => $"{group.Count} {group.Code}"));
        Assert.Equal((2, null, "no JSON", null), (found.Groups[0].Example.Line, found.Groups[0].Example.CustomId, found.Groups[0].Example.Request!.Text, found.Groups[0].Example.Answer));
        Assert.Equal((3, "line-0", BatchDriver.LineOf(0).TrimEnd()), (found.Groups[1].Example.Line, found.Groups[1].Example.CustomId, found.Groups[1].Example.Request!.Text));
    }

    [Fact]
    public async Task What_takes_too_long_stops_and_goes_on_with_the_offset()
    {
        Upstream.Answer(call => ScriptedAnswer.Error(400, "No."));
        var ended = await Driver.RunToEndAsync(await Driver.CreateAsync(10));

        _time.Step = FailureReading.Limit / 4;
        var first = await ReadAsync(ended);
        _time.Step = TimeSpan.Zero;
        var rest = await ReadAsync(ended, first.NextOffset!.Value);

        // The clock is looked at before each line: at the fourth the time is over.
        Assert.Equal((false, 3, 3L), (first.Complete, (int)first.Lines, first.NextOffset));
        Assert.Equal((true, 7), (rest.Complete, (int)rest.Lines));
        Assert.Equal(10, first.Groups.Concat(rest.Groups).Sum(group => group.Count));
    }

    [Fact]
    public async Task A_search_of_the_input_that_takes_too_long_leaves_the_requests_out()
    {
        Upstream.Answer(call => NumberOf(call) == 9 ? ScriptedAnswer.Error(400, "No.") : ScriptedAnswer.Chat(call));
        var ended = await Driver.RunToEndAsync(await Driver.CreateAsync(10));

        _time.Step = FailureReading.Limit / 4;
        var found = await ReadAsync(ended);

        Assert.Equal((true, false), (found.Complete, found.RequestsComplete));
        var example = Assert.Single(found.Groups).Example;
        Assert.Equal(("line-9", null, null), (example.CustomId, example.Line, example.Request));
        Assert.NotNull(example.Answer);
    }

    [Fact]
    public async Task Failures_are_told_without_an_input_and_not_without_their_file()
    {
        Upstream.Answer(call => ScriptedAnswer.Error(400, "No."));
        var ended = await Driver.RunToEndAsync(await Driver.CreateAsync(2));
        Assert.True(await Driver.Get<FileDeletion>().TryDeleteAsync(BatchDriver.Tenant, ended.InputFileId, CancellationToken.None));

        var found = await ReadAsync(ended);
        Assert.Equal((2, null), ((int)found.Groups[0].Count, found.Groups[0].Example.Request));

        Assert.True(await Driver.Get<FileDeletion>().TryDeleteAsync(BatchDriver.Tenant, ended.ErrorFileId!, CancellationToken.None));
        var gone = await Assert.ThrowsAsync<ApiException>(() => ReadAsync(ended));
        Assert.Equal((404, $"No such File object: {ended.ErrorFileId}"), (gone.Error.Status, gone.Error.Message));
    }

    [Fact]
    public async Task Long_lines_are_shown_by_their_beginning()
    {
        Upstream.Answer(call => ScriptedAnswer.Error(400, new string('é', 30_000)));
        var line = BatchDriver.LineOf(0).Replace("\"model\"", $"\"pad\":\"{new string('é', 20_000)}\",\"model\"", StringComparison.Ordinal);
        var ended = await Driver.RunToEndAsync(await Driver.CreateAsync(line));

        var group = Assert.Single((await ReadAsync(ended)).Groups);

        Assert.Equal(Encoding.UTF8.GetByteCount(line) - 1, group.Example.Request!.Bytes);
        Assert.All([group.Example.Request, group.Example.Answer!], text =>
        {
            Assert.InRange(Encoding.UTF8.GetByteCount(text.Text), LineText.MostBytes - 1, LineText.MostBytes);
            Assert.DoesNotContain('\uFFFD', text.Text);
        });
        Assert.InRange(group.Message.Length, 1, 501);
    }

    private static int NumberOf(ScriptedCall call) => int.Parse(call.Marker[1..], System.Globalization.CultureInfo.InvariantCulture);

    private async Task<BatchErrorsObject> ReadAsync(Batch batch, long offset = 0) =>
        await Driver.Get<FailureReading>().ReadAsync(await Driver.ReadAsync(batch), offset, CancellationToken.None);
}
