using System.Reflection;
using System.Text.Json;
using BatchFunctions.Storage;
using NetArchTest.Rules;

namespace BatchFunctions.Tests.Structure;

/// <summary>A room of the library knows the rooms below it and none above: what is changed there is felt only upwards.</summary>
public sealed class FloorTests
{
    private const string Root = "BatchFunctions";

    /// <summary>The library's assemblies: the one that knows the web, and the core below it.</summary>
    internal static readonly Assembly[] Library = [typeof(StorageClients).Assembly, typeof(StorageConnection).Assembly];

    /// <summary>The floors from the ground up, as ARCHITECTURE.md draws them. Rooms of one floor do not know each other.</summary>
    internal static readonly string[][] Floors =
    [
        ["Ids", "Memory", "Protocol", "Configuration", "Progress", "Telemetry", "Tokens"],
        ["Capacity", "Routing", "Storage", "Lines"],
        ["ActiveBatches", "Idempotency", "Wakeups", "Keys", "Projects", "SignIn", "Fleet"],
        ["Http", "Page", "Upstream"],
        ["Files", "Receivers"],
        ["Batches", "Uploads"],
        ["Chunks", "Limits", "Models", "Operators", "Checks", "Failures", "Metering", "Webhooks"],
        ["Processing"],
        ["OpenApi"],
        ["Service"],
    ];

    public static TheoryData<string> Rooms => [.. Floors.SelectMany(floor => floor)];

    [Fact]
    public void Every_room_stands_on_a_floor()
    {
        var rooms = Types.InAssemblies(Library).GetTypes()
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
        var forbidden = Library.SelectMany(assembly => assembly.GetTypes())
            .Where(type => type.Namespace == Root || above.Contains(type.Namespace ?? ""))
            .Select(type => type.FullName!)
            .ToArray();

        var result = Types.InAssemblies(Library)
            .That().ResideInNamespace($"{Root}.{room}")
            .ShouldNot().HaveDependencyOnAny(forbidden)
            .GetResult();

        Assert.True(result.IsSuccessful, $"{room} reaches up from: {string.Join(", ", result.FailingTypeNames ?? [])}");
    }

    /// <summary>The command line stands on the core and on nothing that needs the web's shared framework.</summary>
    [Fact]
    public void The_command_line_runs_without_the_web_framework()
    {
        using var runtime = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "batch.runtimeconfig.json")));
        var options = runtime.RootElement.GetProperty("runtimeOptions");

        Assert.False(options.TryGetProperty("frameworks", out _), "The command line needs more than one framework.");
        Assert.Equal("Microsoft.NETCore.App", options.GetProperty("framework").GetProperty("name").GetString());
    }
}
