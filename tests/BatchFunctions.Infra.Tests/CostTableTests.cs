using System.Globalization;

namespace BatchFunctions.Infra.Tests;

/// <summary>The cost tables of the operations guide, added up again.</summary>
public sealed class CostTableTests
{
    /// <summary>Of 1,600 lines, as a test counts them and compares them with the table.</summary>
    private const decimal BatchesInAMillionLines = 625;

    /// <summary>Dollars for a second on 2 GB, which an execution costs at least where the instance has nothing else to do.</summary>
    private const decimal LeastExecution = 2 * 0.000026m;

    private static readonly string[] Guide = File.ReadAllLines(Repository.File("docs/operations.md"));

    /// <summary>Dollars for 10,000 requests, by row: what the guide's list of prices says.</summary>
    internal static readonly Dictionary<string, decimal> Prices = new()
    {
        ["blob writes"] = 0.05m,
        ["blob reads"] = 0.004m,
        ["queue: sent, deleted"] = 0.004m,
        ["queue: asked for messages"] = 0.004m,
        ["tables"] = 0.00036m,
    };

    [Fact]
    public void Prices_are_the_lists()
    {
        Assert.Contains(Guide, line => line.Contains("write $0.05, read $0.004 for 10,000", StringComparison.Ordinal));
        Assert.Contains(Guide, line => line.StartsWith("| queues, LRS | $0.004 for 10,000", StringComparison.Ordinal));
        Assert.Contains(Guide, line => line.StartsWith("| tables, LRS | $0.00036 for 10,000", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Storage_adds_up(int first)
    {
        var (requests, dollars) = (0m, 0m);
        foreach (var (name, price) in Prices)
        {
            var row = Row(name);
            var cost = row[first] * BatchesInAMillionLines * price / 10_000;
            Assert.Equal(row[first] * BatchesInAMillionLines, row[first + 1]);
            Assert.Equal(decimal.Round(cost, 3, MidpointRounding.AwayFromZero), row[first + 2]);
            requests += row[first];
            dollars += cost;
        }

        var total = Row("**together**");
        Assert.Equal(requests, total[first]);
        Assert.Equal(requests * BatchesInAMillionLines, total[first + 1]);
        Assert.Equal(decimal.Round(dollars, 2, MidpointRounding.AwayFromZero), total[first + 2]);
    }

    [Theory]
    [InlineData("fast")]
    [InlineData("slow")]
    [InlineData("slow, more in flight")]
    [InlineData("slow, small instances")]
    [InlineData("slow, small and filled")]
    public void Function_time_adds_up(string name)
    {
        var row = Row(name);
        var (seconds, inFlight, memory) = (row[1], row[2], row[3]);
        var busy = 1_000_000 * seconds / inFlight;

        Assert.Equal(decimal.Round(busy, 0, MidpointRounding.AwayFromZero), row[4]);
        Assert.Equal(decimal.Round(busy * memory, 0, MidpointRounding.AwayFromZero), row[5]);
        Assert.Equal(decimal.Round(busy * memory * 0.000026m, 2, MidpointRounding.AwayFromZero), row[6]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Steps_add_up(int first)
    {
        var row = Row("steps, at most");

        Assert.Equal(row[first] * BatchesInAMillionLines, row[first + 1]);
        Assert.Equal(decimal.Round(row[first + 1] * LeastExecution, 2, MidpointRounding.AwayFromZero), row[first + 2]);
    }

    [Fact]
    public void The_sums_are_those_of_the_tables()
    {
        var (fast, slow, filled) = (Row("fast")[4], Row("slow")[4], Row("slow, small and filled")[6]);
        var ofStorage = new[] { 1, 4 }.Select(first => Prices.Sum(price => Row(price.Key)[first + 1] * price.Value / 10_000)).ToList();
        var (withoutSteps, steps) = (
            new[] { ofStorage[0] + (fast * 2 * 0.000026m), ofStorage[1] + (slow * 2 * 0.000026m) },
            new[] { Row("steps, at most")[2] * LeastExecution, Row("steps, at most")[5] * LeastExecution });

        Assert.Contains(Guide, line => line.Contains(
            $"**A million lines: about {Dollars(withoutSteps[0])} fast, {Dollars(withoutSteps[1])} slow** (storage and function time, before the free grant), "
            + $"with their steps up to {Dollars(withoutSteps[0] + steps[0])} and {Dollars(withoutSteps[1] + steps[1])}; and slow ones {Dollars(ofStorage[1] + filled)} where",
            StringComparison.Ordinal));
        Assert.Contains(Guide, line => line.Contains(
            $"one client that asks every ten seconds for as long as a million lines take comes to {Dollars(fast / 10 * LeastExecution)} fast, {Dollars(slow / 10 * LeastExecution)} slow",
            StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("one instance of 0.5 GB", 0.5, 1)]
    [InlineData("one instance of 2 GB", 2, 1)]
    [InlineData("one instance of 4 GB", 4, 1)]
    [InlineData("zones, on 2 GB: two for each of four groups", 2, 8)]
    public void Instances_kept_ready_add_up(string name, double memory, int instances)
    {
        const decimal SecondsInAMonth = 2_628_000;

        Assert.Equal(decimal.Round((decimal)memory * instances * SecondsInAMonth * 0.000004m, 2, MidpointRounding.AwayFromZero), Row(name)[1]);
    }

    /// <summary>The numbers of the one row that begins with a name; the name itself stands as 0.</summary>
    private static decimal[] Row(string name) =>
    [
        .. Assert.Single(Guide, line => line.StartsWith($"| {name} |", StringComparison.Ordinal))
            .Trim('|').Split('|').Select(Number),
    ];

    private static string Dollars(decimal amount) =>
        string.Create(CultureInfo.InvariantCulture, $"${decimal.Round(amount, 2, MidpointRounding.AwayFromZero):0.00}");

    private static decimal Number(string cell) =>
        decimal.TryParse(cell.Replace("GB", "", StringComparison.Ordinal).Trim(' ', '*', '$'), CultureInfo.InvariantCulture, out var number) ? number : 0;
}
