using System.Reflection;
using System.Text.Json.Nodes;

namespace BatchFunctions.OpenApi;

/// <summary>
/// Exchanges that were recorded from the running service; tests repeat and compare them. Each is shown with the
/// operation and status that it is an example of.
/// </summary>
internal static class OpenApiExamples
{
    /// <summary>The prefix of the recordings' resource names, before the example's own name.</summary>
    private const string Prefix = "example/";

    private const string Json = "application/json";

    /// <summary>Adds every recording to its operation.</summary>
    /// <param name="paths">The document's <c>paths</c>.</param>
    /// <param name="operations">The operations described there.</param>
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
            // An unknown URL, or a method that no operation has: there is nothing to show it with.
            return;
        }

        var operation = paths[route.Path]![route.Method.ToLowerInvariant()]!;
        var status = response["status"]!.GetValue<int>();
        Show(operation["responses"]![$"{status}"]?["content"]?.AsObject(), name, response["body"]);
        if (status == 200)
        {
            Show(operation["requestBody"]?["content"]?.AsObject(), name, request["body"]);
        }
    }

    /// <summary>Adds the value as an example of the JSON content, if there is such content.</summary>
    private static void Show(JsonObject? content, string name, JsonNode? value)
    {
        // A form would show its boundaries, and a file can have any content.
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
