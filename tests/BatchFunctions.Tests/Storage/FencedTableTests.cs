using Azure;
using Azure.Data.Tables;
using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.Ids;
using BatchFunctions.Lines;
using BatchFunctions.Storage;
using Moq;

namespace BatchFunctions.Tests.Storage;

/// <summary>What an update leaves of a row that another version wrote.</summary>
public sealed class FencedTableTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private static readonly Chunk Held = new Chunk
    {
        Batch = new BatchKey("local", "batch_1"),
        Number = 3,
        Offset = 100,
        Length = 50,
        Lines = 5,
        LinesBefore = 10,
    }.Claim(Now);

    [Fact]
    public async Task A_column_that_is_not_known_is_kept_and_one_that_has_no_value_any_more_goes()
    {
        var stored = ChunkRow.ToRow(Held);
        stored["Novelty"] = "of a newer version";
        TableEntity? written = null;
        var store = new ChunkStore(TableOf(stored, row => written = row));

        var held = await store.FindAsync("batch_1", 3, CancellationToken.None);
        var released = await store.TryUpdateAsync(held!.Release(Now), CancellationToken.None);
        await store.TryUpdateAsync(released! with { Wakes = 1 }, CancellationToken.None);

        Assert.Equal("of a newer version", written!["Novelty"]);
        Assert.DoesNotContain("Owner", written.Keys);
        Assert.DoesNotContain("LeaseUntil", written.Keys);
        Assert.Equal((Now, 1), (written.GetDateTimeOffset("NotBefore"), written.GetInt32("Wakes")));
    }

    /// <summary>What a row leaves out when it has no value would be taken for another version's and never go again.</summary>
    [Fact]
    public void A_row_names_each_of_its_columns_whatever_their_values()
    {
        Assert.Equal(
            ChunkRow.ToRow(Held.End()).Keys.Order(StringComparer.Ordinal),
            ChunkRow.ToRow(Held with { NotBefore = Now }).Keys.Order(StringComparer.Ordinal));
        var full = BatchOf(BatchStatus.Finalizing) with
        {
            Model = "m",
            Errors = [new BatchError("c", "m", null, null)],
            OutputFileId = "file-2",
            ErrorFileId = "file-3",
            InProgressAt = Now,
            FinalizingAt = Now,
            CompletedAt = Now,
            FailedAt = Now,
            ExpiredAt = Now,
            CancellingAt = Now,
            CancelledAt = Now,
            Metadata = new Dictionary<string, string>(),
            OutputExpiresAfter = 3600,
            ChunkCount = 2,
            Outcome = BatchStatus.Completed,
            ProgressAt = Now,
            SentAgainAt = Now,
            TraceParent = "00-1",
        };
        Assert.Equal(
            BatchRow.ToRow(BatchOf(BatchStatus.Validating)).Keys.Order(StringComparer.Ordinal),
            BatchRow.ToRow(full).Keys.Order(StringComparer.Ordinal));
    }

    private static Batch BatchOf(BatchStatus status) => new(status)
    {
        Tenant = "local",
        Id = IdKind.Batch.New(Now),
        Endpoint = "/v1/embeddings",
        InputFileId = "file-1",
        InputBlob = new BlobLocation(ContainerNames.Files, "local/file-1"),
        CompletionWindow = "24h",
        CreatedAt = Now,
        ExpiresAt = Now.AddDays(1),
        Usage = new TokenUsage(1, 2, 3, 4),
        ChunkLines = 100,
        ChunkBytes = 1000,
        ChunkTarget = 128,
    };

    private static TableClient TableOf(TableEntity stored, Action<TableEntity> written)
    {
        // Each write is known to have landed by its echo, so that no response with headers has to be made up.
        var current = stored;
        NullableResponse<TableEntity> Found()
        {
            var found = new Mock<NullableResponse<TableEntity>>();
            found.Setup(response => response.HasValue).Returns(true);
            found.Setup(response => response.Value).Returns(current);
            return found.Object;
        }

        var table = new Mock<TableClient>();
        table.Setup(t => t.GetEntityIfExistsAsync<TableEntity>(
                It.IsAny<string>(), It.IsAny<string>(), It.IsAny<IEnumerable<string>>(), It.IsAny<CancellationToken>()))
            .ReturnsAsync(Found);
        table.Setup(t => t.UpdateEntityAsync(
                It.IsAny<TableEntity>(), It.IsAny<ETag>(), TableUpdateMode.Replace, It.IsAny<CancellationToken>()))
            .Callback((TableEntity row, ETag _, TableUpdateMode _, CancellationToken _) => written(current = row))
            .ThrowsAsync(new RequestFailedException(412, "changed"));
        return table.Object;
    }
}
