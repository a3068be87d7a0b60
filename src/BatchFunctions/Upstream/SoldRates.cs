using BatchFunctions.Configuration;

namespace BatchFunctions.Upstream;

/// <summary>
/// Requests and tokens a minute, where the upstream is sold by them. What a line costs in tokens is known when it is answered: until
/// then it counts as the last ones did. Under the gate's lock; it has none of its own.
/// </summary>
internal sealed class SoldRates
{
    /// <summary>How much of the expectation each answer makes up.</summary>
    private const double Newest = 0.1;

    private readonly RateBudget? _requests;
    private readonly RateBudget? _tokens;
    private double _expected;

    public SoldRates(UpstreamOptions options, TimeProvider time)
    {
        _requests = options.RequestsPerMinute is { } requests ? new RateBudget(requests, time) : null;
        _tokens = options.TokensPerMinute is { } tokens ? new RateBudget(tokens, time) : null;
    }

    /// <summary>When the next line may be sent.</summary>
    public DateTimeOffset Next
    {
        get
        {
            var (requests, tokens) = (_requests?.Next ?? default, _tokens?.Next ?? default);
            return requests > tokens ? requests : tokens;
        }
    }

    /// <summary>Takes over this process's part, from 0 to 1.</summary>
    public void Share(double part)
    {
        _requests?.Part = part;
        _tokens?.Part = part;
    }

    /// <summary>A line is sent.</summary>
    /// <returns>The tokens that it is taken to cost.</returns>
    public double Sent()
    {
        _requests?.Take(1);
        _tokens?.Take(_expected);
        return _expected;
    }

    /// <summary>A line is refused: it has cost nothing, and says nothing of what others cost.</summary>
    /// <param name="expected">What it was taken to cost.</param>
    public void Refused(double expected) => _tokens?.Take(-expected);

    /// <summary>A line is back.</summary>
    /// <param name="expected">What it was taken to cost.</param>
    /// <param name="tokens">What it has cost; null where that was not told.</param>
    public void Answered(double expected, long? tokens)
    {
        if (tokens is { } known)
        {
            _tokens?.Take(known - expected);
            _expected = _expected == 0 ? known : _expected + (Newest * (known - _expected));
        }
    }
}
