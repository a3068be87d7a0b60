using BatchFunctions.StrictStorage.Chance;

namespace BatchFunctions.IntegrationTests.Api;

/// <summary>Counts queries, each of which looks at so many rows.</summary>
internal sealed class CountingChance(Func<int, int> rowsOf) : StorageChance
{
    public int Queries { get; private set; }

    public override int RowsPerPage(int rows)
    {
        Queries++;
        return Math.Min(rows, rowsOf(rows));
    }
}
