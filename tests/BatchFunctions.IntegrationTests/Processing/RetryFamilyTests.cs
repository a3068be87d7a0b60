using BatchFunctions.Batches;
using BatchFunctions.Http;
using BatchFunctions.Ids;
using BatchFunctions.Protocol;
using BatchFunctions.Testing;
using BatchFunctions.Wakeups;

namespace BatchFunctions.IntegrationTests.Processing;

/// <summary>Several retries of one batch, and retries of these: no line is in flight twice, or sent once it has succeeded.</summary>
public sealed class RetryFamilyTests : RetriedTest
{
    [Theory]
    [InlineData(BatchStatus.Cancelled, "batch_cancelled")]
    [InlineData(BatchStatus.Expired, "batch_expired")]
    [InlineData(BatchStatus.Failed, "internal_error")]
    public async Task Of_a_batch_that_was_never_validated_a_second_retry_sends_what_the_first_has_left_over(object status, string code)
    {
        var original = await NeverValidatedAsync((BatchStatus)status, BatchDriver.LinesOf(Lines));
        Driver.StartPump();

        var none = await Driver.WaitForEndAsync((await RetryAsync(original, "429"))!);
        Assert.Equal("nothing_to_retry", Assert.Single(none.Errors).Code);

        Upstream.Answer(call => call.Marker is "m7" or "m8" ? ScriptedAnswer.Error(400) : ScriptedAnswer.Chat(call));
        var first = await Driver.WaitForEndAsync((await RetryAsync(original, code))!);
        Assert.Equal(new RequestCounts(Lines, Lines - 2, 2), first.Counts);

        Upstream.Answer(call => ScriptedAnswer.Chat(call));
        var second = await Driver.WaitForEndAsync((await RetryAsync(original))!);

        Assert.Equal(new RequestCounts(2, 2, 0), second.Counts);
        Assert.Equal(Lines + 2, Upstream.CallsByMarker.Values.Sum());
    }

    [Fact]
    public async Task A_retry_whose_whole_input_was_never_validated_is_sent_without_what_others_have_answered_since()
    {
        var original = await NeverValidatedAsync(BatchStatus.Cancelled, BatchDriver.LinesOf(Lines));
        Driver.Withheld.Add(BatchMessageKind.Validate);
        var first = (await RetryAsync(original))!;
        Assert.False(first.AwaitsInput);
        first = await EndAsync(first, BatchStatus.Cancelled);
        Driver.Withheld.Clear();
        Driver.StartPump();
        await Driver.WaitForEndAsync(first);
        Upstream.Answer(call => call.Marker == "m7" ? ScriptedAnswer.Error(400) : ScriptedAnswer.Chat(call));
        await Driver.WaitForEndAsync((await RetryAsync(original))!);

        var again = await Driver.WaitForEndAsync((await RetryAsync(first))!);

        Assert.Equal(1, again.Counts.Total);
    }

    [Theory]
    [InlineData("no JSON", "invalid_json_line")]
    [InlineData("{\"custom_id\":7}", "invalid_type")]
    [InlineData(null, "line_too_long")]
    public async Task A_fault_in_an_input_that_was_never_validated_is_found_by_every_retry(string? line, string code)
    {
        var faulty = line ?? new string('x', (16 * 1024 * 1024) + 1);
        var original = await NeverValidatedAsync(BatchStatus.Cancelled, BatchDriver.LinesOf(3) + faulty + "\n");
        Driver.StartPump();

        var ended = await Driver.WaitForEndAsync((await RetryAsync(original, "batch_cancelled"))!);

        Assert.Equal((BatchStatus.Failed, code, 4), (ended.Status, ended.Errors[0].Code, ended.Errors[0].Line));
        Assert.True(ended.WasRefused);
        Assert.Empty(Upstream.CallsByMarker);
    }

    [Fact]
    public async Task Of_all_that_come_of_one_batch_one_runs_at_a_time_and_none_sends_what_another_has_answered()
    {
        var original = await EndedAsync(line => line % 3 == 1 ? 400 : null);
        var first = await Driver.WaitForEndAsync((await RetryAsync(original))!);
        Assert.Equal(30, first.Counts.Failed);

        Driver.Withheld.Add(BatchMessageKind.Validate);
        var chained = await RetryAsync(first);
        await RefusedAsync(original, 409, chained!.Id);
        await RefusedAsync(first, 409, $"{chained.Id} is a retry of this batch");
        Upstream.Answer(call => int.Parse(call.Marker[1..], null) % 2 == 0 ? ScriptedAnswer.Error(400) : ScriptedAnswer.Chat(call));
        Driver.Withheld.Clear();
        Assert.Equal(15, (await Driver.WaitForEndAsync(chained)).Counts.Completed);

        Driver.Withheld.Add(BatchMessageKind.Validate);
        var second = await RetryAsync(await Driver.ReadAsync(original));
        await RefusedAsync(await Driver.ReadAsync(first), 409, second!.Id);
        await RefusedAsync(await Driver.ReadAsync(chained), 409, second.Id);
        Upstream.Answer(call => ScriptedAnswer.Chat(call));
        Driver.Withheld.Clear();
        Assert.Equal(new RequestCounts(15, 15, 0), (await Driver.WaitForEndAsync(second)).Counts);

        var nothing = await Driver.WaitForEndAsync((await RetryAsync(await Driver.ReadAsync(first)))!);
        Assert.Equal("nothing_to_retry", Assert.Single(nothing.Errors).Code);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(nameof(ProtocolStep.DeletedBatchRetryMoved))]
    [InlineData(nameof(ProtocolStep.DeletedBatchUnlinked))]
    public async Task A_family_holds_together_when_one_in_its_middle_is_deleted(string? fatal)
    {
        var original = await EndedAsync(line => line % 3 == 1 ? 400 : null);
        var first = await Driver.WaitForEndAsync((await RetryAsync(original))!);
        var chained = await Driver.WaitForEndAsync((await RetryAsync(first))!);
        Driver.Withheld.Add(BatchMessageKind.Sweep);
        Assert.True(await Driver.Get<BatchDeletion>().TryDeleteAsync(first.Key, default));
        if (fatal is not null)
        {
            Steps.CrashAt(Enum.Parse<ProtocolStep>(fatal));
            await Assert.ThrowsAsync<SimulatedCrashException>(() => Driver.RemovalAnHourLater().SettleAsync(first.Key, default));
        }

        await Driver.RemovalAnHourLater().SettleAsync(first.Key, default);
        Assert.Null(await Driver.Batches.FindAnyAsync(first.Key, default));
        Assert.Equal([chained.Id], (await Driver.ReadAsync(original)).Retries);

        Driver.Withheld.Add(BatchMessageKind.Validate);
        var second = await RetryAsync(await Driver.ReadAsync(original));
        await RefusedAsync(await Driver.ReadAsync(chained), 409, second!.Id);
        Upstream.Answer(call => ScriptedAnswer.Chat(call));
        Driver.Withheld.Clear();
        Assert.Equal(new RequestCounts(30, 30, 0), (await Driver.WaitForEndAsync(second)).Counts);

        var nothing = await Driver.WaitForEndAsync((await RetryAsync(await Driver.ReadAsync(chained)))!);
        Assert.Equal("nothing_to_retry", Assert.Single(nothing.Errors).Code);
        Assert.Equal((first.Id, original.Id), ((await Driver.ReadAsync(chained)).RetryOf, (await Driver.ReadAsync(chained)).Above));
    }

