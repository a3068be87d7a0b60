using System.Text;
using System.Text.Json;
using BatchFunctions.Configuration;
using BatchFunctions.Upstream;
using Microsoft.Extensions.Time.Testing;

namespace BatchFunctions.Tests.Upstream;

/// <summary>The exceptions below the table in docs/upstream.md.</summary>
public sealed class VerdictTests
{
    private static readonly TimeSpan Took = TimeSpan.FromSeconds(1);

    private readonly FakeTimeProvider _time = new();
    private readonly UpstreamRecord _record = new();
    private readonly Verdicts _verdicts;
    private readonly LineHistory _line = new(default, default) { InFlight = 8 };
    private int _sent;
    private int _others;

    public VerdictTests() => _verdicts = new Verdicts(new UpstreamOptions { MaxAttempts = 5 }, _record, _time);

    /// <summary>A server that loads its model, or whose engine has died, says so in JSON as one does that has no eyes.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_500_in_json_that_everybody_is_told_ends_lines_when_it_has_lasted_and_from_then_on_at_once(bool hasSucceeded)
    {
        if (hasSucceeded)
        {
            Judge(Another(), Answer(200, "yes"));
        }

        // More than few.
        var lines = Enumerable.Range(0, 10).Select(_ => Another()).ToList();
        Assert.All(lines, line => Assert.Equal((Blame.Upstream, false), Told(Judge(line, Answer(500, "no vision")))));
        _time.Advance((hasSucceeded ? Verdicts.ExplainedLater : Verdicts.ExplainedAtFirst) - TimeSpan.FromSeconds(1));
        Assert.All(lines, line => Assert.Equal((Blame.Upstream, false), Told(Judge(line, Answer(500, "no vision")))));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((Blame.Line, true), Told(Judge(lines[0], Answer(500, "no vision"))));
        Assert.Equal((Blame.Line, true), Told(Judge(Another(), Answer(500, "no vision"))));
        Assert.False(Judge(Another(), Answer(500, "loading")).IsFinal);
    }

    [Fact]
    public void A_success_shows_that_what_was_explained_has_passed()
    {
        Judge(Answer(500, "loading"));
        _time.Advance(Verdicts.ExplainedLater);
        Judge(Another(), Answer(200, "yes"));

        Assert.False(Judge(Another(), Answer(500, "loading")).IsFinal);
    }

    [Fact]
    public void A_500_is_the_upstreams_where_lines_have_gone_through_until_few_have_been_told_the_same_for_long()
    {
        Pass();
        Judge(Answer(500, "no"));
        Assert.Equal((Blame.Upstream, false), Judge(Answer(500, "no")));
        _time.Advance(Verdicts.SameWordsFor);
        Assert.Equal((Blame.Doubtful, true), Judge(Answer(500, "no")));
    }

    [Fact]
    public void Other_words_before_do_not_count_to_how_long_the_same_have_been_told()
    {
        Pass();
        Judge(Answer(503, "busy"));
        _time.Advance(Verdicts.SameWordsFor);
        Assert.False(Judge(Answer(500, "no")).IsFinal);
        Assert.False(Judge(Answer(500, "no")).IsFinal);
    }

    /// <summary>Ingresses and gateways cut off after a minute what may still be working.</summary>
    [Theory]
    [InlineData(408)]
    [InlineData(504)]
    [InlineData(524)]
    public void A_gateway_that_has_waited_in_vain_tells_a_time_out(int status)
    {
        _line.InFlight = 1;
        Assert.Equal((Blame.Upstream, false), Judge(Answer(status, "at once")));

        var verdict = _verdicts.Judge(_line, Answer(status, "after a minute"), Verdicts.GatewayTimeOut);
        Assert.Equal((Blame.Doubtful, true, 1), (verdict.Blame, verdict.IsTimeOut, _line.Attempts));

        _line.InFlight = 8;
        verdict = _verdicts.Judge(_line, Answer(status, "after a minute"), Verdicts.GatewayTimeOut);
        Assert.Equal((Blame.Upstream, true, 1), (verdict.Blame, verdict.IsTimeOut, _line.Attempts));
    }

    [Theory]
    [InlineData(403, 1, true)]
    [InlineData(307, 8, true)]
    [InlineData(403, 9, false)]
    [InlineData(401, 1, false)]
    public void Few_lines_that_nobody_is_left_to_be_compared_with_end_when_they_have_been_told_the_same_for_long(
        int status, int count, bool end)
    {
        Pass();
        var lines = Enumerable.Range(0, count).Select(_ => Another()).ToList();
        Assert.All(lines, line => Assert.Equal(Blame.Upstream, Judge(line, Answer(status, "no")).Blame));
        _time.Advance(Verdicts.SameWordsFor);

        Assert.All(lines, line => Assert.Equal(end, Judge(line, Answer(status, "no")).IsFinal));
    }

