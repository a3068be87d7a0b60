using System.Diagnostics;
using System.Text;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Queues.Models;
using BatchFunctions.Batches;
using BatchFunctions.Processing;
using BatchFunctions.Storage;
using BatchFunctions.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Xunit.Abstractions;

namespace BatchFunctions.IntegrationTests.Processing;

/// <summary>A host that goes away while chunks run: a scale-in, a deployment.</summary>
public sealed class ShutdownTests(ITestOutputHelper output)
{
    [Fact]
    public async Task A_run_that_is_shut_down_keeps_what_was_answered_and_its_message_is_there_at_once()
    {
        // Half of the lines are answered, and the other half would take for ever.
        await using var upstream = await new ScriptedUpstream()
            .Answer(call => int.Parse(call.Marker[1..], null) % 2 == 0
                ? ScriptedAnswer.Chat(call)
                : ScriptedAnswer.Chat(call).After(TimeSpan.FromHours(1)))
            .StartAsync();
        await using var driver = await BatchDriver.StartAsync(
            TestStorage.NewStrictAccount(),
            upstream.Address,
            new Dictionary<string, string?> { ["Batch:Checkpoint"] = "00:10:00", ["Batch:Lease"] = "00:30:00" });
        var batch = await driver.CreateAsync(300);
        await driver.Get<BatchValidation>().RunAsync(batch.Key, CancellationToken.None);
        await driver.ClearAsync(QueueNames.Steps);
        var queue = driver.Storage.Queues.GetQueueClient(QueueNames.Chunk);
        using var stopping = new CancellationTokenSource();
        QueueMessage[] messages = await queue.ReceiveMessagesAsync(3, TimeSpan.FromMinutes(10));
        Assert.Equal(3, messages.Length);
        var handlers = messages.Select(message => driver.Jobs.ChunkAsync(message, stopping.Token)).ToList();
        await Eventually.UntilAsync(
            () => upstream.CallsByMarker.Keys.Count(marker => int.Parse(marker[1..], null) % 2 != 0) == 64,
            "as many calls as may are under way that will never be answered");

        var answered = upstream.CallsByMarker.Count - 64;
        var began = Stopwatch.GetTimestamp();
        await stopping.CancelAsync();
        await Task.WhenAll(handlers).WaitAsync(TimeSpan.FromMinutes(1));
        output.WriteLine($"Three handlers with 64 calls under way returned {Stopwatch.GetElapsedTime(began).TotalMilliseconds:0} ms after their token fired.");

        // They returned, so the host deletes their messages; new ones, never taken before, are there to be taken.
        foreach (var message in messages)
        {
            await queue.DeleteMessageAsync(message.MessageId, message.PopReceipt);
        }

        QueueMessage[] next = await queue.ReceiveMessagesAsync(32, TimeSpan.FromSeconds(1));
        Assert.Equal([1, 1, 1], next.Select(message => message.DequeueCount));
        var chunks = await driver.Chunks.ListAsync(batch.Id, CancellationToken.None).ToListAsync();
        Assert.All(chunks, chunk => Assert.Null(chunk.Owner));
        Assert.All(chunks, chunk => Assert.Empty(chunk.Left));
        Assert.True(answered > 0);

        // A line may have been sent in the place of one of a chunk that was stopped a moment sooner.
        var completed = chunks.Sum(chunk => chunk.Completed);
        var unanswered = upstream.CallsByMarker.Count - completed;
        Assert.True(completed >= answered, $"{completed} of {answered} answers were kept.");

        upstream.Answer(ScriptedAnswer.Chat);
        var ended = await driver.RunToEndAsync(batch);
        Assert.Equal(new RequestCounts(300, 300, 0), ended.Counts);
        await driver.AssertPromiseAsync(ended, 300);
        Assert.Equal(unanswered, upstream.CallsByMarker.Count(calls => calls.Value == 2));
        Assert.Equal(2, upstream.CallsByMarker.Values.Max());
    }

    /// <summary>What is asked beside a run is not worth its answers.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_run_that_is_shut_down_or_refused_while_it_asks_for_the_batchs_counts_keeps_what_was_answered(bool isShutDown)
    {
        await using var upstream = await new ScriptedUpstream()
            .Answer(call => int.Parse(call.Marker[1..], null) % 2 == 0
                ? ScriptedAnswer.Chat(call)
                : ScriptedAnswer.Chat(call).After(TimeSpan.FromHours(1)))
            .StartAsync();
        var (storage, time) = (new FaultyStorage(), new FakeTimeProvider(DateTimeOffset.UtcNow));
        await using var driver = await BatchDriver.StartAsync(
            TestStorage.NewStrictAccount(),
            upstream.Address,
            new Dictionary<string, string?> { ["Batch:Checkpoint"] = "00:10:00", ["Batch:Lease"] = "00:30:00" },
            services =>
            {
                services.AddSingleton<HttpPipelinePolicy>(storage);
                services.AddSingleton<TimeProvider>(time);
            });
        var batch = await driver.CreateAsync(300);
        await driver.Get<BatchValidation>().RunAsync(batch.Key, CancellationToken.None);
        driver.Get<BatchWatch>().Owe(batch.Key);
        var (refused, isAsked) = (0, false);
        if (isShutDown)
        {
            storage.Hold(IsAsking);
        }
        else
        {
            storage.Refuse(request => IsAsking(request) && Interlocked.Increment(ref refused) > 0 ? 403 : null);
        }

        using var stopping = new CancellationTokenSource();
        var run = driver.Get<ChunkWork>().RunAsync(batch.Key, 1, stopping.Token);
        await Eventually.UntilAsync(() => upstream.Calls.Count == 100, "all lines are sent");
        await Eventually.UntilAsync(
            () =>
            {
                isAsked |= storage.IsHolding || Volatile.Read(ref refused) > 0;
                time.Advance(TimeSpan.FromSeconds(isAsked ? 0 : 1));
                return isAsked || run.IsCompleted;
            },
            "an advance is asked for");
        storage.Refuse(null);
        var stopped = stopping.CancelAsync();
        storage.Release();
        await stopped;
        await run;

        var chunk = await driver.Chunks.FindAsync(batch.Id, 1, CancellationToken.None);
        Assert.Equal((null, 50), (chunk!.Owner, chunk.Completed));
    }

    /// <summary>Whether an advance is asked for.</summary>
    private static bool IsAsking(Request request)
    {
        if (request.Method != RequestMethod.Post || !request.Uri.Path.EndsWith("/" + TableNames.Pending, StringComparison.Ordinal))
        {
            return false;
        }

        using var body = new MemoryStream();
        request.Content!.WriteTo(body, CancellationToken.None);
        return Encoding.UTF8.GetString(body.ToArray()).Contains("advance", StringComparison.Ordinal);
    }
}
