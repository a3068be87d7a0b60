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

    /// <summary>Sends as fast as the pace allows. Refusals come at once, successes after the latency.</summary>
    private (int LetIn, int Refused) Run(Func<TimeSpan, int> limitAt, TimeSpan latency, TimeSpan length, TimeSpan from)
    {
        var began = _time.GetUtcNow();
        var admitted = new Queue<DateTimeOffset>();
        var answers = new Queue<DateTimeOffset>();
        var (letIn, refused) = (0, 0);
        for (; _time.GetUtcNow() - began < length; _time.Advance(Step))
        {
            var now = _time.GetUtcNow();
            var isCounted = now - began >= from;
            while (answers.TryPeek(out var due) && due <= now)
            {
                answers.Dequeue();
                _pace.Passed();
            }

            for (var burst = 0; _pace.Next <= now && burst < 64; burst++)
            {
                var sent = _pace.Sent();
                while (admitted.TryPeek(out var oldest) && now - oldest >= TimeSpan.FromSeconds(1))
                {
                    admitted.Dequeue();
                }

                if (admitted.Count < limitAt(now - began))
                {
                    admitted.Enqueue(now);
                    answers.Enqueue(now + latency);
                    letIn += isCounted ? 1 : 0;
                }
                else
                {
                    _pace.Refused(sent, rest: null);
                    refused += isCounted ? 1 : 0;
                }
            }
        }

        return (letIn, refused);
    }
}