    /// <summary>A line that waits in storage between its attempts is in a new run of its chunk each time.</summary>
    [Fact]
    public void A_line_that_is_refused_in_many_runs_of_its_chunk_is_one_of_few()
    {
        Pass();
        var verdicts = Enumerable.Range(0, 20).Select(_ =>
        {
            var run = new LineHistory(new LineKey(default, 0, 1), default);
            Judge(run, Answer(403, "no"));
            _time.Advance(Verdicts.SameWordsFor);
            return Judge(run, Answer(403, "no"));
        });

        Assert.All(verdicts, verdict => Assert.True(verdict.IsFinal));
    }

    /// <summary>A line that was sent later had come to the upstream sooner, and went through: a key that is revoked is nobody's fault.</summary>
    [Theory]
    [InlineData(401, 9, false)]
    [InlineData(401, 2, false)]
    [InlineData(403, 9, false)]
    [InlineData(403, 2, true)]
    public void A_line_that_was_overtaken_on_its_way_is_not_ended_by_what_all_meet_from_one_moment_on(int status, int others, bool end)
    {
        (_line.Number, _line.Sent, _sent) = (1, 2, 2);
        _record.Passed(2, Took, _time.GetUtcNow());
        Assert.Equal((Blame.Doubtful, false), Told(_verdicts.Judge(_line, Answer(status, "revoked"), Took)));
        for (var other = 0; other < others; other++)
        {
            Assert.Equal(Blame.Upstream, Judge(Another(), Answer(status, "revoked")).Blame);
        }

        Assert.Equal((end ? Blame.Doubtful : Blame.Upstream, end), Judge(Answer(status, "revoked")));
        Pass();
        Assert.Equal((Blame.Doubtful, true), Judge(Answer(status, "revoked")));
    }

    [Fact]
    public void A_refusal_that_others_do_not_meet_ends_the_line_when_it_is_charged_in_the_same_words_again()
    {
        Assert.Equal((Blame.Upstream, false), Judge(Answer(403, "flagged")));
        Pass();
        Assert.Equal((Blame.Doubtful, false), Judge(Answer(403, "flagged")));
        Pass();
        Assert.Equal((Blame.Doubtful, true), Judge(Answer(403, "flagged")));
    }

    [Fact]
    public void Answers_to_what_was_sent_before_say_nothing_about_what_is_refused_since()
    {
        var before = Enumerable.Range(0, 4).Select(_ => ++_sent).ToList();
        foreach (var number in before)
        {
            Assert.Equal((Blame.Upstream, false), Judge(Answer(401, "no such key")));
            _record.Passed(number, Took, _time.GetUtcNow());
        }
    }

    [Fact]
    public void A_line_that_is_put_off_for_ever_while_others_go_through_ends_at_last()
    {
        Judge(Answer(503, "busy"));
        for (var refusal = 1; refusal < Verdicts.MaxAlone; refusal++)
        {
            Pass();
            Assert.Equal((Blame.Upstream, false), Judge(Answer(503, "busy")));
        }

        Pass();
        Assert.Equal((Blame.Doubtful, true), Judge(Answer(503, "busy")));
    }

    /// <summary>A request that is larger than a provider's whole minute, when all others of its batch are done.</summary>
    [Theory]
    [InlineData(true, 1, 30, true)]
    [InlineData(false, 1, 30, false)]
    [InlineData(true, 9, 30, false)]
    [InlineData(true, 1, 29, false)]
    public void A_line_that_others_were_seen_to_pass_ends_when_few_are_left_and_it_has_been_told_the_same_for_long(
        bool othersPassed, int left, int minutes, bool end)
    {
        Judge(Answer(429, "too large: 1"));
        if (othersPassed)
        {
            Pass();
        }

        TellOften("too large: 2");
        for (var other = 1; other < left; other++)
        {
            Judge(Another(), Answer(429, "too large"));
        }

        _time.Advance(TimeSpan.FromMinutes(minutes));

        Assert.Equal((end ? Blame.Doubtful : Blame.Upstream, end), Judge(Answer(429, "too large: 3")));
    }

    [Fact]
    public void Other_words_or_few_of_them_leave_a_line_its_time()
    {
        Judge(Answer(429, "busy"));
        Pass();
        TellOften("busy");
        _time.Advance(Verdicts.LeftOverFor);
        Assert.Equal((Blame.Upstream, false), Judge(Answer(503, "busy")));
        TellOften("busy");

        _line.PutOff(_line.Last!, othersPass: true, _time.GetUtcNow());
        _time.Advance(Verdicts.LeftOverFor);
        for (var told = 2; told < Verdicts.LeftOverTold; told++)
        {
            Assert.Equal((Blame.Upstream, false), Judge(Answer(429, "busy")));
        }

        Assert.Equal((Blame.Doubtful, true), Judge(Answer(429, "busy")));
    }

