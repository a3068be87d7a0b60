using System.Reflection;
using BatchFunctions.Storage;
using NetArchTest.Rules;

namespace BatchFunctions.Tests.Structure;

/// <summary>A room of the library knows the rooms below it and none above: what is changed there is felt only upwards.</summary>
public sealed class FloorTests
{
    private const string Root = "BatchFunctions";

    private static readonly Assembly Library = typeof(StorageClients).Assembly;

    /// <summary>The floors from the ground up, as ARCHITECTURE.md draws them. Rooms of one floor do not know each other.</summary>
    internal static readonly string[][] Floors =
    [
        ["Ids", "Protocol", "Configuration", "Telemetry"],
        ["Storage", "Lines"],
        ["ActiveBatches", "Wakeups", "Keys", "Upstream"],
        ["Http", "Page"],
        ["Files"],
        ["Batches", "Uploads"],
        ["Chunks"],
        ["Processing"],
        ["OpenApi"],
        ["Service"],
    ];

    public static TheoryData<string> Rooms => [.. Floors.SelectMany(floor => floor)];

    [Fact]
    public void Every_room_stands_on_a_floor()
    {
        var rooms = Types.InAssembly(Library).GetTypes()
            .Select(type => type.Namespace)
            .OfType<string>()
            .Where(name => name.StartsWith(Root + ".", StringComparison.Ordinal))
            .Select(name => name[(Root.Length + 1)..])
            .Distinct()
            .Order(StringComparer.Ordinal);

        Assert.Equal(Floors.SelectMany(floor => floor).Order(StringComparer.Ordinal), rooms);
    }

    [Theory]
    [MemberData(nameof(Rooms))]
    public void A_room_knows_only_lower_floors(string room)
    {
        var floor = Array.FindIndex(Floors, rooms => rooms.Contains(room));
        var above = Floors.Skip(floor).SelectMany(rooms => rooms).Where(other => other != room).Select(other => $"{Root}.{other}").ToHashSet();

        // By type and not by namespace: a source of spans may bear a room's name.
        var forbidden = Library.GetTypes()
            .Where(type => type.Namespace == Root || above.Contains(type.Namespace ?? ""))
            .Select(type => type.FullName!)
            .ToArray();

        var result = Types.InAssembly(Library)
            .That().ResideInNamespace($"{Root}.{room}")
            .ShouldNot().HaveDependencyOnAny(forbidden)
            .GetResult();

        Assert.True(result.IsSuccessful, $"{room} reaches up from: {string.Join(", ", result.FailingTypeNames ?? [])}");
    }
}
