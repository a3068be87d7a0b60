using BatchFunctions.Batches;
using BatchFunctions.Http;
using BatchFunctions.Ids;
using BatchFunctions.IntegrationTests.Api;
using BatchFunctions.Processing;
using BatchFunctions.Protocol;
using BatchFunctions.Wakeups;

namespace BatchFunctions.IntegrationTests.Processing;

/// <summary>
/// Retries whose rows come when their makers have long been given up, since storage may carry out a write late: no line is in flight twice.
/// </summary>
public sealed class LateRetryTests : RetriedTest
{
    [Fact]
    public async Task A_row_that_comes_while_another_retry_is_named_is_seen_behind_the_name()
    {
        var original = await EndedAsync(line => line == 7 ? 400 : null);
        var late = IdKind.Batch.New(DateTimeOffset.UtcNow.AddMinutes(-3));
        await NameAsync(original, late);
        var held = Steps.HoldAt(ProtocolStep.RetryNamed);
        var retrying = RetryAsync(original);
        await held.ReachedAsync();

        await AddRunningAsync(original, late);
        held.Release();

        var e = await Assert.ThrowsAsync<ApiException>(() => retrying);
        Assert.Equal(409, e.Error.Status);
        Assert.Contains(late, e.Error.Message, StringComparison.Ordinal);
        Assert.Equal([late], (await Driver.ReadAsync(original)).Retries);
    }

    [Fact]
    public async Task A_retry_whose_row_comes_when_another_of_its_family_runs_sends_nothing()
    {
        var original = await EndedAsync(line => line % 3 == 1 ? 400 : null);
        var first = await Driver.WaitForEndAsync((await RetryAsync(original))!);
        var sent = Upstream.CallsByMarker.Values.Sum();
        Driver.Withheld.Add(BatchMessageKind.Validate);
        var late = (await RetryAsync(await Driver.ReadAsync(original)))!;

        // As one that has read the family before the row was there.
        var running = IdKind.Batch.New(DateTimeOffset.UtcNow);
        await NameAsync(first, running);
        await AddRunningAsync(first, running);
        Driver.Withheld.Clear();

        var ended = await Driver.WaitForEndAsync(late);
        Assert.Equal((BatchStatus.Failed, "retry_overtaken"), (ended.Status, Assert.Single(ended.Errors).Code));
        Assert.Equal(sent, Upstream.CallsByMarker.Values.Sum());
    }

    [Fact]
    public async Task A_retry_waits_while_another_of_its_family_is_named_that_may_give_way()
    {
        var original = await EndedAsync(line => line % 3 == 1 ? 400 : null);
        var first = await Driver.WaitForEndAsync((await RetryAsync(original))!);
        Driver.Withheld.Add(BatchMessageKind.Validate);
        var made = (await RetryAsync(await Driver.ReadAsync(original)))!;
        await NameAsync(first, IdKind.Batch.New(DateTimeOffset.UtcNow));

        await Driver.Get<BatchValidation>().RunAsync(made.Key, default);

        Assert.Equal(BatchStatus.Validating, (await Driver.ReadAsync(made)).Status);
        await Driver.Batches.NoteRetriesAsync(first.Key, (_, _) => Task.FromResult<IReadOnlyList<string>>([]), default);
        await Driver.Get<BatchValidation>().RunAsync(made.Key, default);
        Assert.Equal(new RequestCounts(30, 0, 30), (await Driver.WaitForEndAsync(made)).Counts);
    }

    private async Task AddRunningAsync(Batch original, string id) => Assert.NotNull(await Driver.Batches.TryInsertAsync(
        ApiDriver.BatchOf(BatchDriver.Tenant, original.CreatedAt) with { Id = id, RetryOf = original.Id }, default));
}
