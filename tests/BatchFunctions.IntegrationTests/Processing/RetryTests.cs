using Azure.Storage.Blobs.Models;
using BatchFunctions.Batches;
using BatchFunctions.Files;
using BatchFunctions.Http;
using BatchFunctions.Ids;
using BatchFunctions.Processing;
using BatchFunctions.Protocol;
using BatchFunctions.Testing;
using BatchFunctions.Wakeups;

namespace BatchFunctions.IntegrationTests.Processing;

/// <summary>Batches of what is left over of others.</summary>
public sealed class RetryTests : RetriedTest
{
    [Fact]
    public async Task What_failed_is_sent_once_more_and_nothing_else()
    {
        var original = await EndedAsync(line => line % 3 == 1 ? 400 : null);
        Upstream.Answer(call => ScriptedAnswer.Chat(call));

        var made = await RetryAsync(original);
        var ended = await Driver.WaitForEndAsync(made!);

        Assert.Equal((BatchStatus.Completed, new RequestCounts(30, 30, 0)), (ended.Status, ended.Counts));
        var output = await Driver.ReadResultsAsync(ended.OutputFileId);
        Assert.Equal(
            Enumerable.Range(0, Lines).Where(line => line % 3 == 1).Select(line => $"line-{line}").Order(),
            output.Select(line => line.GetProperty("custom_id").GetString()).Order());
        Assert.All(Upstream.CallsByMarker, calls => Assert.Equal(int.Parse(calls.Key[1..], null) % 3 == 1 ? 2 : 1, calls.Value));
        Assert.Equal(original.Id, ended.RetryOf);
        Assert.Equal([ended.Id], (await Driver.ReadAsync(original)).Retries);
        var input = await Driver.Get<FileStore>().FindAsync(BatchDriver.Tenant, ended.InputFileId, default);
        Assert.Equal((FilePurposes.Batch, 30L, ended.InputBytes), (input!.Purpose, input.Lines, input.Bytes));
        Assert.Empty(Driver.Faults);
    }

    [Fact]
    public async Task Codes_and_statuses_narrow_what_is_sent_and_what_succeeded_in_one_retry_is_not_sent_by_the_next()
    {
        var original = await EndedAsync(line => (line % 10) switch { 1 => 400, 2 => 422, 3 => 404, _ => null });
        Upstream.Answer(call => int.Parse(call.Marker[1..], null) == 32 ? ScriptedAnswer.Error(422) : ScriptedAnswer.Chat(call));

        var first = await Driver.WaitForEndAsync((await RetryAsync(original, "422", "404"))!);
        Assert.Equal(new RequestCounts(18, 17, 1), first.Counts);

        // A chain: the one line that the retry has left over.
        Upstream.Answer(call => ScriptedAnswer.Chat(call));
        var second = await Driver.WaitForEndAsync((await RetryAsync(first))!);
        Assert.Equal((first.Id, new RequestCounts(1, 1, 0)), (second.RetryOf, second.Counts));

        var rest = await Driver.WaitForEndAsync((await RetryAsync(await Driver.ReadAsync(original)))!);
        Assert.Equal(new RequestCounts(9, 9, 0), rest.Counts);
        Assert.Equal([first.Id, rest.Id], (await Driver.ReadAsync(original)).Retries);

        // Now everything has an answer.
        var nothing = await Driver.WaitForEndAsync((await RetryAsync(await Driver.ReadAsync(original)))!);
        Assert.Equal((BatchStatus.Failed, "nothing_to_retry"), (nothing.Status, Assert.Single(nothing.Errors).Code));
        Assert.All(Upstream.CallsByMarker, calls => Assert.InRange(calls.Value, 1, 3));
        Assert.Equal(3, Upstream.CallsByMarker["m32"]);
        Assert.Equal(27 + 1, Upstream.CallsByMarker.Values.Sum() - Lines);
    }

    [Fact]
    public async Task Lines_that_a_cancel_left_are_sent_and_those_that_were_answered_are_not()
    {
        Upstream.Answer(call => int.Parse(call.Marker[1..], null) < 40
            ? ScriptedAnswer.Chat(call)
            : ScriptedAnswer.Chat(call).After(TimeSpan.FromMinutes(5)));
        var batch = await Driver.CreateAsync(Lines);
        Driver.StartPump();
        await Driver.WaitForAsync(batch, seen => seen.Counts.Completed >= 40, "forty lines are answered");
        await Driver.Get<BatchCancellation>().CancelAsync(batch.Key, default);
        var cancelled = await Driver.WaitForEndAsync(batch);
        Upstream.Answer(call => ScriptedAnswer.Chat(call));

        var ended = await Driver.WaitForEndAsync((await RetryAsync(cancelled, "batch_cancelled"))!);

        Assert.Equal(new RequestCounts(50, 50, 0), ended.Counts);
        Assert.All(
            await Driver.ReadResultsAsync(ended.OutputFileId),
            line => Assert.InRange(int.Parse(line.GetProperty("custom_id").GetString()![5..], null), 40, Lines - 1));
    }