    [Fact]
    public async Task Of_two_of_one_family_that_are_named_at_once_at_least_one_is_refused_and_its_name_is_gone()
    {
        var original = await EndedAsync(line => line % 3 == 1 ? 400 : null);
        var first = await Driver.WaitForEndAsync((await RetryAsync(original))!);
        var held = Steps.HoldAt(ProtocolStep.RetryNamed);
        var retrying = RetryAsync(await Driver.ReadAsync(original));
        await held.ReachedAsync();

        // As another would who has looked before the name was there.
        var other = IdKind.Batch.New(DateTimeOffset.UtcNow);
        await NameAsync(first, other);
        held.Release();

        var e = await Assert.ThrowsAsync<ApiException>(() => retrying);
        Assert.Equal(409, e.Error.Status);
        Assert.Contains(other, e.Error.Message, StringComparison.Ordinal);
        Assert.Equal([first.Id], (await Driver.ReadAsync(original)).Retries);
    }

    [Fact]
    public async Task A_retry_that_would_be_named_in_the_place_of_one_with_answers_is_refused()
    {
        var original = await EndedAsync(line => line == 7 ? 400 : null);
        var first = await Driver.WaitForEndAsync((await RetryAsync(original))!);
        var names = new List<string>();
        var output = IdKind.File.New(original.CreatedAt);
        for (var number = 0; number < BatchRetry.MostNamed; number++)
        {
            var id = IdKind.Batch.New(original.CreatedAt.AddSeconds(number));
            names.Add(id);
            await Driver.Batches.TryInsertAsync(first with { Id = id, OutputFileId = number == 3 ? null : output }, default);
        }

        await Driver.Batches.NoteRetriesAsync(original.Key, (_, _) => Task.FromResult<IReadOnlyList<string>>(names), default);

        var made = await RetryAsync(original);

        // The one that has brought nothing has left; now all have.
        names.RemoveAt(3);
        Assert.Equal([.. names, made!.Id], (await Driver.ReadAsync(original)).Retries);
        await Driver.WaitForEndAsync(made);
        var last = IdKind.Batch.New(original.CreatedAt.AddSeconds(BatchRetry.MostNamed));
        await Driver.Batches.NoteRetriesAsync(
            original.Key, (_, _) => Task.FromResult<IReadOnlyList<string>>([.. names, last]), default);
        await Driver.Batches.TryInsertAsync(first with { Id = last, OutputFileId = output }, default);
        await RefusedAsync(original, 409, "retried so often");
    }

    [Fact]
    public async Task A_family_that_is_too_large_to_be_looked_through_is_not_retried()
    {
        var original = await EndedAsync(line => line == 7 ? 400 : null);
        var last = original;
        for (var number = 0; number < BatchFamily.MostMembers; number++)
        {
            var id = IdKind.Batch.New(original.CreatedAt.AddSeconds(number));
            await NameAsync(last, id);
            last = (await Driver.Batches.TryInsertAsync(original with { Id = id, RetryOf = last.Id, Retries = [] }, default))!;
        }

        await RefusedAsync(await Driver.ReadAsync(original), 409, "retried so often");
        await RefusedAsync(last, 409, "retried so often");
    }

    /// <summary>A batch that has ended before its lines were known.</summary>
    private async Task<Batch> NeverValidatedAsync(BatchStatus status, string input) => await EndAsync(await Driver.CreateAsync(input), status);

    private async Task<Batch> EndAsync(Batch batch, BatchStatus status)
    {
        var now = DateTimeOffset.UtcNow;
        if (status == BatchStatus.Failed)
        {
            return (await Driver.Batches.MutateAsync(batch.Key, current => current.Fail([BatchFailures.NotValidated], now), default))!;
        }

        await Driver.Batches.MutateAsync(batch.Key, current => current.Finalize(status, now), default);
        var end = new BatchEnd(status, now, null, null, default, default);
        return (await Driver.Batches.MutateAsync(batch.Key, current => current.End(end), default))!;
    }
}