    /// <summary>What waits in storage between its attempts is in a new run each time, with what others met meanwhile.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Others_that_passed_between_two_runs_of_a_chunk_count(bool sentSince)
    {
        var first = Another();
        Judge(first, Answer(429, "too large"));
        _time.Advance(sentSince ? Took * 2 : Took / 2);
        Pass();
        var second = Another(first.StateAt(0));
        Judge(second, Answer(429, "too large"));

        Assert.Equal(sentSince ? 1 : 0, second.RefusedAlone);
    }

    [Fact]
    public void What_a_line_was_told_in_earlier_runs_of_its_chunk_counts()
    {
        var state = new LineState(0, 0, false, new LastAnswer(429, "too large"))
        {
            RefusedAlone = 1,
            AloneSince = _time.GetUtcNow(),
            ToldAlike = Verdicts.LeftOverTold,
        };
        _time.Advance(Verdicts.LeftOverFor);

        Assert.False(Judge(Another(state), Answer(503, "loading")).IsFinal);
        Assert.True(Judge(Another(Another(state).StateAt(0)), Answer(429, "too large")).IsFinal);
    }

    [Fact]
    public void Breaks_make_suspects_and_in_the_end_the_one_that_breaks_alone()
    {
        var suspicions = new List<int>();
        var isFinal = false;
        while (!isFinal)
        {
            suspicions.Add(_line.Suspicion);
            Pass();
            (_, isFinal) = Judge(new Reply.Broken(new IOException()));
        }

        Assert.Equal([0, 0, 1, UpstreamGate.Alone, UpstreamGate.Alone, UpstreamGate.Alone], suspicions);
    }

    [Fact]
    public void Breaks_that_everybody_meets_blame_nobody_for_long()
    {
        var breaks = 1;
        while (!Judge(new Reply.Broken(new IOException())).IsFinal)
        {
            breaks++;
        }

        Assert.Equal(Verdicts.MaxBreaksWithoutOthers, breaks);
    }

    [Theory]
    [InlineData(8, 100, false)]
    [InlineData(8, 500, true)]
    [InlineData(1, 500, false)]
    public void A_time_out_is_charged_where_others_are_fast_or_the_line_was_alone(int inFlight, int othersSeconds, bool isTooMuch)
    {
        _line.InFlight = inFlight;

        // Another that was sent after the line is back.
        _record.Passed(2, TimeSpan.FromSeconds(othersSeconds), _time.GetUtcNow());

        Assert.Equal((isTooMuch ? Blame.Upstream : Blame.Doubtful, false), Judge(new Reply.TimedOut()));
        Assert.Equal(isTooMuch ? 0 : 1, _line.Attempts);
    }

    [Theory]
    [InlineData("""{"error":{"message":"Loading model","code":503}}""", "Loading model")]
    [InlineData("""{"error":"busy"}""", "busy")]
    [InlineData("""{"detail":"Not Found"}""", "Not Found")]
    [InlineData("""{"object":"error","message":"too long\nby far","code":400}""", "too long by far")]
    [InlineData("""[1,2]""", "[1,2]")]
    public void The_words_of_the_last_answer_are_kept(string body, string words)
    {
        Judge(new Reply.Answer(503, null, AnswerBody.Of(Encoding.UTF8.GetBytes(body)), null));

        Assert.Equal(new LastAnswer(503, words), _line.Last);
    }

    [Fact]
    public void No_more_than_its_first_words_are_kept()
    {
        Judge(Answer(503, new string('x', 1000)));

        Assert.Equal(new string('x', LastAnswer.MaxMessage) + "…", _line.Last!.Message);
    }

    private static Reply.Answer Answer(int status, string message) => new(
        status, null, AnswerBody.Of(JsonSerializer.SerializeToUtf8Bytes(new { error = new { message } })), null);

    private static (Blame Blame, bool IsFinal) Told(Verdict verdict) => (verdict.Blame, verdict.IsFinal);

    private LineHistory Another(LineState state = default) => new(new LineKey(default, 0, ++_others), state);

    private void TellOften(string words)
    {
        for (var told = 0; told < Verdicts.LeftOverTold; told++)
        {
            Assert.Equal((Blame.Upstream, false), Judge(Answer(429, words)));
        }
    }

    private void Pass() => _record.Passed(++_sent, Took, _time.GetUtcNow());

    private Verdict Judge(LineHistory line, Reply reply)
    {
        line.Number = ++_sent;
        line.Sent = _sent;
        return _verdicts.Judge(line, reply, Took);
    }

    private (Blame Blame, bool IsFinal) Judge(Reply reply)
    {
        var verdict = Judge(_line, reply);
        return (verdict.Blame, verdict.IsFinal);
    }
}