    [Fact]
    public async Task Lines_that_neither_file_of_a_failed_batch_names_are_sent()
    {
        Upstream.Answer(call => ScriptedAnswer.Chat(call));
        var batch = await Driver.CreateAsync(Lines);
        await Driver.Get<BatchValidation>().RunAsync(batch.Key, default);
        await Driver.Get<ChunkWork>().RunAsync(batch.Key, 1, default);
        await Driver.Get<BatchFinish>().GiveUpAsync(batch.Key, BatchFailures.NotClosed, default);
        var failed = await Driver.ReadAsync(batch);
        Assert.Equal((BatchStatus.Failed, 40), (failed.Status, failed.Counts.Completed));
        Assert.Null(failed.ErrorFileId);

        var made = await RetryAsync(failed);
        var ended = await Driver.RunToEndAsync(made!);

        Assert.Equal(new RequestCounts(50, 50, 0), ended.Counts);
        Assert.All(Upstream.CallsByMarker, calls => Assert.Equal(1, calls.Value));
    }

    [Fact]
    public async Task A_batch_that_was_cancelled_before_its_lines_were_known_is_sent_from_its_own_input()
    {
        var batch = await Driver.CreateAsync(Lines);
        await Driver.Get<BatchCancellation>().CancelAsync(batch.Key, default);
        var cancelled = await Driver.RunToEndAsync(batch);
        Assert.Equal(0, cancelled.Counts.Total);

        var ended = await Driver.WaitForEndAsync((await RetryAsync(cancelled))!);

        Assert.Equal((batch.InputFileId, Lines), (ended.InputFileId, ended.Counts.Completed));
        Assert.Equal(batch.Id, ended.RetryOf);
    }

    [Fact]
    public async Task What_cannot_be_retried_is_refused_and_leaves_nothing()
    {
        await RefusedAsync(await Driver.CreateAsync(Lines), 409, "has not ended");
        Driver.StartPump();
        await Driver.WaitForEndAsync((await Driver.Batches.ListAsync(BatchDriver.Tenant, null, 1, default)).Batches[0]);
        await RefusedAsync(await EndedAsync(_ => null), 409, "all of its lines have succeeded");
        await RefusedAsync(await Driver.WaitForEndAsync(await Driver.CreateAsync("no JSON\n")), 409, "found invalid");

        var original = await EndedAsync(line => line == 7 ? 400 : null);
        Assert.True(await Driver.Get<FileDeletion>().TryDeleteAsync(BatchDriver.Tenant, original.ErrorFileId!, default));
        await RefusedAsync(original, 400, "error file");
        Assert.Null(await Driver.Get<BatchRetry>().TryRetryAsync(
            new BatchKey("another", original.Id), new RetryRequest([], null, null, null), default));
    }

    [Fact]
    public async Task Of_two_that_are_asked_for_at_once_one_is_made()
    {
        var original = await EndedAsync(line => line % 2 == 0 ? 400 : null);
        var tries = await Task.WhenAll(Enumerable.Range(0, 6).Select(async _ =>
        {
            try
            {
                return await RetryAsync(original);
            }
            catch (ApiException e)
            {
                Assert.Equal(409, e.Error.Status);
                return null;
            }
        }));

        var made = Assert.Single(tries, batch => batch is not null);
        Assert.Equal([made!.Id], (await Driver.ReadAsync(original)).Retries);
        await Driver.WaitForEndAsync(made);
    }

    [Fact]
    public async Task A_name_that_a_crash_left_without_a_batch_is_taken_out_by_the_next_retry()
    {
        var original = await EndedAsync(line => line == 7 ? 400 : null);
        var young = IdKind.Batch.New(DateTimeOffset.UtcNow);
        await NameAsync(original, young);
        await RefusedAsync(original, 409, young);

        await NameAsync(original, IdKind.Batch.New(DateTimeOffset.UtcNow.AddMinutes(-3)));
        var made = await RetryAsync(original);

        Assert.Equal([made!.Id], (await Driver.ReadAsync(original)).Retries);
    }

