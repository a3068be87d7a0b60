using System.Text;
using Azure;
using Azure.Data.Tables;
using BatchFunctions.Testing.Metering;
using Moq;

namespace BatchFunctions.Tests.Storage;

/// <summary>The limits of Azure's tables and queues, which Azurite does not enforce in full, and a table that only looks at its rows.</summary>
/// <remarks>https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model.</remarks>
internal static class RowSizes
{
    private const int MostPropertyBytes = 64 * 1024;
    private const int MostEntityBytes = 1024 * 1024;
    private const int MostKeyBytes = 1024;
    private const int MostProperties = 252;

    /// <summary>A message is sent unencoded, and is XML on its way; 48 KiB leaves room for escapes.</summary>
    private const int MostMessageBytes = 48 * 1024;

    public static void AssertFits(TableEntity row)
    {
        Assert.InRange(row.Count, 1, MostProperties);
        Assert.All([row.PartitionKey, row.RowKey], key =>
        {
            Assert.InRange(key.Length * 2, 1, MostKeyBytes);
            Assert.DoesNotContain(key, c => c is '/' or '\\' or '#' or '?' || char.IsControl(c));
        });
        var total = 4 + ((row.PartitionKey.Length + row.RowKey.Length) * 2);
        foreach (var (name, value) in row)
        {
            var bytes = value switch
            {
                string text => (text.Length * 2) + 4,
                byte[] binary => binary.Length + 4,
                _ => 8,
            };
            Assert.True(bytes <= MostPropertyBytes + 4, $"{name} takes {bytes} bytes.");
            total += 8 + (name.Length * 2) + bytes;
        }

        Assert.InRange(total, 1, MostEntityBytes);
    }

    public static void AssertFits(string message) => Assert.InRange(Encoding.UTF8.GetByteCount(message), 1, MostMessageBytes);

    /// <summary>A table that takes every row and keeps none.</summary>
    public static TableClient TableThatShows(Action<TableEntity> row)
    {
        var table = new Mock<TableClient>();
        table.Setup(t => t.AddEntityAsync(It.IsAny<TableEntity>(), It.IsAny<CancellationToken>()))
            .Callback((TableEntity added, CancellationToken _) => row(added))
            .ReturnsAsync(new CannedResponse(204).With("ETag", "W/\"1\""));
        table.Setup(t => t.GetEntityIfExistsAsync<TableEntity>(
                It.IsAny<string>(), It.IsAny<string>(), It.IsAny<IEnumerable<string>>(), It.IsAny<CancellationToken>()))
            .ReturnsAsync(Mock.Of<NullableResponse<TableEntity>>());
        return table.Object;
    }
}
