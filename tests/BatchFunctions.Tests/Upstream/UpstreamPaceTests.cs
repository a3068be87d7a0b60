using BatchFunctions.Upstream;
using Microsoft.Extensions.Time.Testing;

namespace BatchFunctions.Tests.Upstream;

/// <summary>The pace against upstreams that let in so many a second, on a clock that is set.</summary>
public sealed class UpstreamPaceTests
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(5);

    private readonly FakeTimeProvider _time = new();
    private readonly UpstreamPace _pace;

    public UpstreamPaceTests() => _pace = new UpstreamPace(_time);

    [Theory]
    [InlineData(5, 0)]
    [InlineData(5, 1)]
    [InlineData(5, 20)]
    [InlineData(50, 2)]
    [InlineData(1, 3)]
    public void A_limit_is_used_and_seldom_overrun(int limit, int latency)
    {
        var (letIn, refused) = Run(_ => limit, TimeSpan.FromSeconds(latency), TimeSpan.FromSeconds(200), from: TimeSpan.FromSeconds(40));

        Assert.InRange(letIn / (160.0 * limit), 0.9, 1.01);
        Assert.InRange((double)refused / (letIn + refused), 0, 0.05);
    }

    [Fact]
    public void A_limit_that_was_raised_is_found_and_one_that_was_lowered_is_kept()
    {
        var (_, refusedAtFirst) = Run(at => at.TotalSeconds < 60 ? 20 : 4, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(120), from: TimeSpan.FromSeconds(70));
        Assert.InRange(refusedAtFirst, 0, 10);

        Run(_ => 40, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(150), from: TimeSpan.Zero);
        Assert.True(double.IsInfinity(_pace.Rate) || _pace.Rate > 30, $"{_pace.Rate} a second");
    }

    [Fact]
    public void Where_nothing_is_let_in_it_is_soon_as_slow_as_can_be()
    {
        Run(_ => 50, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30), from: TimeSpan.Zero);
        var (letIn, refused) = Run(_ => 0, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60), from: TimeSpan.FromSeconds(5));

        Assert.Equal(0, letIn);
        Assert.InRange(refused, 1, 12);
        Assert.True(_pace.IsStandstill);

        // What was let in before is reached again within seconds.
        Run(_ => 50, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(15), from: TimeSpan.Zero);
        Assert.InRange(_pace.Rate, 40, double.PositiveInfinity);
    }

    [Theory]
    [InlineData(5, 2)]
    [InlineData(20, 4)]
    [InlineData(100, 8)]
    public void A_limit_that_processes_share_is_used_and_seldom_overrun(int limit, int processes)
    {
        var (letIn, refused) = Run(Paces(processes), _ => limit, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(400), from: TimeSpan.FromSeconds(60));

        Assert.InRange(letIn / (340.0 * limit), 0.9, 1.01);
        Assert.InRange((double)refused / (letIn + refused), 0, 0.02);
    }

    [Fact]
    public void A_ceiling_that_was_refused_again_and_again_is_tried_less_and_less()
    {
        var (_, first) = Run(_ => 20, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(160), from: TimeSpan.FromSeconds(10));
        var (letIn, later) = Run(_ => 20, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(150), from: TimeSpan.Zero);

        Assert.InRange(later, 1, first - 1);
        Assert.InRange((double)later / letIn, 0, 0.003);
    }

    [Fact]
    public void A_ceiling_that_was_refused_again_and_again_is_given_up_when_it_holds_no_more()
    {
        Run(_ => 20, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(300), from: TimeSpan.Zero);
        Run(_ => 80, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(120), from: TimeSpan.Zero);

        Assert.InRange(_pace.Rate, 60, double.PositiveInfinity);
    }

    [Fact]
    public void A_rate_that_nobody_waits_for_does_not_grow()
    {
        Run(_ => 20, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60), from: TimeSpan.Zero);
        var found = _pace.Rate;
        for (var line = 0; line < 600; line++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            _pace.Sent();
            _pace.Passed();
        }

        Assert.Equal(found, _pace.Rate, 0.01);
    }

    [Fact]
    public void Lines_of_before_raise_no_rate_that_nothing_was_sent_at()
    {
        _pace.Refused(_pace.Sent(), rest: null);
        for (var second = 0; second < 20; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            _pace.Passed();
        }

        Assert.InRange(_pace.Rate, 0, 1);
    }

    [Fact]
    public void A_rest_that_was_asked_for_is_no_time_of_growth()
    {
        Run(_ => 20, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60), from: TimeSpan.Zero);
        _pace.Refused(_pace.Sent(), rest: TimeSpan.FromMinutes(2));
        var left = _pace.Rate;
        _time.Advance(_pace.Next - _time.GetUtcNow());
        _pace.Sent();

        Assert.InRange(_pace.Rate, left, left * 1.001);
    }

    [Fact]
    public void A_burst_that_nobody_passes_leaves_no_rate_to_return_to_that_was_never_let_in()
    {
        // Another process has just used up what there was.
        for (var line = 0; line < 8; line++)
        {
            _pace.Refused(_pace.Sent(), rest: null);
        }

        var (letIn, refused) = Run(_ => 2, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(300), from: TimeSpan.FromSeconds(60));
        Assert.InRange(letIn / 480.0, 0.9, 1.01);
        Assert.InRange((double)refused / (letIn + refused), 0, 0.03);
    }

    private UpstreamPace[] Paces(int count) => [.. Enumerable.Range(0, count).Select(_ => new UpstreamPace(_time))];

    private (int LetIn, int Refused) Run(Func<TimeSpan, int> limitAt, TimeSpan latency, TimeSpan length, TimeSpan from) =>
        Run([_pace], limitAt, latency, length, from);

    /// <summary>Sends as fast as the paces allow. Refusals come at once, successes after the latency.</summary>
    private (int LetIn, int Refused) Run(UpstreamPace[] paces, Func<TimeSpan, int> limitAt, TimeSpan latency, TimeSpan length, TimeSpan from)
    {
        var began = _time.GetUtcNow();
        var admitted = new Queue<DateTimeOffset>();
        var answers = new Queue<(DateTimeOffset Due, UpstreamPace Pace)>();
        var (letIn, refused, turn) = (0, 0, 0);
        for (; _time.GetUtcNow() - began < length; _time.Advance(Step))
        {
            var now = _time.GetUtcNow();
            var isCounted = now - began >= from;
            while (answers.TryPeek(out var answer) && answer.Due <= now)
            {
                answers.Dequeue().Pace.Passed();
            }

            // Each begins in its turn: who comes first is let in.
            turn++;
            for (var next = 0; next < paces.Length; next++)
            {
                var pace = paces[(turn + next) % paces.Length];
                for (var burst = 0; pace.Next <= now && burst < 64; burst++)
                {
                    var sent = pace.Sent();
                    while (admitted.TryPeek(out var oldest) && now - oldest >= TimeSpan.FromSeconds(1))
                    {
                        admitted.Dequeue();
                    }

                    if (admitted.Count < limitAt(now - began))
                    {
                        admitted.Enqueue(now);
                        answers.Enqueue((now + latency, pace));
                        letIn += isCounted ? 1 : 0;
                    }
                    else
                    {
                        pace.Refused(sent, rest: null);
                        refused += isCounted ? 1 : 0;
                    }
                }
            }
        }

        return (letIn, refused);
    }
}
