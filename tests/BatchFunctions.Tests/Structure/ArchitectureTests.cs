using System.Reflection;
using System.Text.RegularExpressions;
using BatchFunctions.Protocol;
using BatchFunctions.Testing;

namespace BatchFunctions.Tests.Structure;

/// <summary>ARCHITECTURE.md names floors, types and tests: what it names is there.</summary>
public sealed partial class ArchitectureTests
{
    private const BindingFlags Any = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static;

    private static readonly Dictionary<string, string> TestSources =
        Directory.EnumerateFiles(Repository.At("tests"), "*Tests.cs", SearchOption.AllDirectories)
            .Where(path => !path.Split(Path.DirectorySeparatorChar).Any(folder => folder is "bin" or "obj"))
            .GroupBy(path => Path.GetFileNameWithoutExtension(path))
            .ToDictionary(files => files.Key, files => string.Concat(files.Select(File.ReadAllText)));

    public static TheoryData<string> Types => [.. Names(Invariants().Select(row => row.Groups["code"].Value))];

    public static TheoryData<string> Tests => [.. Names(Invariants().Select(row => row.Groups["tests"].Value))];

    [Fact]
    public void The_floors_are_drawn_as_they_are_held()
    {
        var drawn = FloorRow().Matches(Section("Floors"))
            .Select(row => $"{row.Groups["floor"]} {row.Groups["room"]}");
        var held = FloorTests.Floors.SelectMany((rooms, floor) => rooms.Select(room => $"{floor + 1} {room}"));

        Assert.Equal(held.Order(StringComparer.Ordinal), drawn.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void What_a_crash_leaves_is_told_of_each_gap_once()
    {
        var path = Section("The path of a batch");
        var told = Code().Matches(string.Concat(CrashRow().Matches(path).Select(row => row.Groups["gaps"].Value)))
            .Select(name => name.Groups["name"].Value);

        Assert.Equal(Enum.GetNames<ProtocolStep>().Order(StringComparer.Ordinal), told.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_invariant_names_a_test_and_has_its_number()
    {
        var rows = Invariants().ToList();

        Assert.Equal(Enumerable.Range(1, rows.Count), rows.Select(row => int.Parse(row.Groups["number"].Value, null)));
        Assert.All(rows, row => Assert.NotEmpty(Names([row.Groups["tests"].Value])));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void What_keeps_an_invariant_is_in_the_library(string name)
    {
        var (type, member) = Split(name);
        var found = FloorTests.Library.SelectMany(assembly => assembly.GetTypes())
            .SingleOrDefault(candidate => candidate.Name.Split('`')[0] == type);

        Assert.True(found is not null, $"There is no type {type}.");
        Assert.True(member is null || found.GetMember(member, Any).Length > 0, $"{type} has no {member}.");
    }

    [Theory]
    [MemberData(nameof(Tests))]
    public void What_fails_without_an_invariant_is_a_test(string name)
    {
        var (type, method) = Split(name);

        Assert.True(TestSources.TryGetValue(type, out var source), $"There are no {type}.");
        Assert.True(method is null || source.Contains($" {method}(", StringComparison.Ordinal), $"{type} has no {method}.");
    }

    private static (string Type, string? Member) Split(string name) =>
        name.Split('.') is [var type, var member] ? (type, member) : (name, null);

    private static IEnumerable<string> Names(IEnumerable<string> cells) =>
        cells.SelectMany(cell => Code().Matches(cell).Select(name => name.Groups["name"].Value)).Distinct();

    private static MatchCollection Invariants() => InvariantRow().Matches(Section("Invariants"));

    private static string Section(string title)
    {
        var text = File.ReadAllText(Repository.At("ARCHITECTURE.md"));
        var start = text.IndexOf($"\n## {title}\n", StringComparison.Ordinal);
        Assert.True(start >= 0, $"ARCHITECTURE.md has no section '{title}'.");
        var end = text.IndexOf("\n## ", start + 1, StringComparison.Ordinal);
        return end < 0 ? text[start..] : text[start..end];
    }

    [GeneratedRegex(@"^\| (?<floor>\d+) \| `(?<room>\w+)` \|", RegexOptions.Multiline)]
    private static partial Regex FloorRow();

    [GeneratedRegex(@"^\| (?<gaps>`\w+`(, `\w+`)*) \| [^|]+ \| [^|]*\|$", RegexOptions.Multiline)]
    private static partial Regex CrashRow();

    [GeneratedRegex(@"^\| (?<number>\d+) \| [^|]+ \| (?<code>[^|]+) \| (?<tests>[^|]+) \|$", RegexOptions.Multiline)]
    private static partial Regex InvariantRow();

    [GeneratedRegex("`(?<name>[^`]+)`")]
    private static partial Regex Code();
}
