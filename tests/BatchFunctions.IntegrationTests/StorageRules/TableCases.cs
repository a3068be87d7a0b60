using Azure;
using Azure.Data.Tables;

namespace BatchFunctions.IntegrationTests.StorageRules;

/// <summary>Tables and entities, one at a time.</summary>
public abstract class TableCases(string connection) : StorageCases(connection)
{
    private const string Partition = "p";

    private async Task<TableClient> NewTableAsync()
    {
        var table = Tables.GetTableClient("things");
        await table.CreateAsync();
        return table;
    }

    private async Task<string> InsertAsync(string row, params (string Name, object? Value)[] properties) =>
        await StatusAsync((await NewTableAsync()).AddEntityAsync(EntityOf(row, properties)));

    private static TableEntity EntityOf(string row, params (string Name, object? Value)[] properties)
    {
        var entity = new TableEntity(Partition, row);
        foreach (var (name, value) in properties)
        {
            entity[name] = value;
        }

        return entity;
    }

    private static (string, object?)[] Properties(int count, object value) =>
        [.. Enumerable.Range(0, count).Select(i => ($"P{i}", (object?)value))];

    private static async Task<string> ColumnsAsync(TableClient table, string row)
    {
        var entity = (await table.GetEntityAsync<TableEntity>(Partition, row)).Value;
        return string.Join(' ', entity.Keys.Where(key => key is "A" or "B").Order().Select(key => $"{key}={entity[key]}"));
    }

    [Fact]
    public Task A_table_is_created_once() => ExpectAsync("409 TableAlreadyExists", async () =>
    {
        var table = await NewTableAsync();
        return await StatusAsync(table.CreateAsync());
    });

    [Fact]
    public Task A_tables_name_has_no_hyphen() =>
        ExpectAsync("400 InvalidResourceName", () => StatusAsync(Tables.GetTableClient("a-table").CreateAsync()));

    [Fact]
    public Task A_tables_name_is_the_same_in_capitals() => ExpectAsync("409 TableAlreadyExists", async () =>
    {
        await NewTableAsync();
        return await StatusAsync(Tables.GetTableClient("THINGS").CreateAsync());
    });

    [Fact]
    public Task The_name_of_a_table_that_was_just_deleted_is_taken() => ExpectAsync("409 TableBeingDeleted", async () =>
    {
        var table = await NewTableAsync();
        await table.DeleteAsync();
        return await StatusAsync(table.CreateAsync());
    });

    [Fact]
    public Task A_table_that_is_not_there_is_not_written_to() => ExpectAsync(
        "404 TableNotFound", () => StatusAsync(Tables.GetTableClient("nothing").AddEntityAsync(EntityOf("r"))));

