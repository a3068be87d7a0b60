using System.Net.Http.Headers;
using Azure.Core;
using BatchFunctions.Configuration;
using Microsoft.Extensions.Logging;

namespace BatchFunctions.Upstream;

/// <summary>
/// The token that requests to the upstream are signed in with: asked for once, kept, and renewed before it runs out while
/// requests go on with the one that is there. One renewal is under way at a time, whoever waits for it.
/// </summary>
internal sealed partial class UpstreamTokens(
    TokenCredential credential, UpstreamOptions options, TimeProvider time, ILogger<UpstreamTokens> logger)
{
    /// <summary>How long before its end a token is renewed, where the identity's endpoint does not say when.</summary>
    public static readonly TimeSpan RenewedAhead = TimeSpan.FromMinutes(5);

    /// <summary>How long before its end a token is no longer sent: it has to last for its way.</summary>
    public static readonly TimeSpan UnusedAhead = TimeSpan.FromSeconds(30);

    /// <summary>How long nothing is asked after a failure, or after an answer that was the token that is there.</summary>
    public static readonly TimeSpan AskedAgainAfter = TimeSpan.FromSeconds(10);

    // Less than an attempt's limit, so that a line that waits for a token is not taken for slow.
    private static readonly TimeSpan LongestAsk = TimeSpan.FromSeconds(10);

    private readonly TokenRequestContext _request = new([options.CredentialScope]);
    private readonly TimeSpan _limit = Shorter(LongestAsk, options.Timeout / 2);
    private readonly Lock _lock = new();
    private Held? _held;
    private Task? _renewal;
    private HttpRequestException? _failure;
    private DateTimeOffset _nextAsk;

    /// <summary>The header's value that a request is signed in with.</summary>
    /// <exception cref="HttpRequestException">There is no token to be had (<see cref="HttpRequestError.UserAuthenticationError"/>).</exception>
    public async ValueTask<AuthenticationHeaderValue> GetAsync(CancellationToken ct)
    {
        if (!TryTake(out var header, out var renewal))
        {
            await renewal.WaitAsync(ct);
            if (!TryTake(out header, out _))
            {
                throw FailureNow();
            }
        }

        return header!;
    }

    /// <summary>Takes the token that is there, and begins a renewal where one is due.</summary>
    private bool TryTake(out AuthenticationHeaderValue? header, out Task renewal)
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            header = _held is { } held && now < held.UsableUntil ? held.Header : null;
            if (_renewal is null && now >= _nextAsk && (header is null || now >= _held!.RenewAt))
            {
                // Whoever asks may go away; whoever waits beside them must not suffer for it.
                _renewal = Task.Run(RenewAsync, CancellationToken.None);
            }

            renewal = _renewal ?? Task.CompletedTask;
            return header is not null;
        }
    }

    private async Task RenewAsync()
    {
        try
        {
            using var limit = new CancellationTokenSource(_limit, time);
            var token = await credential.GetTokenAsync(_request, limit.Token);
            Keep(token);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            NoteFailure(e);
        }
        finally
        {
            // Also where memory has run out: whoever asks next asks anew.
            lock (_lock)
            {
                _renewal = null;
            }
        }
    }

    private void Keep(AccessToken token)
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            _held = new Held(
                new AuthenticationHeaderValue("Bearer", token.Token),
                token.RefreshOn ?? token.ExpiresOn - RenewedAhead,
                token.ExpiresOn - UnusedAhead);
            _failure = now < _held.UsableUntil ? null : NoToken("what it was given has expired");
            _nextAsk = now + AskedAgainAfter;
        }

        Log.Renewed(logger, token.ExpiresOn);
    }

    private void NoteFailure(Exception e)
    {
        // The credential's own messages go over several lines, and name no secrets.
        var reason = e is OperationCanceledException
            ? $"its endpoint has not answered for {_limit.TotalSeconds:0.#} s"
            : e.Message.Split('\n', 2)[0].TrimEnd();
        lock (_lock)
        {
            _failure = NoToken(reason);
            _nextAsk = time.GetUtcNow() + AskedAgainAfter;
        }

        Log.NotRenewed(logger, reason);
    }

    private HttpRequestException FailureNow()
    {
        lock (_lock)
        {
            return _failure ?? NoToken("it has expired");
        }
    }

    // Without its cause, whose text would be told in the place of this one.
    private static HttpRequestException NoToken(string reason) =>
        new(HttpRequestError.UserAuthenticationError, $"the service's identity gets no token: {reason}");

    private static TimeSpan Shorter(TimeSpan left, TimeSpan right) => left < right ? left : right;

    private sealed record Held(AuthenticationHeaderValue Header, DateTimeOffset RenewAt, DateTimeOffset UsableUntil);

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Debug, "The token for the upstream has been renewed; it ends at {ExpiresOn}.")]
        public static partial void Renewed(ILogger logger, DateTimeOffset expiresOn);

        [LoggerMessage(
            LogLevel.Warning,
            "The service's identity gets no token for the upstream ({Reason}): check Batch__Upstream__Credential, __ClientId and __CredentialScope, and that the identity is assigned. It is asked for again.")]
        public static partial void NotRenewed(ILogger logger, string reason);
    }
}
