using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using BatchFunctions.Testing;

namespace BatchFunctions.IntegrationTests.StorageRules;

/// <summary>Queues and their messages.</summary>
public abstract class QueueCases(string connection) : StorageCases(connection)
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private async Task<QueueClient> NewQueueAsync(params string[] texts)
    {
        var queue = Queues.GetQueueClient("things");
        await queue.CreateAsync();
        foreach (var text in texts)
        {
            await queue.SendMessageAsync(text);
        }

        return queue;
    }

    /// <summary>Takes the one message, waiting until it is visible.</summary>
    private static async Task<QueueMessage> TakeAsync(QueueClient queue, TimeSpan hiddenFor)
    {
        QueueMessage? message = null;
        await Eventually.UntilAsync(
            async () => (message = (await queue.ReceiveMessageAsync(hiddenFor)).Value) is not null, Limit, "the message is visible");
        return message!;
    }

    private static async Task<int> CountAsync(QueueClient queue) => (await queue.GetPropertiesAsync()).Value.ApproximateMessagesCount;

    [Fact]
    public Task A_queue_is_created_once_and_again_alike() => ExpectAsync("201 204 409 QueueAlreadyExists", async () =>
    {
        var queue = Queues.GetQueueClient("things");
        var other = new Dictionary<string, string> { ["a"] = "b" };
        return $"{(await queue.CreateAsync()).Status} {(await queue.CreateAsync()).Status} {await OutcomeAsync(() => StatusAsync(queue.CreateAsync(other)))}";
    });

    [Fact]
    public Task A_queues_name_has_no_capitals() =>
        ExpectAsync("400 InvalidResourceName", () => StatusAsync(Queues.GetQueueClient("Things").CreateAsync()));

    [Fact]
    public Task A_queues_name_has_no_two_hyphens_together() =>
        ExpectAsync("400 InvalidResourceName", () => StatusAsync(Queues.GetQueueClient("some--things").CreateAsync()));

    [Fact]
    public Task A_queues_name_has_at_least_three_characters() =>
        ExpectAsync("400 OutOfRangeInput", () => StatusAsync(Queues.GetQueueClient("ab").CreateAsync()));

    [Fact]
    public Task The_name_of_a_queue_that_was_just_deleted_is_taken() => ExpectAsync("409 QueueBeingDeleted", async () =>
    {
        var queue = await NewQueueAsync();
        await queue.DeleteAsync();
        return await StatusAsync(queue.CreateAsync());
    });

    [Fact]
    public Task A_queue_that_is_not_there_is_not_sent_to() =>
        ExpectAsync("404 QueueNotFound", () => StatusAsync(Queues.GetQueueClient("nothing").SendMessageAsync("a")));

    [Fact]
    public Task A_message_comes_as_it_was_sent() => ExpectAsync("<a & \"b\"> ß\n1", async () =>
    {
        var queue = await NewQueueAsync("<a & \"b\"> ß\n");
        var message = await TakeAsync(queue, Minute);
        return $"{message.Body}{message.DequeueCount}";
    });

    [Fact]
    public Task A_message_of_64_KiB_is_taken() => ExpectAsync("201", async () =>
        await StatusAsync((await NewQueueAsync()).SendMessageAsync(new string('x', 64 * 1024))));

    [Fact]
    public Task A_message_of_one_byte_more_is_not() => ExpectAsync("400 MessageTooLarge", async () =>
        await StatusAsync((await NewQueueAsync()).SendMessageAsync(new string('x', (64 * 1024) + 1))));

    [Fact]
    public Task A_message_is_hidden_until_its_delay_is_over() => ExpectAsync("0 1 1", async () =>
    {
        var queue = await NewQueueAsync();
        await queue.SendMessageAsync("a", Second);
        var atOnce = (await queue.ReceiveMessagesAsync(32)).Value.Length;
        var count = await CountAsync(queue);
        return $"{atOnce} {count} {(await TakeAsync(queue, Minute)).DequeueCount}";
    });

    [Fact]
    public Task A_message_that_was_taken_comes_again_with_its_count() => ExpectAsync("1 2", async () =>
    {
        var queue = await NewQueueAsync("a");
        return $"{(await TakeAsync(queue, Second)).DequeueCount} {(await TakeAsync(queue, Minute)).DequeueCount}";
    });

    [Fact]
    public Task A_receipt_is_good_until_the_message_is_taken_again() => ExpectAsync("204", async () =>
    {
        var queue = await NewQueueAsync("a");
        var message = await TakeAsync(queue, Second);
        await Eventually.UntilAsync(async () => (await queue.PeekMessageAsync()).Value is not null, Limit, "its time is over");
        return await StatusAsync(queue.DeleteMessageAsync(message.MessageId, message.PopReceipt));
    });

    [Fact]
    public Task A_receipt_is_not_good_after_the_message_was_taken_again() => ExpectAsync("404 MessageNotFound, then 204", async () =>
    {
        var queue = await NewQueueAsync("a");
        var first = await TakeAsync(queue, Second);
        var second = await TakeAsync(queue, Minute);
        var late = await OutcomeAsync(() => StatusAsync(queue.DeleteMessageAsync(first.MessageId, first.PopReceipt)));
        return $"{late}, then {await StatusAsync(queue.DeleteMessageAsync(second.MessageId, second.PopReceipt))}";
    });

    [Fact]
    public Task An_update_changes_the_receipt_and_the_text() => ExpectAsync("404 MessageNotFound, then b", async () =>
    {
        var queue = await NewQueueAsync("a");
        var message = await TakeAsync(queue, Minute);
        await queue.UpdateMessageAsync(message.MessageId, message.PopReceipt, "b", TimeSpan.Zero);
        var late = await OutcomeAsync(() => StatusAsync(queue.UpdateMessageAsync(message.MessageId, message.PopReceipt, "c")));
        return $"{late}, then {(await TakeAsync(queue, Minute)).Body}";
    });

    [Fact]
    public Task An_update_without_a_text_keeps_it() => ExpectAsync("a 2", async () =>
    {
        var queue = await NewQueueAsync("a");
        var message = await TakeAsync(queue, Minute);
        await queue.UpdateMessageAsync(message.MessageId, message.PopReceipt, visibilityTimeout: TimeSpan.Zero);
        var again = await TakeAsync(queue, Minute);
        return $"{again.Body} {again.DequeueCount}";
    });

    [Fact]
    public Task A_message_is_deleted_once() => ExpectAsync("204 404 MessageNotFound", async () =>
    {
        var queue = await NewQueueAsync("a");
        var message = await TakeAsync(queue, Minute);
        Func<Task<string>> delete = () => StatusAsync(queue.DeleteMessageAsync(message.MessageId, message.PopReceipt));
        return $"{await delete()} {await OutcomeAsync(delete)}";
    });

    [Fact]
    public Task A_message_is_hidden_for_a_second_at_least() => ExpectAsync("400 OutOfRangeQueryParameterValue", async () =>
        await StatusAsync((await NewQueueAsync("a")).ReceiveMessagesAsync(1, TimeSpan.Zero)));

    [Fact]
    public Task A_message_is_hidden_for_seven_days_at_most() => ExpectAsync("400 OutOfRangeQueryParameterValue", async () =>
        await StatusAsync((await NewQueueAsync("a")).ReceiveMessagesAsync(1, TimeSpan.FromDays(7) + Second)));

    [Fact]
    public Task No_more_than_32_messages_are_taken_at_once() => ExpectAsync("400 OutOfRangeQueryParameterValue", async () =>
        await StatusAsync((await NewQueueAsync("a")).ReceiveMessagesAsync(33, Minute)));

    [Fact]
    public Task A_delay_is_shorter_than_the_life() => ExpectAsync("400 InvalidQueryParameterValue", async () =>
        await StatusAsync((await NewQueueAsync()).SendMessageAsync("a", Minute, Second)));

    [Fact]
    public Task A_message_is_gone_after_its_life() => ExpectAsync("0", async () =>
    {
        var queue = await NewQueueAsync();
        await queue.SendMessageAsync("a", TimeSpan.Zero, Second);
        await Eventually.UntilAsync(async () => (await queue.PeekMessageAsync()).Value is null, Limit, "its life is over");
        return $"{(await queue.ReceiveMessagesAsync(32)).Value.Length}";
    });

    [Fact]
    public Task Messages_that_are_looked_at_stay() => ExpectAsync("2 0 1", async () =>
    {
        var queue = await NewQueueAsync("a", "b");
        var peeked = (await queue.PeekMessagesAsync(32)).Value;
        return $"{peeked.Length} {peeked[0].DequeueCount} {(await TakeAsync(queue, Minute)).DequeueCount}";
    });

    [Fact]
    public Task Hidden_messages_are_not_looked_at() => ExpectAsync("0 of 1", async () =>
    {
        var queue = await NewQueueAsync("a");
        await TakeAsync(queue, Minute);
        return $"{(await queue.PeekMessagesAsync(32)).Value.Length} of {await CountAsync(queue)}";
    });

    [Fact]
    public Task All_messages_are_cleared_hidden_ones_too() => ExpectAsync("0", async () =>
    {
        var queue = await NewQueueAsync("a", "b");
        await TakeAsync(queue, Minute);
        await queue.ClearMessagesAsync();
        return $"{await CountAsync(queue)}";
    });
}

public sealed class StrictQueueTests() : QueueCases(TestStorage.NewStrictAccount());

public sealed class AzuriteQueueTests() : QueueCases(TestStorage.NewAccount());