    [Fact]
    public Task Values_of_all_types_come_back() => ExpectAsync("a'ß 1 5000000000 1.5 2 True 2026-01-02T03:04:05.1234567+00:00 01020304-0506-0708-090a-0b0c0d0e0f10 AQID", async () =>
    {
        var table = await NewTableAsync();
        await table.AddEntityAsync(EntityOf(
            "r",
            ("A", "a'ß"),
            ("B", 1),
            ("C", 5_000_000_000),
            ("D", 1.5),
            ("E", 2.0),
            ("F", true),
            ("G", new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero).AddTicks(1234567)),
            ("H", new Guid("01020304-0506-0708-090a-0b0c0d0e0f10")),
            ("I", new byte[] { 1, 2, 3 })));
        var row = (await table.GetEntityAsync<TableEntity>(Partition, "r")).Value;
        return FormattableString.Invariant(
            $"{row.GetString("A")} {row.GetInt32("B")} {row.GetInt64("C")} {row.GetDouble("D")} {row.GetDouble("E")} {row.GetBoolean("F")} {row.GetDateTimeOffset("G"):O} {row.GetGuid("H")} {Convert.ToBase64String(row.GetBinary("I"))}");
    });

    [Fact]
    public Task A_property_without_a_value_is_not_stored() => ExpectAsync("A=1", async () =>
    {
        var table = await NewTableAsync();
        await table.AddEntityAsync(EntityOf("r", ("A", 1), ("B", null)));
        return await ColumnsAsync(table, "r");
    });

    [Fact]
    public Task An_entity_is_inserted_once() => ExpectAsync("409 EntityAlreadyExists", async () =>
    {
        var table = await NewTableAsync();
        await table.AddEntityAsync(EntityOf("r"));
        return await StatusAsync(table.AddEntityAsync(EntityOf("r")));
    });

    [Fact]
    public Task An_entity_that_is_not_there_is_not_read() => ExpectAsync("404 ResourceNotFound", async () =>
    {
        var table = await NewTableAsync();
        return await StatusAsync(table.GetEntityAsync<TableEntity>(Partition, "r"));
    });

    [Fact]
    public Task An_entity_that_is_not_there_is_not_updated_whatever_its_ETag() => ExpectAsync("404 ResourceNotFound", async () =>
    {
        var table = await NewTableAsync();
        return await StatusAsync(table.UpdateEntityAsync(EntityOf("r"), ETag.All, TableUpdateMode.Replace));
    });

    [Fact]
    public Task An_entity_is_replaced_under_its_ETag() => ExpectAsync("B=2, then 412 UpdateConditionNotSatisfied", async () =>
    {
        var table = await NewTableAsync();
        var etag = (await table.AddEntityAsync(EntityOf("r", ("A", 1)))).Headers.ETag!.Value;
        await table.UpdateEntityAsync(EntityOf("r", ("B", 2)), etag, TableUpdateMode.Replace);
        var late = await OutcomeAsync(() => StatusAsync(table.UpdateEntityAsync(EntityOf("r", ("B", 3)), etag, TableUpdateMode.Replace)));
        return $"{await ColumnsAsync(table, "r")}, then {late}";
    });

    [Fact]
    public Task An_entity_is_merged_under_its_ETag() => ExpectAsync("A=1 B=2, then 412 UpdateConditionNotSatisfied", async () =>
    {
        var table = await NewTableAsync();
        var etag = (await table.AddEntityAsync(EntityOf("r", ("A", 1)))).Headers.ETag!.Value;
        await table.UpdateEntityAsync(EntityOf("r", ("B", 2)), etag);
        var late = await OutcomeAsync(() => StatusAsync(table.UpdateEntityAsync(EntityOf("r", ("B", 3)), etag)));
        return $"{await ColumnsAsync(table, "r")}, then {late}";
    });

    [Fact]
    public Task An_upsert_inserts_replaces_and_merges() => ExpectAsync("A=1, B=2, A=3 B=2", async () =>
    {
        var table = await NewTableAsync();
        await table.UpsertEntityAsync(EntityOf("r", ("A", 1)), TableUpdateMode.Replace);
        var first = await ColumnsAsync(table, "r");
        await table.UpsertEntityAsync(EntityOf("r", ("B", 2)), TableUpdateMode.Replace);
        var second = await ColumnsAsync(table, "r");
        await table.UpsertEntityAsync(EntityOf("r", ("A", 3)));
        return $"{first}, {second}, {await ColumnsAsync(table, "r")}";
    });

    [Fact]
    public Task An_entity_is_deleted_under_its_ETag() => ExpectAsync("412 UpdateConditionNotSatisfied, then 204, then 404", async () =>
    {
        var table = await NewTableAsync();
        var first = (await table.AddEntityAsync(EntityOf("r"))).Headers.ETag!.Value;
        var second = (await table.UpdateEntityAsync(EntityOf("r", ("A", 1)), first)).Headers.ETag!.Value;
        var stale = await OutcomeAsync(() => StatusAsync(table.DeleteEntityAsync(Partition, "r", first)));
        return $"{stale}, then {await StatusAsync(table.DeleteEntityAsync(Partition, "r", second))}, then {await StatusAsync(table.DeleteEntityAsync(Partition, "r", second))}";
    });

    [Fact]
    public Task A_read_has_the_ETag_that_the_write_was_answered_with() => ExpectAsync("True True", async () =>
    {
        var table = await NewTableAsync();
        var written = (await table.AddEntityAsync(EntityOf("r"))).Headers.ETag!.Value;
        var read = (await table.GetEntityAsync<TableEntity>(Partition, "r")).Value;
        var found = await table.QueryAsync<TableEntity>().SingleAsync();
        return $"{read.ETag == written} {found.ETag == written}";
    });

    [Fact]
    public Task A_string_of_32768_characters_is_stored() =>
        ExpectAsync("204", () => InsertAsync("r", ("A", new string('x', 32 * 1024))));

    [Fact]
    public Task A_string_of_one_character_more_is_not() =>
        ExpectAsync("400 PropertyValueTooLarge", () => InsertAsync("r", ("A", new string('x', (32 * 1024) + 1))));

    [Fact]
    public Task Bytes_of_64_KiB_are_stored() => ExpectAsync("204", () => InsertAsync("r", ("A", new byte[64 * 1024])));

    [Fact]
    public Task Bytes_of_one_more_are_not() =>
        ExpectAsync("400 PropertyValueTooLarge", () => InsertAsync("r", ("A", new byte[(64 * 1024) + 1])));

    [Fact]
    public Task An_entity_of_15_strings_of_64_KiB_is_stored() =>
        ExpectAsync("204", () => InsertAsync("r", Properties(15, new string('x', 32 * 1024))));

    [Fact]
    public Task An_entity_of_more_than_1_MiB_is_not() =>
        ExpectAsync("400 EntityTooLarge", () => InsertAsync("r", Properties(17, new string('x', 32 * 1024))));

    [Fact]
    public Task A_merge_to_more_than_1_MiB_is_refused() => ExpectAsync("400 EntityTooLarge", async () =>
    {
        var table = await NewTableAsync();
        await table.AddEntityAsync(EntityOf("r", Properties(15, new string('x', 32 * 1024))));
        return await StatusAsync(table.UpsertEntityAsync(EntityOf("r", ("A", new string('x', 32 * 1024)), ("B", new string('x', 32 * 1024)))));
    });

    [Fact]
    public Task An_entity_of_252_properties_is_stored() => ExpectAsync("204", () => InsertAsync("r", Properties(252, 1)));

    [Fact]
    public Task An_entity_of_253_properties_is_not() =>
        ExpectAsync("400 TooManyProperties", () => InsertAsync("r", Properties(253, 1)));

    [Fact]
    public Task A_propertys_name_has_at_most_255_characters() =>
        ExpectAsync("400 PropertyNameTooLong", () => InsertAsync("r", (new string('a', 256), 1)));

    [Fact]
    public Task A_propertys_name_is_an_identifier() => ExpectAsync("400 PropertyNameInvalid", () => InsertAsync("r", ("a-b", 1)));

    [Fact]
    public Task A_key_has_no_slash() => ExpectAsync("400 OutOfRangeInput", () => InsertAsync("a/b"));

    [Fact]
    public Task A_key_has_no_hash() => ExpectAsync("400 OutOfRangeInput", () => InsertAsync("a#b"));

    [Fact]
    public Task A_key_has_no_tab() => ExpectAsync("400 OutOfRangeInput", () => InsertAsync("a\tb"));

    [Fact]
    public Task A_key_may_have_quotes_spaces_and_other_alphabets() => ExpectAsync("it's a ключ+%", async () =>
    {
        var table = await NewTableAsync();
        await table.AddEntityAsync(EntityOf("it's a ключ+%"));
        return (await table.GetEntityAsync<TableEntity>(Partition, "it's a ключ+%")).Value.RowKey;
    });

    [Fact]
    public Task A_key_of_1_KiB_is_stored() => ExpectAsync("204", () => InsertAsync(new string('k', 512)));

    [Fact]
    public Task A_key_of_one_character_more_is_not() =>
        ExpectAsync("400 KeyValueTooLarge", () => InsertAsync(new string('k', 513)));

    [Fact]
    public Task A_time_before_1601_is_not_stored() =>
        ExpectAsync("400 OutOfRangeInput", () => InsertAsync("r", ("A", new DateTimeOffset(1600, 12, 31, 0, 0, 0, TimeSpan.Zero))));
}

public sealed class StrictTableTests() : TableCases(TestStorage.NewStrictAccount());

public sealed class AzuriteTableTests() : TableCases(TestStorage.NewAccount());
