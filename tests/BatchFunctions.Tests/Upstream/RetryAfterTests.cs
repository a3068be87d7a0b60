using System.Net;
using BatchFunctions.Upstream;

namespace BatchFunctions.Tests.Upstream;

/// <summary>All forms in which an answer asks for a wait.</summary>
public sealed class RetryAfterTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("Retry-After: 7", 7.0)]
    [InlineData("Retry-After: 1.5", 1.5)]
    [InlineData("Retry-After: Sun, 01 Mar 2026 12:00:09 GMT", 9.0)]
    [InlineData("retry-after-ms: 2500", 2.5)]
    [InlineData("retry-after-ms: 2500; Retry-After: 60", 2.5)]
    [InlineData("x-ratelimit-remaining-requests: 0; x-ratelimit-reset-requests: 12", 12.0)]
    [InlineData("x-ratelimit-remaining-requests: 0; x-ratelimit-reset-requests: 1m30.5s", 90.5)]
    [InlineData("x-ratelimit-remaining-tokens: 0; x-ratelimit-reset-tokens: 17ms", 0.017)]
    [InlineData("x-ratelimit-remaining-tokens: 0; x-ratelimit-reset-tokens: 2h0m1s", 7201.0)]
    [InlineData("x-ratelimit-remaining-tokens: 0; x-ratelimit-reset-tokens: 2026-03-01T12:00:30Z", 30.0)]
    [InlineData("x-ratelimit-remaining-requests: 0; x-ratelimit-reset-requests: 1s; x-ratelimit-remaining-tokens: 0; x-ratelimit-reset-tokens: 6s", 6.0)]
    [InlineData("Retry-After: 5; x-ratelimit-remaining-requests: 0; x-ratelimit-reset-requests: 60s", 5.0)]
    [InlineData("x-ratelimit-remaining-requests: 3; x-ratelimit-reset-requests: 60s", null)]
    [InlineData("x-ratelimit-remaining-requests: 0; x-ratelimit-reset-requests: soon", null)]
    [InlineData("Retry-After: soon", null)]
    [InlineData("Retry-After: -3", null)]
    [InlineData("Retry-After: 0", null)]
    [InlineData("Retry-After: Fri, 31 Dec 1999 23:59:59 GMT", null)]
    [InlineData("", null)]
    public void A_wait_is_read(string headers, double? seconds)
    {
        using var response = new HttpResponseMessage(HttpStatusCode.TooManyRequests);
        foreach (var header in headers.Split("; ", StringSplitOptions.RemoveEmptyEntries))
        {
            var (name, value) = (header[..header.IndexOf(':', StringComparison.Ordinal)], header[(header.IndexOf(':', StringComparison.Ordinal) + 2)..]);
            Assert.True(response.Headers.TryAddWithoutValidation(name, value));
        }

        Assert.Equal(seconds, RetryAfter.Read(response.Headers, Now)?.TotalSeconds);
    }
}
