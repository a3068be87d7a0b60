using System.IO.Pipelines;
using BatchFunctions.Http;
using Microsoft.Extensions.Time.Testing;

namespace BatchFunctions.Tests.Http;

/// <summary>Which bodies are cut for coming too slowly, by a clock that the test moves.</summary>
public sealed class PacedBodyTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly Pipe _pipe = new();
    private readonly PacedBody _body;
    private readonly byte[] _buffer = new byte[1_000_000];

    public PacedBodyTests() => _body = new PacedBody(_pipe.Reader.AsStream(), _time);

    [Fact]
    public async Task One_that_does_not_begin_is_cut_after_the_allowance()
    {
        var reading = ReadAsync();
        _time.Advance(PacedBody.Allowance - TimeSpan.FromSeconds(1));
        Assert.False(reading.IsCompleted);

        _time.Advance(TimeSpan.FromSeconds(1));

        await AssertCutAsync(reading);
    }

    [Fact]
    public async Task One_that_comes_at_the_least_rate_is_never_cut()
    {
        for (var second = 0; second < 300; second++)
        {
            await ComeAfterAsync(TimeSpan.FromSeconds(1), PacedBody.MinRate);
        }
    }

    [Fact]
    public async Task One_at_half_the_rate_is_cut_before_twice_the_allowance_has_passed()
    {
        for (var second = 0; second < 38; second++)
        {
            await ComeAfterAsync(TimeSpan.FromSeconds(1), PacedBody.MinRate / 2);
        }

        var reading = ReadAsync();
        _time.Advance(TimeSpan.FromSeconds(1));

        await AssertCutAsync(reading);
    }

    [Fact]
    public async Task A_fast_start_buys_no_long_stall()
    {
        await ComeAfterAsync(TimeSpan.Zero, 1_000_000);

        var reading = ReadAsync();
        _time.Advance(PacedBody.Allowance);

        await AssertCutAsync(reading);
    }

    [Fact]
    public async Task Time_between_reads_is_not_the_clients()
    {
        await ComeAfterAsync(TimeSpan.FromSeconds(19), 1);
        _time.Advance(TimeSpan.FromHours(1));

        await ComeAfterAsync(TimeSpan.Zero, 1);
    }

    [Fact]
    public async Task A_stall_is_made_up_for_by_what_comes_after_it()
    {
        await ComeAfterAsync(TimeSpan.FromSeconds(19), 60_000);

        await ComeAfterAsync(TimeSpan.FromSeconds(19), 1);
    }

    [Fact]
    public async Task Who_leaves_is_not_told_of_the_rate()
    {
        using var leaving = new CancellationTokenSource();
        var reading = _body.ReadAsync(new byte[1], leaving.Token).AsTask();
        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
    }

    private Task<int> ReadAsync() => _body.ReadAsync(_buffer).AsTask();

    private async Task ComeAfterAsync(TimeSpan wait, int bytes)
    {
        var reading = ReadAsync();
        _time.Advance(wait);
        await _pipe.Writer.WriteAsync(new byte[bytes]);
        Assert.Equal(bytes, await reading);
    }

    private static async Task AssertCutAsync(Task<int> reading)
    {
        var error = await Assert.ThrowsAsync<ApiException>(() => reading);
        Assert.Equal((408, "request_timeout"), (error.Error.Status, error.Error.Code));
    }
}
