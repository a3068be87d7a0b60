using System.Reflection;
using System.Text.Json.Nodes;

namespace BatchFunctions.OpenApi;

/// <summary>
/// Exchanges that were recorded from the running service, and that tests have again and compare: each is shown where its
/// operation and status are described.
/// </summary>
internal static class OpenApiExamples
{
    /// <summary>What the recordings' resources are called, before the example's own name.</summary>
    private const string Prefix = "example/";

    private const string Json = "application/json";

    /// <summary>Adds every recording to the operation that it is of.</summary>
    /// <param name="paths">The document's <c>paths</c>.</param>
    /// <param name="operations">All that is described there.</param>
    public static void AddTo(JsonObject paths, IReadOnlyList<ApiOperation> operations)
    {
        var assembly = Assembly.GetExecutingAssembly();
        foreach (var resource in assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using var stream = assembly.GetManifestResourceStream(resource)!;
            Add(paths, operations, resource[Prefix.Length..], JsonNode.Parse(stream)!);
        }
    }

    private static void Add(JsonObject paths, IReadOnlyList<ApiOperation> operations, string name, JsonNode recording)
    {
        var request = recording["request"]!;
        var response = recording["response"]!;
        var path = request["path"]!.GetValue<string>().Split('?')[0];
        var method = request["method"]!.GetValue<string>();
        var route = operations.FirstOrDefault(candidate => candidate.Route.Method == method && candidate.Matches(path))?.Route;
        if (route is null)
        {
            // An unknown address, or a method that none has: there is no operation to show it with.
            return;
        }

        var operation = paths["/" + route.Template]![route.Method.ToLowerInvariant()]!;
        var status = response["status"]!.GetValue<int>();
        Show(operation["responses"]![$"{status}"]?["content"]?.AsObject(), name, response["body"]);
        if (status == 200)
        {
            Show(operation["requestBody"]?["content"]?.AsObject(), name, request["body"]);
        }
    }

    /// <summary>Adds the value as an example of the one content type that is described.</summary>
    private static void Show(JsonObject? content, string name, JsonNode? value)
    {
        // A form's text would show its boundaries, and a file's content is anything.
        if (content?[Json] is not JsonObject media || value is null)
        {
            return;
        }

        if (media["examples"] is not JsonObject examples)
        {
            media["examples"] = examples = [];
        }

        examples[name] = new JsonObject { ["value"] = value.DeepClone() };
    }
}
