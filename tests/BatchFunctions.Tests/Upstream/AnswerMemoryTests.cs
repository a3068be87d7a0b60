using BatchFunctions.Memory;
using BatchFunctions.Testing;
using BatchFunctions.Upstream;
using Microsoft.Extensions.DependencyInjection;

namespace BatchFunctions.Tests.Upstream;

/// <summary>Answers are held in memory as far as the process's budget goes.</summary>
public sealed class AnswerMemoryTests
{
    private const int Large = 400_000;

    [Fact]
    public async Task An_answer_that_may_not_be_held_stays_in_its_connection_and_is_not_late()
    {
        await using var fixture = await UpstreamFixture.StartAsync(_ => ScriptedAnswer.OfSize(Large));
        var budget = fixture.Services.GetRequiredService<ByteBudget>();
        using var memory = await fixture.Client.TakeMemoryAsync(2, default);
        using var others = await budget.TakeAsync(budget.Total * 2, default);

        var sending = fixture.SendAsync("/v1/chat/completions", "{}"u8.ToArray(), memory);
        await Eventually.UntilAsync(() => budget.Waiting == 1, "the answer waits for room");
        fixture.Time.Advance(UpstreamFixture.Timeout * 2);
        Assert.False(sending.IsCompleted);

        others.Dispose();
        using var answer = Assert.IsType<UpstreamOutcome.Answered>(await sending);
        Assert.True(answer.IsSuccess);
        Assert.Single(fixture.Upstream.Calls);
        Assert.True(memory.Bytes >= Large, $"{memory.Bytes} bytes are held for {Large}.");
    }

    [Fact]
    public async Task What_is_held_before_a_line_is_sent_follows_the_answers_that_came()
    {
        await using var fixture = await UpstreamFixture.StartAsync(_ => ScriptedAnswer.OfSize(Large));
        using var before = await fixture.Client.TakeMemoryAsync(2, default);
        for (var line = 0; line < 20; line++)
        {
            using var answer = await fixture.SendAsync($"line-{line}");
        }

        using var after = await fixture.Client.TakeMemoryAsync(2, default);
        Assert.InRange(before.Bytes, 1, 32 * 1024);
        Assert.InRange(after.Bytes, Large / 2, Large * 3);
    }

    [Fact]
    public void Ever_the_same_answers_are_expected_as_they_are_and_varied_ones_with_room()
    {
        var same = new AnswerSizes();
        var varied = new AnswerSizes();
        for (var answer = 0; answer < 100; answer++)
        {
            same.Note(1_000_000);
            varied.Note(answer % 2 == 0 ? 0 : 2_000_000);
        }

        Assert.InRange(same.Expected, 990_000, 1_100_000);
        Assert.InRange(varied.Expected, 2_000_000, 4_000_000);
    }
}