    [Fact]
    public async Task A_retry_that_another_has_taken_the_place_of_sends_nothing()
    {
        var original = await EndedAsync(line => line == 7 ? 400 : null);
        Driver.Withheld.Add(BatchMessageKind.Validate);
        var made = await RetryAsync(original);
        await NameAsync(original, IdKind.Batch.New(DateTimeOffset.UtcNow));
        Driver.Withheld.Clear();

        var ended = await Driver.WaitForEndAsync(made!);

        Assert.Equal((BatchStatus.Failed, "retry_overtaken"), (ended.Status, Assert.Single(ended.Errors).Code));
        Assert.Equal(1, Upstream.CallsByMarker["m7"]);
    }

    [Fact]
    public async Task What_a_retry_is_made_of_is_kept_for_it_though_it_is_deleted_and_goes_when_it_has_ended()
    {
        var original = await EndedAsync(line => line == 7 ? 400 : null);
        Upstream.Answer(call => ScriptedAnswer.Chat(call));
        Driver.Withheld.Add(BatchMessageKind.Validate);
        var made = await RetryAsync(original);
        var sources = new List<StoredFile>();
        foreach (var id in new[] { original.InputFileId, original.ErrorFileId! })
        {
            sources.Add((await Driver.Get<FileStore>().FindAsync(BatchDriver.Tenant, id, default))!);
            Assert.True(await Driver.Get<FileDeletion>().TryDeleteAsync(BatchDriver.Tenant, id, default));
            Assert.NotEmpty(await ThereAsync(sources[^1]));
        }

        await RefusedAsync(original, 400, "has been deleted or has expired");
        Driver.Withheld.Clear();
        var ended = await Driver.WaitForEndAsync(made!);

        Assert.Equal(new RequestCounts(1, 1, 0), ended.Counts);
        await Eventually.UntilAsync(
            async () => (await ThereAsync(sources[0])).Count + (await ThereAsync(sources[1])).Count == 0, TimeSpan.FromMinutes(1), "the contents are gone");
    }

    [Fact]
    public async Task A_batch_whose_input_is_deleted_as_soon_as_it_is_made_runs_to_its_end_and_is_not_retried()
    {
        Upstream.Answer(call => call.Marker == "m7" ? ScriptedAnswer.Error(400) : ScriptedAnswer.Chat(call));
        var batch = await Driver.CreateAsync(Lines);
        var input = (await Driver.Get<FileStore>().FindAsync(BatchDriver.Tenant, batch.InputFileId, default))!;
        Assert.True(await Driver.Get<FileDeletion>().TryDeleteAsync(BatchDriver.Tenant, batch.InputFileId, default));

        var ended = await Driver.RunToEndAsync(batch);

        Assert.Equal((BatchStatus.Completed, new RequestCounts(Lines, Lines - 1, 1)), (ended.Status, ended.Counts));
        await Driver.AssertPromiseAsync(ended, Lines);
        await Eventually.UntilAsync(async () => (await ThereAsync(input)).Count == 0, TimeSpan.FromMinutes(1), "the input is gone");
        await RefusedAsync(ended, 400, "has been deleted or has expired");
    }

    [Theory]
    [InlineData(nameof(ProtocolStep.RetryInputStaged))]
    [InlineData(nameof(ProtocolStep.RetryInputCommitted))]
    [InlineData(nameof(ProtocolStep.RetryInputWritten))]
    public async Task A_message_that_is_lost_while_the_input_is_made_is_made_up_for(string step)
    {
        var original = await EndedAsync(line => line % 3 == 1 ? 400 : null);
        Upstream.Answer(call => ScriptedAnswer.Chat(call));
        Driver.LosesMessages = true;
        Steps.CrashAt(Enum.Parse<ProtocolStep>(step));

        var ended = await Driver.WaitForEndAsync((await RetryAsync(original))!);

        Assert.True(Steps.Reached.ContainsKey(Enum.Parse<ProtocolStep>(step)));
        Assert.Equal(new RequestCounts(30, 30, 0), ended.Counts);
    }

    /// <summary>Chunks may have been cut of the one that stands, and point into it.</summary>
    [Fact]
    public async Task An_input_that_another_worker_has_made_meanwhile_is_not_replaced()
    {
        var original = await EndedAsync(line => line % 3 == 1 ? 400 : null);
        Upstream.Answer(call => ScriptedAnswer.Chat(call));
        var held = Steps.HoldAt(ProtocolStep.RetryInputStaged);
        var made = (await RetryAsync(original))!;
        await held.ReachedAsync();
        var lines = (await Driver.ReadResultsAsync(original.InputFileId)).Take(2).Select(line => line.GetRawText() + "\n");
        await Driver.Storage.Blobs.GetBlobContainerClient(made.InputBlob.Container).GetBlobClient(made.InputBlob.Name)
            .UploadAsync(BinaryData.FromString(string.Concat(lines)));
        held.Release();

        var ended = await Driver.WaitForEndAsync(made);

        Assert.Equal(new RequestCounts(2, 2, 0), ended.Counts);
        Assert.Equal(2, (await Driver.Get<FileStore>().FindAsync(BatchDriver.Tenant, ended.InputFileId, default))!.Lines);
    }

