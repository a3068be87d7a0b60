using System.Text.Json;
using BatchFunctions.Ids;
using BatchFunctions.IntegrationTests.Api;

namespace BatchFunctions.IntegrationTests.Failures;

/// <summary><c>GET /v1/batches/{id}/errors</c> over HTTP: whose it is, and what is no request.</summary>
public sealed class FailureApiTests : IAsyncLifetime
{
    private ApiDriver _api = null!;

    public async Task InitializeAsync() => _api = await ApiDriver.StartAsync(TestStorage.NewStrictAccount());

    public async Task DisposeAsync() => await _api.DisposeAsync();

    [Fact]
    public async Task Another_projects_batch_is_answered_as_one_that_never_was()
    {
        var batch = await _api.AddAsync(DateTimeOffset.UtcNow);
        var never = IdKind.Batch.New(DateTimeOffset.UtcNow);
        using var stranger = await _api.ClientOfAsync($"p-{Guid.NewGuid():N}");

        var own = await _api.GetJsonAsync($"/v1/batches/{batch.Id}/errors");
        var (foreignStatus, foreign) = await GetAsync(stranger, batch.Id);
        var (unknownStatus, unknown) = await GetAsync(stranger, never);

        Assert.Equal((0, true), (own.GetProperty("groups").GetArrayLength(), own.GetProperty("complete").GetBoolean()));
        Assert.Equal((404, 404), (foreignStatus, unknownStatus));
        Assert.Equal(unknown, foreign.Replace(batch.Id, never, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("?offset=-1", 400, "integer_below_min_value")]
    [InlineData("?offset=x", 400, "invalid_type")]
    [InlineData("?offset=1&offset=2", 400, "invalid_type")]
    [InlineData("?offset=9223372036854775807", 200, null)]
    public async Task An_offset_is_a_number_of_lines(string query, int status, string? code)
    {
        var batch = await _api.AddAsync(DateTimeOffset.UtcNow);

        var (answered, text) = await GetAsync(_api.Client, batch.Id, query);

        Assert.Equal(status, answered);
        Assert.Equal(code, code is null ? null : JsonDocument.Parse(text).RootElement.GetProperty("error").GetProperty("code").GetString());
    }

    private static async Task<(int Status, string Text)> GetAsync(HttpClient client, string id, string query = "")
    {
        using var answer = await client.GetAsync(new Uri($"/v1/batches/{id}/errors{query}", UriKind.Relative));
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }
}
