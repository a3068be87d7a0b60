using BatchFunctions.Testing;

namespace BatchFunctions.IntegrationTests.StorageRules;

/// <summary>The table of differences is the one that people read.</summary>
public sealed class StorageDifferenceTests
{
    [Fact]
    public void The_documentation_has_the_same_table()
    {
        var rows = File.ReadAllLines(Repository.At("docs/storage-differences.md"))
            .Where(line => line.StartsWith("| ", StringComparison.Ordinal))
            .Skip(1);

        Assert.Equal(StorageDifferences.All.Select(RowOf), rows);
    }

    [Fact]
    public void Each_is_a_difference_of_a_case_that_there_is()
    {
        var cases = typeof(StorageCases).Assembly.GetTypes().Where(type => type.BaseType == typeof(StorageCases))
            .SelectMany(type => type.GetMethods()).Select(method => method.Name).ToHashSet();

        Assert.All(StorageDifferences.All, difference =>
        {
            Assert.Contains(difference.Case, cases);
            Assert.NotEqual(difference.Documented, difference.Azurite);
        });
    }

    private static string RowOf(StorageDifference difference) =>
        $"| {difference.Case.Replace('_', ' ')} | {Said(difference.Azurite)} | {Said(difference.Documented)} | [{difference.Source.Split('/')[^1]}]({difference.Source}) |";

    private static string Said(string outcome) => outcome.Length == 0 ? "nothing" : $"`{outcome}`";
}