    [Fact]
    public async Task Of_two_inputs_that_are_made_side_by_side_of_different_lines_one_stands_as_it_was_made()
    {
        var original = await EndedAsync(line => line % 3 == 1 ? 400 : null);
        Upstream.Answer(call => int.Parse(call.Marker[1..], null) % 2 == 0 ? ScriptedAnswer.Chat(call) : ScriptedAnswer.Error(400));
        var first = await Driver.WaitForEndAsync((await RetryAsync(original))!);
        Assert.Equal(15, first.Counts.Completed);
        Driver.Withheld.Add(BatchMessageKind.Validate);
        var made = (await RetryAsync(await Driver.ReadAsync(original)))!;
        var inputs = Driver.Get<RetryInput>();
        var pulse = new ValidationPulse(Driver.Batches, made.Key, TimeSpan.FromMinutes(5), TimeProvider.System);
        var fewer = Steps.HoldAt(ProtocolStep.RetryInputStaged);
        var makingFewer = inputs.PrepareAsync(made, pulse, default);
        await fewer.ReachedAsync();

        // What is gone excludes nothing.
        Assert.True(await Driver.Get<FileDeletion>().TryDeleteAsync(BatchDriver.Tenant, first.OutputFileId!, default));
        var more = Steps.HoldAt(ProtocolStep.RetryInputStaged);
        var makingMore = inputs.PrepareAsync(made, pulse, default);
        await more.ReachedAsync();
        fewer.Release();
        var bytes = (await makingFewer).Prepared!.InputBytes;
        more.Release();

        Assert.Equal(bytes, (await makingMore).Prepared!.InputBytes);
        var blob = Driver.Storage.Blobs.GetBlobContainerClient(made.InputBlob.Container).GetBlobClient(made.InputBlob.Name);
        var content = (await blob.DownloadContentAsync()).Value.Content.ToMemory();
        Assert.Equal((bytes, 15), (content.Length, content.Span.Count((byte)'\n')));
    }

    [Fact]
    public async Task A_retry_that_is_cancelled_while_its_input_is_made_ends_without_lines()
    {
        var original = await EndedAsync(line => line % 3 == 1 ? 400 : null);
        var held = Steps.HoldAt(ProtocolStep.RetryInputWritten);
        var made = await RetryAsync(original);
        await held.ReachedAsync();
        await Driver.Get<BatchCancellation>().CancelAsync(made!.Key, default);
        held.Release();

        var ended = await Driver.WaitForEndAsync(made);

        Assert.Equal((BatchStatus.Cancelled, 0), (ended.Status, ended.Counts.Total));
        await RefusedAsync(ended, 409, original.Id);
    }

    [Fact]
    public async Task A_source_that_is_deleted_stays_for_its_retry_when_the_batch_is_looked_at_a_day_after_its_end()
    {
        var original = await EndedAsync(line => line % 3 == 1 ? 400 : null);
        var source = await Driver.Get<FileStore>().FindAsync(BatchDriver.Tenant, original.ErrorFileId!, default);
        Driver.Withheld.Add(BatchMessageKind.Validate);
        var made = await RetryAsync(original);
        Assert.True(await Driver.Get<FileDeletion>().TryDeleteAsync(BatchDriver.Tenant, source!.Id, default));
        var there = await ThereAsync(source);
        Assert.NotEmpty(there);

        Assert.Null(await Driver.Get<BatchLeftovers>().SettleAsync(original.Key, default));

        Assert.Equal(there, await ThereAsync(source));
        Upstream.Answer(call => ScriptedAnswer.Chat(call));
        await Driver.Get<BatchValidation>().RunAsync(made!.Key, default);
        var ended = await Driver.WaitForEndAsync(made);
        Assert.Equal((BatchStatus.Completed, new RequestCounts(30, 30, 0)), (ended.Status, ended.Counts));
        await Eventually.UntilAsync(async () => (await ThereAsync(source)).Count == 0, TimeSpan.FromMinutes(1), "it goes with its last reader");
    }

    /// <summary>The blobs of a file that are there.</summary>
    private async Task<IReadOnlyList<string>> ThereAsync(StoredFile file) => await Driver.Storage.Blobs.GetBlobContainerClient(file.Blob.Container)
        .GetBlobsAsync(BlobTraits.None, BlobStates.None, file.Blob.Name, default)
        .Select(blob => blob.Name)
        .ToListAsync();
}
