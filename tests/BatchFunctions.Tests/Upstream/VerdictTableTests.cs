using System.Globalization;
using BatchFunctions.Configuration;
using BatchFunctions.Testing;
using BatchFunctions.Upstream;
using Microsoft.Extensions.Time.Testing;

namespace BatchFunctions.Tests.Upstream;

/// <summary>Each row of the table in docs/upstream.md, tried.</summary>
public sealed class VerdictTableTests
{
    private static readonly UpstreamOptions Options = new();
    private static readonly TimeSpan Took = TimeSpan.FromSeconds(1);

    public static TheoryData<string, string, string, string> Rows
    {
        get
        {
            var rows = new TheoryData<string, string, string, string>();
            var table = File.ReadLines(Repository.At("docs/upstream.md"))
                .SkipWhile(line => !line.StartsWith("| answer |", StringComparison.Ordinal)).Skip(2)
                .TakeWhile(line => line.StartsWith('|'));
            foreach (var row in table)
            {
                var cells = row.Trim('|').Split('|', StringSplitOptions.TrimEntries);
                foreach (var answer in char.IsAsciiDigit(cells[0][0]) && char.IsAsciiDigit(cells[0][1]) ? cells[0].Split(", ") : [cells[0]])
                {
                    rows.Add(answer, cells[1], cells[2], cells[3]);
                }
            }

            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public void What_the_table_says_is_what_is_decided(string answer, string whileOthersPass, string whileNoneDoes, string charge)
    {
        var (among, chargedAmong) = Judge(answer, othersPass: true);
        var (alone, chargedAlone) = Judge(answer, othersPass: false);

        Assert.Equal((whileOthersPass, whileNoneDoes), (Word(among), Word(alone)));
        Assert.Equal(
            charge switch
            {
                "yes" => (true, true),
                "" or "no" => (false, false),
                _ => (true, false),
            },
            (chargedAmong, chargedAlone));
    }

    [Fact]
    public void The_table_has_all_statuses_that_are_told_apart() => Assert.True(Rows.Count > 30);

    private static (Verdict Verdict, bool IsCharged) Judge(string answer, bool othersPass)
    {
        var record = new UpstreamRecord();
        var time = new FakeTimeProvider();

        // Somebody has gone through at some time, in any case.
        record.Passed(1, Took, time.GetUtcNow());
        var verdicts = new Verdicts(Options, record, time);
        var line = new LineHistory(default, default) { InFlight = 8, Number = 2 };
        if (othersPass)
        {
            record.Passed(3, Took, time.GetUtcNow());
        }

        var verdict = verdicts.Judge(line, ReplyOf(answer), Took);
        return (verdict, line.Attempts > 0);
    }

    private static string Word(Verdict verdict) => verdict switch
    {
        { Blame: Blame.None } => "completes",
        { IsFinal: true } => "fails",
        { Blame: Blame.Doubtful } => "again",
        _ => "waits",
    };

    private static Reply ReplyOf(string answer) => answer switch
    {
        "2xx, JSON" => new Reply.Answer(200, null, AnswerBody.Of("{}"u8), null),
        "2xx, not JSON" => new Reply.Answer(200, null, AnswerBody.Of("<p>"u8), null),
        "cut off, or not compressed as labelled" => new Reply.Garbled(200, "{", new InvalidDataException()),
        "larger than `MaxResponseBytes`" => new Reply.TooLarge(),
        "no answer within `Timeout`" => new Reply.TimedOut(),
        "connection broken before an answer" => new Reply.Broken(new IOException()),
        "refused, DNS, TLS, no token" => new Reply.Unreachable(new IOException()),
        _ => new Reply.Answer(
            int.Parse(answer, CultureInfo.InvariantCulture),
            null,
            AnswerBody.Of("""{"error":{"message":"no"}}"""u8),
            null),
    };
}
