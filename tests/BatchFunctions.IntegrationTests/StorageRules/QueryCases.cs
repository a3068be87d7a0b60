using Azure;
using Azure.Data.Tables;

namespace BatchFunctions.IntegrationTests.StorageRules;

/// <summary>Queries of entities, and transactions.</summary>
public abstract class QueryCases(string connection) : StorageCases(connection)
{
    private async Task<TableClient> NewTableAsync(params TableEntity[] entities)
    {
        var table = Tables.GetTableClient("things");
        await table.CreateAsync();
        foreach (var group in entities.GroupBy(entity => entity.PartitionKey).SelectMany(partition => partition.Chunk(100)))
        {
            await table.SubmitTransactionAsync(group.Select(entity => new TableTransactionAction(TableTransactionActionType.Add, entity)));
        }

        return table;
    }

    private static TableEntity[] Rows(int count) => [.. Enumerable.Range(0, count).Select(i => new TableEntity("p", $"{i:D4}") { ["N"] = i })];

    /// <summary>Six entities of two partitions, with values of all types that can be compared.</summary>
    private Task<TableClient> NewMixedAsync() => NewTableAsync(
        new TableEntity("p", "a") { ["Text"] = "it's", ["Whole"] = 1, ["Long"] = 5_000_000_000, ["Number"] = 1.5, ["Flag"] = true },
        new TableEntity("p", "b") { ["Text"] = "B", ["Whole"] = 2, ["At"] = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero) },
        new TableEntity("p", "c") { ["Text"] = "b", ["Whole"] = 3, ["Flag"] = false },
        new TableEntity("q", "a") { ["Whole"] = 1, ["Id"] = new Guid("01020304-0506-0708-090a-0b0c0d0e0f10") },
        new TableEntity("q", "b") { ["Text"] = "1" });

    private static async Task<string> FoundAsync(TableClient table, string filter) => string.Join(
        ' ', await table.QueryAsync<TableEntity>(filter).Select(row => row.PartitionKey + row.RowKey).ToListAsync());

    private Task FindsAsync(string found, string filter, [System.Runtime.CompilerServices.CallerMemberName] string name = "") =>
        ExpectAsync(found, async () => await FoundAsync(await NewMixedAsync(), filter), name);

    private static async Task<string> PagesAsync(AsyncPageable<TableEntity> query) =>
        string.Join('+', await query.AsPages().Select(page => page.Values.Count).ToListAsync());

    private static TableTransactionAction Add(string partition, string row, string? text = null) =>
        new(TableTransactionActionType.Add, new TableEntity(partition, row) { ["Text"] = text });

    private async Task<string> SubmitAsync(params TableTransactionAction[] actions)
    {
        var table = await NewTableAsync();
        return await StatusAsync(table.SubmitTransactionAsync(actions));
    }

    [Fact]
    public Task All_entities_come_in_the_order_of_their_keys() => FindsAsync("pa pb pc qa qb", "");

    [Fact]
    public Task A_partition_is_found() => FindsAsync("qa qb", "PartitionKey eq 'q'");

    [Fact]
    public Task A_range_of_rows_is_found() => FindsAsync("pb pc", "PartitionKey eq 'p' and RowKey gt 'a' and RowKey le 'c'");

    [Fact]
    public Task Strings_are_compared_by_their_code_units() => FindsAsync("pc", "Text eq 'b' or Text gt 'z'");

    [Fact]
    public Task A_quote_is_doubled() => FindsAsync("pa", "Text eq 'it''s'");

    [Fact]
    public Task Whole_numbers_are_compared() => FindsAsync("pb pc", "Whole ge 2");

    [Fact]
    public Task Long_numbers_are_compared() => FindsAsync("pa", "Long gt 4999999999L");

    [Fact]
    public Task Fractions_are_compared() => FindsAsync("pa", "Number lt 1.6");

    [Fact]
    public Task Flags_are_compared() => FindsAsync("pa", "Flag eq true");

    [Fact]
    public Task Times_are_compared() => FindsAsync("pb", "At lt datetime'2026-01-01T00:00:00.0000001Z'");

    [Fact]
    public Task Guids_are_compared() => FindsAsync("qa", "Id eq guid'01020304-0506-0708-090a-0b0c0d0e0f10'");

    [Fact]
    public Task A_string_is_no_number() => FindsAsync("", "Text eq 1");

    [Fact]
    public Task Parentheses_go_before_and_and_and_before_or() =>
        FindsAsync("pa pb pc qa", "(Whole eq 1 or Whole eq 2) and PartitionKey eq 'p' or Whole eq 3 or PartitionKey eq 'q' and RowKey eq 'a'");

    [Fact]
    public Task A_condition_is_turned_round() => FindsAsync("pb pc", "PartitionKey eq 'p' and not (Whole eq 1)");

    [Fact]
    public Task A_filter_has_at_most_15_comparisons() => ExpectAsync("400 InvalidInput", async () =>
        await FoundAsync(await NewMixedAsync(), string.Join(" or ", Enumerable.Range(0, 16).Select(i => $"Whole eq {i}"))));

    [Fact]
    public Task What_is_selected_and_not_there_is_null() => ExpectAsync("RowKey Text", async () =>
    {
        var table = await NewTableAsync(new TableEntity("p", "r") { ["Whole"] = 1 });
        var row = await table.QueryAsync<TableEntity>(select: ["RowKey", "Text"]).SingleAsync();
        return string.Join(' ', row.Keys.Where(name => !name.StartsWith("odata", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    });

    [Fact]
    public Task What_is_no_filter_is_refused() =>
        ExpectAsync("400 InvalidInput", async () => await FoundAsync(await NewMixedAsync(), "Whole eq"));

    [Fact]
    public Task A_page_has_up_to_a_thousand_entities() => ExpectAsync("1000+1", async () =>
        await PagesAsync((await NewTableAsync(Rows(1001))).QueryAsync<TableEntity>()));

    [Fact]
    public Task A_page_has_as_many_as_are_asked_for() => ExpectAsync("2+2+1", async () =>
        await PagesAsync((await NewTableAsync(Rows(5))).QueryAsync<TableEntity>(maxPerPage: 2)));

    [Fact]
    public Task Pages_of_a_filter_are_filled() => ExpectAsync("2+1", async () =>
        await PagesAsync((await NewTableAsync(Rows(9))).QueryAsync<TableEntity>("N gt 5", maxPerPage: 2)));

    [Fact]
    public Task No_more_than_a_thousand_can_be_asked_for() => ExpectAsync("400 InvalidInput", async () =>
        await PagesAsync((await NewTableAsync(Rows(1))).QueryAsync<TableEntity>(maxPerPage: 1001)));

    [Fact]
    public Task Only_what_is_selected_comes() => ExpectAsync("Text Whole", async () =>
    {
        var table = await NewMixedAsync();
        var row = await table.QueryAsync<TableEntity>("PartitionKey eq 'p' and RowKey eq 'a'", select: ["Whole", "Text"]).SingleAsync();
        return string.Join(' ', row.Keys.Where(key => !key.StartsWith("odata.", StringComparison.Ordinal)).Order());
    });

    [Fact]
    public Task A_hundred_writes_are_a_transaction() =>
        ExpectAsync("202", () => SubmitAsync([.. Enumerable.Range(0, 100).Select(i => Add("p", $"{i}"))]));

    [Fact]
    public Task One_more_is_too_many() => ExpectAsync(
        "400 InvalidInput", () => SubmitAsync([.. Enumerable.Range(0, 101).Select(i => Add("p", $"{i}"))]));

    [Fact]
    public Task A_transaction_has_one_partition() =>
        ExpectAsync("400 CommandsInBatchActOnDifferentPartitions", () => SubmitAsync(Add("p", "a"), Add("q", "a")));

    [Fact]
    public Task A_transaction_writes_an_entity_once() =>
        ExpectAsync("400 InvalidDuplicateRow", () => SubmitAsync(Add("p", "a"), Add("p", "b"), Add("p", "a")));

    [Fact]
    public Task A_transaction_has_at_most_4_MiB() => ExpectAsync("413 RequestBodyTooLarge", () =>
        SubmitAsync([.. Enumerable.Range(0, 99).Select(i => Add("p", $"{i}", new string('ä', 25_000)))]));

    [Fact]
    public Task Of_a_transaction_that_fails_nothing_is_left() => ExpectAsync("409 EntityAlreadyExists at 1, pb", async () =>
    {
        var table = await NewTableAsync(new TableEntity("p", "b"));
        var refused = await Assert.ThrowsAsync<TableTransactionFailedException>(
            () => table.SubmitTransactionAsync([Add("p", "a"), Add("p", "b"), Add("p", "c")]));
        return $"{refused.Status} {refused.ErrorCode} at {refused.FailedTransactionActionIndex}, {await FoundAsync(table, "")}";
    });

    [Fact]
    public Task A_transaction_replaces_and_deletes_under_ETags() => ExpectAsync("202, pa; 412 UpdateConditionNotSatisfied, pa", async () =>
    {
        var table = await NewTableAsync(new TableEntity("p", "a"), new TableEntity("p", "b"));
        var rows = await table.QueryAsync<TableEntity>().ToListAsync();
        var changes = new[]
        {
            new TableTransactionAction(TableTransactionActionType.UpdateReplace, new TableEntity("p", "a") { ["N"] = 1 }, rows[0].ETag),
            new TableTransactionAction(TableTransactionActionType.Delete, new TableEntity("p", "b"), rows[1].ETag),
        };
        var first = $"{await StatusAsync(table.SubmitTransactionAsync(changes))}, {await FoundAsync(table, "")}";
        var again = await OutcomeAsync(() => StatusAsync(table.SubmitTransactionAsync(changes[..1])));
        return $"{first}; {again}, {await FoundAsync(table, "")}";
    });

    [Fact]
    public Task A_transaction_deletes_no_entity_that_is_not_there() => ExpectAsync("404 ResourceNotFound", () =>
        SubmitAsync(new TableTransactionAction(TableTransactionActionType.Delete, new TableEntity("p", "a"), ETag.All)));
}

public sealed class StrictQueryTests() : QueryCases(TestStorage.NewStrictAccount());

public sealed class AzuriteQueryTests() : QueryCases(TestStorage.NewAccount());
