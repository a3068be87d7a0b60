using BatchFunctions.Configuration;
using BatchFunctions.Upstream;
using Microsoft.Extensions.Time.Testing;

namespace BatchFunctions.Tests.Upstream;

public sealed class SoldRatesTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Requests_go_out_at_the_rate_that_is_sold()
    {
        var rates = new SoldRates(new UpstreamOptions { RequestsPerMinute = 120 }, _time);

        Assert.InRange(SentIn(rates, TimeSpan.FromMinutes(10), 100), 1199, 1203);
    }

    [Fact]
    public void A_process_sends_its_part_and_none_without_one()
    {
        var rates = new SoldRates(new UpstreamOptions { RequestsPerMinute = 120 }, _time);

        rates.Share(0.25);
        Assert.InRange(SentIn(rates, TimeSpan.FromMinutes(10), 100), 299, 303);
        rates.Share(0);
        Assert.InRange(SentIn(rates, TimeSpan.FromMinutes(10), 100), 0, 1);
    }

    [Fact]
    public void Tokens_are_paid_for_as_they_turn_out_to_be()
    {
        var rates = new SoldRates(new UpstreamOptions { TokensPerMinute = 6000 }, _time);

        // 250 tokens a line are 24 lines a minute.
        Assert.InRange(SentIn(rates, TimeSpan.FromMinutes(10), 250), 238, 243);
    }

    [Fact]
    public void An_hour_of_rest_is_no_hour_of_credit()
    {
        var rates = new SoldRates(new UpstreamOptions { RequestsPerMinute = 60 }, _time);
        _time.Advance(TimeSpan.FromHours(1));

        Assert.InRange(SentIn(rates, TimeSpan.FromMinutes(1), 0), 59, 62);
    }

    [Fact]
    public void A_refusal_costs_nothing_and_says_nothing_of_what_others_cost()
    {
        var rates = new SoldRates(new UpstreamOptions { TokensPerMinute = 6000 }, _time);
        Assert.InRange(SentIn(rates, TimeSpan.FromMinutes(10), 250), 238, 243);

        // As many refusals as would have made the lines look free.
        for (var refused = 0; refused < 100; refused++)
        {
            rates.Refused(rates.Sent());
        }

        Assert.InRange(SentIn(rates, TimeSpan.FromMinutes(10), 250), 238, 243);
    }

    [Fact]
    public void What_an_answer_reports_is_paid_off_for_an_hour_at_most()
    {
        var rates = new SoldRates(new UpstreamOptions { TokensPerMinute = 6000 }, _time);
        rates.Answered(rates.Sent(), long.MaxValue);

        Assert.InRange(rates.Next - _time.GetUtcNow(), TimeSpan.FromMinutes(59), TimeSpan.FromMinutes(61));
    }

    [Fact]
    public void A_clock_that_is_set_back_takes_nothing_away()
    {
        var time = new FakeTimeProvider();
        var rates = new SoldRates(new UpstreamOptions { RequestsPerMinute = 60 }, new SetBack(time));
        _ = rates.Sent();

        Assert.InRange(rates.Next - time.GetUtcNow(), TimeSpan.FromHours(-2), TimeSpan.FromSeconds(2));
    }

    private int SentIn(SoldRates rates, TimeSpan span, long tokens)
    {
        var end = _time.GetUtcNow() + span;
        var sent = 0;
        while (_time.GetUtcNow() < end)
        {
            if (rates.Next <= _time.GetUtcNow())
            {
                rates.Answered(rates.Sent(), tokens);
                sent++;
                continue;
            }

            var wait = rates.Next - _time.GetUtcNow();
            _time.Advance(wait < end - _time.GetUtcNow() ? wait : end - _time.GetUtcNow());
        }

        return sent;
    }

    /// <summary>A clock that is set back by an hour after its first reading.</summary>
    private sealed class SetBack(TimeProvider time) : TimeProvider
    {
        private bool _isRead;

        public override DateTimeOffset GetUtcNow()
        {
            var now = time.GetUtcNow();
            now = _isRead ? now.AddHours(-1) : now;
            _isRead = true;
            return now;
        }
    }
}
