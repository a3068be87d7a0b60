using Azure.Core;
using BatchFunctions.Configuration;
using BatchFunctions.Testing;
using BatchFunctions.Upstream;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace BatchFunctions.Tests.Upstream;

public sealed class UpstreamTokensTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly RecordedLogs _logs = new();
    private readonly LoggerFactory _loggers;
    private readonly ScriptedCredential _credential = new();
    private readonly UpstreamTokens _tokens;

    public UpstreamTokensTests()
    {
        _loggers = new LoggerFactory([_logs]);
        _tokens = new UpstreamTokens(
            _credential, new UpstreamOptions(), _time, _loggers.CreateLogger<UpstreamTokens>());
    }

    public void Dispose()
    {
        _loggers.Dispose();
        _logs.Dispose();
    }

    [Fact]
    public async Task A_token_is_asked_for_once_for_the_scope_and_by_all_who_wait_together()
    {
        var waiting = Enumerable.Range(0, 50).Select(_ => TakeAsync()).ToArray();
        await _credential.AskedAsync(1);
        Assert.All(waiting, task => Assert.False(task.IsCompleted));
        _credential.Answer(Token("a", lives: TimeSpan.FromHours(1)));

        Assert.All(await Task.WhenAll(waiting), header => Assert.Equal("Bearer a", header));
        Assert.Equal("Bearer a", await TakeAsync());
        Assert.Equal(["https://cognitiveservices.azure.com/.default"], _credential.Asked);
    }

    [Fact]
    public async Task A_token_is_renewed_ahead_of_its_end_while_requests_go_on_with_it()
    {
        await HoldAsync("a", TimeSpan.FromHours(1));
        _time.Advance(TimeSpan.FromHours(1) - UpstreamTokens.RenewedAhead - TimeSpan.FromSeconds(1));
        Assert.Equal("Bearer a", await TakeAsync());
        Assert.Single(_credential.Asked);

        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("Bearer a", await TakeAsync());
        await _credential.AskedAsync(2);
        Assert.Equal("Bearer a", await TakeAsync());
        _credential.Answer(Token("b", TimeSpan.FromHours(1)));

        await SentAsync("b");
        Assert.Equal(2, _credential.Asked.Count);
    }

    [Fact]
    public async Task The_identitys_endpoint_may_say_when_to_renew()
    {
        await HoldAsync("a", TimeSpan.FromHours(24), renewIn: TimeSpan.FromHours(12));
        _time.Advance(TimeSpan.FromHours(12));

        Assert.Equal("Bearer a", await TakeAsync());
        await _credential.AskedAsync(2);
    }

    [Fact]
    public async Task A_renewal_that_fails_is_tried_again_and_the_token_is_sent_to_its_end()
    {
        await HoldAsync("a", TimeSpan.FromHours(1));
        _time.Advance(TimeSpan.FromHours(1) - UpstreamTokens.RenewedAhead);
        Assert.Equal("Bearer a", await TakeAsync());
        await _credential.AskedAsync(2);
        _credential.Fail("It is ill.\nAnd much more.");
        await Eventually.UntilAsync(() => _logs.Records.Any(record => record.Level == LogLevel.Warning), "the failure is told");

        // Not for each line: there is a pause.
        Assert.Equal("Bearer a", await TakeAsync());
        Assert.Equal(2, _credential.Asked.Count);
        _time.Advance(UpstreamTokens.AskedAgainAfter);
        Assert.Equal("Bearer a", await TakeAsync());
        await _credential.AskedAsync(3);
        _credential.Answer(Token("b", TimeSpan.FromHours(1)));
        await SentAsync("b");
    }

    [Fact]
    public async Task A_token_that_has_come_to_its_end_is_not_sent()
    {
        await HoldAsync("a", TimeSpan.FromHours(1));
        _time.Advance(TimeSpan.FromHours(1) - UpstreamTokens.UnusedAhead);

        var waiting = TakeAsync();
        await _credential.AskedAsync(2);
        Assert.False(waiting.IsCompleted);
        _credential.Answer(Token("b", TimeSpan.FromHours(1)));
        Assert.Equal("Bearer b", await waiting);
    }

    [Fact]
    public async Task Without_a_token_the_failure_is_told_on_one_line_and_held_for_a_while()
    {
        var waiting = TakeAsync();
        await _credential.AskedAsync(1);
        _credential.Fail("It is ill.\nAnd much more.");

        for (var tries = 0; tries < 3; tries++)
        {
            var failure = await Assert.ThrowsAsync<HttpRequestException>(() => waiting);
            Assert.Equal(HttpRequestError.UserAuthenticationError, failure.HttpRequestError);
            Assert.Equal("the service's identity gets no token: It is ill.", failure.GetBaseException().Message);
            waiting = TakeAsync();
        }

        Assert.Single(_credential.Asked);
        Assert.Single(_logs.Records, record => record.Level == LogLevel.Warning);
        _time.Advance(UpstreamTokens.AskedAgainAfter);
        waiting = TakeAsync();
        await _credential.AskedAsync(2);
        _credential.Answer(Token("b", TimeSpan.FromHours(1)));
        Assert.Equal("Bearer b", await waiting);
    }

    [Fact]
    public async Task An_endpoint_that_does_not_answer_is_given_up_before_an_attempts_limit()
    {
        var waiting = TakeAsync();
        await _credential.AskedAsync(1);
        _time.Advance(TimeSpan.FromSeconds(10));

        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => waiting);
        Assert.EndsWith("its endpoint has not answered for 10 s", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_goes_away_takes_no_token_from_those_who_stay()
    {
        using var leaving = new CancellationTokenSource();
        var gone = TakeAsync(leaving.Token);
        await _credential.AskedAsync(1);
        var staying = TakeAsync();
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        _credential.Answer(Token("a", TimeSpan.FromHours(1)));

        Assert.Equal("Bearer a", await staying);
        Assert.Single(_credential.Asked);
    }

    private async Task HoldAsync(string token, TimeSpan lives, TimeSpan? renewIn = null)
    {
        var waiting = TakeAsync();
        await _credential.AskedAsync(1);
        _credential.Answer(Token(token, lives, renewIn));
        Assert.Equal($"Bearer {token}", await waiting);
    }

    private Task SentAsync(string token) => Eventually.UntilAsync(
        async () => await TakeAsync() == $"Bearer {token}", TimeSpan.FromSeconds(30), "the renewed token is sent");

    private AccessToken Token(string token, TimeSpan lives, TimeSpan? renewIn = null) =>
        new(token, _time.GetUtcNow() + lives, _time.GetUtcNow() + renewIn);

    private async Task<string> TakeAsync(CancellationToken ct = default) => (await _tokens.GetAsync(ct)).ToString();

    /// <summary>Answers when it is told to.</summary>
    private sealed class ScriptedCredential : TokenCredential
    {
        private readonly Lock _lock = new();
        private readonly List<string> _asked = [];
        private TaskCompletionSource<AccessToken> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public IReadOnlyList<string> Asked
        {
            get
            {
                lock (_lock)
                {
                    return [.. _asked];
                }
            }
        }

        public Task AskedAsync(int times) => Eventually.UntilAsync(() => Asked.Count == times, $"a token was asked for {times} times");

        public void Answer(AccessToken token) => Next().SetResult(token);

        public void Fail(string message) => Next().SetException(new InvalidOperationException(message));

        public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public override async ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken)
        {
            Task<AccessToken> answer;
            lock (_lock)
            {
                answer = _answer.Task;
                _asked.AddRange(requestContext.Scopes);
            }

            return await answer.WaitAsync(cancellationToken);
        }

        private TaskCompletionSource<AccessToken> Next()
        {
            lock (_lock)
            {
                var answered = _answer;
                _answer = new TaskCompletionSource<AccessToken>(TaskCreationOptions.RunContinuationsAsynchronously);
                return answered;
            }
        }
    }
}
