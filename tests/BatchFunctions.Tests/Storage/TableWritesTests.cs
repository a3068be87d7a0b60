using Azure;
using Azure.Data.Tables;
using BatchFunctions.Storage;
using Moq;

namespace BatchFunctions.Tests.Storage;

/// <summary>What may have been written is read back, whichever way its answer was lost.</summary>
public sealed class TableWritesTests
{
    public static TheoryData<string> Losses => [.. Exceptions.Keys];

    private static Dictionary<string, Exception> Exceptions { get; } = new()
    {
        ["no answer"] = new RequestFailedException(0, "the connection broke"),
        ["a server error"] = new RequestFailedException(500, "internal"),
        ["no answer in any of four tries"] = new AggregateException(Enumerable.Repeat(new RequestFailedException(0, "the connection broke"), 4)),
        ["tries that timed out"] = new AggregateException(new TaskCanceledException(), new RequestFailedException(0, "the connection broke")),
        ["one that timed out"] = new TaskCanceledException(),
        ["a broken connection"] = new HttpRequestException("the connection broke"),
    };

    [Theory]
    [MemberData(nameof(Losses))]
    public async Task A_write_that_landed_is_found_to_be_ones_own(string loss)
    {
        var table = TableThatLoses(Exceptions[loss], landed: true);

        Assert.NotNull(await TableWrites.TryInsertAsync(table, new TableEntity("p", "r"), CancellationToken.None));
        Assert.NotNull(await TableWrites.TryUpdateAsync(table, new TableEntity("p", "r"), new ETag("1"), CancellationToken.None));
    }

    [Theory]
    [MemberData(nameof(Losses))]
    public async Task A_write_that_did_not_land_is_storages_failure(string loss)
    {
        var table = TableThatLoses(Exceptions[loss], landed: false);

        await Assert.ThrowsAsync<StorageUnavailableException>(() => TableWrites.TryInsertAsync(table, new TableEntity("p", "r"), CancellationToken.None));
        await Assert.ThrowsAsync<StorageUnavailableException>(
            () => TableWrites.TryUpdateAsync(table, new TableEntity("p", "r"), new ETag("1"), CancellationToken.None));
    }

    [Fact]
    public async Task A_caller_who_goes_away_is_told_so()
    {
        var table = TableThatLoses(new TaskCanceledException(), landed: true);

        await Assert.ThrowsAsync<TaskCanceledException>(() => TableWrites.TryInsertAsync(table, new TableEntity("p", "r"), new CancellationToken(canceled: true)));
    }

    private static TableClient TableThatLoses(Exception loss, bool landed)
    {
        TableEntity? stored = null;
        var table = new Mock<TableClient>();
        table.Setup(t => t.AddEntityAsync(It.IsAny<TableEntity>(), It.IsAny<CancellationToken>()))
            .Callback((TableEntity row, CancellationToken _) => stored = landed ? row : null)
            .ThrowsAsync(loss);
        table.Setup(t => t.UpdateEntityAsync(It.IsAny<TableEntity>(), It.IsAny<ETag>(), It.IsAny<TableUpdateMode>(), It.IsAny<CancellationToken>()))
            .Callback((TableEntity row, ETag _, TableUpdateMode _, CancellationToken _) => stored = landed ? row : null)
            .ThrowsAsync(loss);
        table.Setup(t => t.GetEntityIfExistsAsync<TableEntity>(
                It.IsAny<string>(), It.IsAny<string>(), It.IsAny<IEnumerable<string>>(), It.IsAny<CancellationToken>()))
            .ReturnsAsync(() =>
            {
                var found = new Mock<NullableResponse<TableEntity>>();
                found.Setup(response => response.HasValue).Returns(stored is not null);
                found.Setup(response => response.Value).Returns(stored);
                return found.Object;
            });
        return table.Object;
    }
}
