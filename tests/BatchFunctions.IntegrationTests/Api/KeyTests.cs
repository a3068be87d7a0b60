using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Azure.Data.Tables;
using BatchFunctions.IntegrationTests.Clients;
using BatchFunctions.Keys;
using BatchFunctions.Storage;
using BatchFunctions.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace BatchFunctions.IntegrationTests.Api;

/// <summary>Keys from their making to their end, and what nobody gets to read.</summary>
public sealed class KeyTests
{
    private const string Prompt = "the-secret-of-a-prompt";
    private const string UpstreamKey = "the-secret-of-the-upstream";

    [Fact]
    public async Task A_revoked_key_is_refused_within_a_minute()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var api = await ApiDriver.StartAsync(
            TestStorage.NewStrictAccount(), configure: services => services.AddSingleton<TimeProvider>(time));
        var key = await api.Get<ApiKeyStore>().CreateAsync("local", "test", CancellationToken.None);
        using var client = api.ClientWith(key.Key);
        async Task<HttpStatusCode> AskAsync()
        {
            using var response = await client.GetAsync(new Uri("/v1/batches", UriKind.Relative));
            return response.StatusCode;
        }

        Assert.Equal(HttpStatusCode.OK, await AskAsync());
        Assert.True(await api.Get<ApiKeyStore>().RevokeAsync(key.Record.Id, CancellationToken.None));
        time.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal(HttpStatusCode.OK, await AskAsync());
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_key_that_expires_is_refused_from_that_moment_on_by_who_has_just_read_it_too(bool wasUsed)
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var api = await ApiDriver.StartAsync(
            TestStorage.NewStrictAccount(), configure: services => services.AddSingleton<TimeProvider>(time));
        var key = await api.Get<ApiKeyStore>().CreateAsync("local", "test", TimeSpan.FromDays(90), CancellationToken.None);
        using var client = api.ClientWith(key.Key);
        async Task<(HttpStatusCode Status, string Body)> AskAsync()
        {
            using var response = await client.GetAsync(new Uri("/v1/batches", UriKind.Relative));
            return (response.StatusCode, await response.Content.ReadAsStringAsync());
        }

        time.Advance(TimeSpan.FromDays(90) - TimeSpan.FromSeconds(1));
        if (wasUsed)
        {
            Assert.Equal(HttpStatusCode.OK, (await AskAsync()).Status);
        }

        time.Advance(TimeSpan.FromSeconds(1));

        var (status, body) = await AskAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, status);
        Assert.Contains("\"expired_api_key\"", body, StringComparison.Ordinal);
        Assert.True(await api.Get<ApiKeyStore>().RevokeAsync(key.Record.Id, CancellationToken.None));
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Contains("\"invalid_api_key\"", (await AskAsync()).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_worker_that_knows_no_expiry_refuses_the_row_of_a_key_that_has_one()
    {
        await using var api = await ApiDriver.StartAsync(TestStorage.NewStrictAccount());
        await api.Get<ApiKeyStore>().CreateAsync("local", "for a while", TimeSpan.FromDays(1), CancellationToken.None);
        var keys = api.Get<StorageClients>().Tables.GetTableClient(TableNames.ApiKeys);

        await foreach (var row in keys.QueryAsync<TableEntity>())
        {
            Assert.Equal(row.GetString("Name") == "for a while", NewerRowException.IsNewer(row, known: 1));
        }
    }

    [Fact]
    public async Task No_log_and_no_refusal_has_a_key_or_a_prompt()
    {
        var calls = 0;
        await using var upstream = await new ScriptedUpstream()
            .Answer(call => Interlocked.Increment(ref calls) switch
            {
                1 => ScriptedAnswer.Error(401, $"Wrong key {UpstreamKey}"),
                2 => ScriptedAnswer.ConnectionReset(),
                3 => ScriptedAnswer.Text($"<html>{Prompt}</html>"),
                4 => ScriptedAnswer.Error(500, Prompt),
                _ => ScriptedAnswer.Chat(call),
            })
            .StartAsync();
        using var logs = new CapturedLogs();
        await using var service = await ServiceDriver.StartAsync(
            new Dictionary<string, string?>
            {
                ["Batch:Upstream:BaseUrl"] = upstream.Address.ToString(),
                ["Batch:Upstream:ApiKey"] = UpstreamKey,
                ["Batch:Upstream:RetryDelay"] = "00:00:00.010",
            },
            services => services.AddLogging(logging => logging.AddProvider(logs)
                // Everything that the service and its libraries can say; of ASP.NET Core what the host's settings let through.
                .AddFilter<CapturedLogs>(null, LogLevel.Trace)
                .AddFilter<CapturedLogs>("Microsoft.AspNetCore", LogLevel.Warning)));
        var answers = new StringBuilder();
        using var client = new HttpClient { BaseAddress = service.Endpoint };
        foreach (var (header, query) in new[]
        {
            (null, $"?api_key={service.Key}"),
            ("Basic " + service.Key, ""),
            (service.Key, ""),
            ("Bearer " + service.Key + "x", $"?after={service.Key}"),
            ("Bearer " + service.Key, $"?after={service.Key}"),
        })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/batches" + query);
            if (header is not null)
            {
                request.Headers.TryAddWithoutValidation("Authorization", header);
            }

            using var response = await client.SendAsync(request);
            Assert.False(response.IsSuccessStatusCode);
            answers.Append(response.Headers).Append(await response.Content.ReadAsStringAsync());
        }

        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", service.Key);
        await BatchRun.ToEndAsync(client, string.Concat(Enumerable.Range(0, 8).Select(line =>
            $$$"""{"custom_id":"{{{line}}}","method":"POST","url":"/v1/chat/completions","body":{"model":"m","messages":[{"role":"user","content":"{{{Prompt}}}"}]}}""" + "\n")));

        Assert.True(upstream.Calls.Count > 8);
        Assert.NotEmpty(logs.Lines);
        foreach (var secret in new[] { service.Key, UpstreamKey, Prompt })
        {
            Assert.All(logs.Lines, line => Assert.DoesNotContain(secret, line, StringComparison.Ordinal));
        }

        Assert.DoesNotContain(UpstreamKey, answers.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(service.Key, answers.ToString(), StringComparison.Ordinal);
    }

    /// <summary>Keeps every log record: its text, its fields, its scopes and its exception.</summary>
    private sealed class CapturedLogs : ILoggerProvider, ISupportExternalScope
    {
        private IExternalScopeProvider _scopes = new LoggerExternalScopeProvider();

        public ConcurrentQueue<string> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName) => new CapturedLog(this, categoryName);

        public void SetScopeProvider(IExternalScopeProvider scopeProvider) => _scopes = scopeProvider;

        public void Dispose()
        {
        }

        private sealed class CapturedLog(CapturedLogs logs, string category) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull => logs._scopes.Push(state);

            public bool IsEnabled(LogLevel logLevel) => true;

            public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            {
                var line = new StringBuilder($"{category} {logLevel} {formatter(state, exception)} {exception}");
                if (state is IEnumerable<KeyValuePair<string, object?>> fields)
                {
                    line.AppendJoin(' ', fields.Select(field => $"{field.Key}={field.Value}"));
                }

                logs._scopes.ForEachScope((scope, text) => text.Append(' ').Append(scope), line);
                logs.Lines.Enqueue(line.ToString());
            }
        }
    }
}
