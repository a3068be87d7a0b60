using System.Text;
using System.Text.Json;
using Azure;
using Azure.Data.Tables;
using BatchFunctions.Batches;
using BatchFunctions.Ids;
using BatchFunctions.Lines;
using BatchFunctions.Storage;
using BatchFunctions.Telemetry;
using BatchFunctions.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Moq;

namespace BatchFunctions.Tests.Batches;

/// <summary>What real storage does and the emulator does not.</summary>
public sealed class BatchStoreTests
{
    private static readonly BatchMetrics Metrics = new ServiceCollection()
        .AddMetrics().AddSingleton<BatchMetrics>().BuildServiceProvider().GetRequiredService<BatchMetrics>();

    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Theory]
    [InlineData(new[] { 0, 0, 3 }, 3, false)]
    [InlineData(new[] { 1, 0, 1, 0, 2 }, 4, false)]
    [InlineData(new[] { 1, 0, 3, 1 }, 4, true)]
    [InlineData(new[] { 4, 0, 0 }, 4, false)]
    [InlineData(new[] { 4, 0, 1 }, 4, true)]
    [InlineData(new[] { 0, 0 }, 0, false)]
    public async Task Short_and_empty_pages_with_a_token_are_followed_until_the_list_is_full_or_at_its_end(
        int[] pages, int expected, bool more)
    {
        var store = new BatchStore(TableOf(pages).Object, Metrics, NullLogger<BatchStore>.Instance);
        var page = await store.ListAsync("local", null, 4, CancellationToken.None);
        Assert.Equal(expected, page.Batches.Count);
        Assert.Equal(more, page.HasMore);
    }

    [Fact]
    public async Task A_row_that_changes_under_every_try_ends_in_a_typed_conflict_after_a_bounded_number()
    {
        var row = RowOf(0);
        var table = new Mock<TableClient>();
        table.Setup(t => t.GetEntityIfExistsAsync<TableEntity>(
                It.IsAny<string>(), It.IsAny<string>(), It.IsAny<IEnumerable<string>>(), It.IsAny<CancellationToken>()))
            .ReturnsAsync(NullableOf(row));
        table.Setup(t => t.UpdateEntityAsync(
                It.IsAny<TableEntity>(), It.IsAny<ETag>(), It.IsAny<TableUpdateMode>(), It.IsAny<CancellationToken>()))
            .ThrowsAsync(new RequestFailedException(412, "changed"));
        var store = new BatchStore(table.Object, Metrics, NullLogger<BatchStore>.Instance);
        var changes = 0;
        await Assert.ThrowsAsync<BatchFunctions.Storage.ConcurrencyException>(() => store.MutateAsync(
            new BatchKey("local", IdKind.Batch.IdOf(row.RowKey)),
            batch =>
            {
                changes++;
                return batch with { Resends = 1 };
            },
            CancellationToken.None));
        Assert.Equal(8, changes);
    }

    [Fact]
    public async Task A_refusal_that_is_the_echo_of_ones_own_write_counts_as_written()
    {
        TableEntity? stored = null;
        var table = new Mock<TableClient>();
        table.Setup(t => t.AddEntityAsync(It.IsAny<TableEntity>(), It.IsAny<CancellationToken>()))
            .Callback((TableEntity row, CancellationToken _) => stored = row)
            .ThrowsAsync(new RequestFailedException(409, "there already"));
        table.Setup(t => t.GetEntityIfExistsAsync<TableEntity>(
                It.IsAny<string>(), It.IsAny<string>(), It.IsAny<IEnumerable<string>>(), It.IsAny<CancellationToken>()))
            .ReturnsAsync(() => NullableOf(stored!));
        var batch = BatchRow.FromRow(RowOf(0));
        Assert.NotNull(await new BatchStore(table.Object, Metrics, NullLogger<BatchStore>.Instance).TryInsertAsync(batch, CancellationToken.None));
    }

    [Fact]
    public void A_batch_survives_its_row()
    {
        var batch = BatchRow.FromRow(RowOf(0)).WithStatus(BatchStatus.Failed) with
        {
            Metadata = new Dictionary<string, string> { ["ключ"] = "\"значение\"\n" },
            Errors = [new BatchError("code", "message", "body.model", 7), new BatchError("code", "message", null, null)],
            Counts = new RequestCounts(3, 2, 1),
            Usage = new TokenUsage(1, 2, 3, 4),
            OutputExpiresAfter = 3600,
            ChunkCount = 2,
            Outcome = BatchStatus.Expired,
            FailedAt = Now,
            Model = "m",
        };
        var back = BatchRow.FromRow(BatchRow.ToRow(batch));
        Assert.Equal(batch.Metadata, back.Metadata);
        Assert.Equal(batch.Errors, back.Errors);
        Assert.Equal(batch with { Metadata = null, Errors = [] }, back with { Metadata = null, Errors = [] });
    }

    [Theory]
    [InlineData("\u0001")]
    [InlineData("\"")]
    [InlineData("\\")]
    [InlineData("\u007f")]
    [InlineData("\u2028")]
    [InlineData("😀")]
    public void The_largest_metadata_fits_a_table_property_whatever_its_characters(string character)
    {
        // Control characters take the most bytes of all: six each.
        string Of(int length) => string.Concat(Enumerable.Repeat(character, length));
        var metadata = Enumerable.Range(0, 16).ToDictionary(i => Of(62) + i.ToString("D2", null), _ => Of(512));
        var row = BatchRow.ToRow(BatchRow.FromRow(RowOf(0)) with { Metadata = metadata });
        Assert.InRange(row.GetBinary("Metadata").Length, 1, 64 * 1024);
        Assert.Equal(metadata, BatchRow.FromRow(row).Metadata);
    }

    [Theory]
    [InlineData("\u0001")]
    [InlineData("\u2028")]
    [InlineData("é")]
    [InlineData("😀")]
    public void A_hundred_of_the_longest_errors_fit_a_table_property(string character)
    {
        var text = string.Concat(Enumerable.Repeat(character, 512));
        var checker = new LineChecker("/v1/embeddings");
        var spelled = JsonSerializer.Serialize(text);
        var line = Encoding.UTF8.GetBytes($$"""{"custom_id":{{spelled}},"method":"POST","url":"/v1/embeddings","body":{"model":"m"} }""");
        Assert.Null(checker.Check(line));
        foreach (var problem in new[] { checker.Check(line)!, checker.Check(Encoding.UTF8.GetBytes($$"""{"body":{ {{spelled}}:1,{{spelled}}:2} }"""))! })
        {
            var error = new BatchError(problem.Code, problem.Message, problem.Param, 50_000);
            var row = BatchRow.ToRow(BatchRow.FromRow(RowOf(0)) with { Errors = [.. Enumerable.Repeat(error, 100)] });
            Assert.InRange(row.GetBinary("Errors").Length, 1, 64 * 1024);
            Assert.Equal(error, BatchRow.FromRow(row).Errors[99]);
        }
    }

    private static Mock<TableClient> TableOf(int[] pages)
    {
        var number = 0;
        var values = pages.Select((count, index) => Page<TableEntity>.FromValues(
            [.. Enumerable.Range(0, count).Select(_ => RowOf(number++))],
            index == pages.Length - 1 ? null : $"token {index}",
            Mock.Of<Response>()));
        var table = new Mock<TableClient>();
        table.Setup(t => t.QueryAsync<TableEntity>(
                It.IsAny<string>(), It.IsAny<int?>(), It.IsAny<IEnumerable<string>>(), It.IsAny<CancellationToken>()))
            .Returns(AsyncPageable<TableEntity>.FromPages(values));
        return table;
    }

    private static TableEntity RowOf(int number)
    {
        var id = IdKind.Batch.New(Now.AddSeconds(-number));
        return BatchRow.ToRow(new Batch(BatchStatus.InProgress)
        {
            Tenant = "local",
            Id = id,
            Endpoint = "/v1/embeddings",
            InputFileId = IdKind.File.New(Now),
            InputBlob = new BlobLocation("files", "local/file"),
            CompletionWindow = "24h",
            CreatedAt = IdKind.Batch.CreatedAt(id),
            ExpiresAt = Now.AddDays(1),
            ChunkLines = 100,
            ChunkBytes = 1000,
            ChunkTarget = 128,
        });
    }

    private static NullableResponse<TableEntity> NullableOf(TableEntity row)
    {
        var response = new Mock<NullableResponse<TableEntity>>();
        response.Setup(r => r.HasValue).Returns(true);
        response.Setup(r => r.Value).Returns(row);
        return response.Object;
    }
}
