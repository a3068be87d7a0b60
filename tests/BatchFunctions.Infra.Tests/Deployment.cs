using System.Text.Json;
using System.Text.RegularExpressions;

namespace BatchFunctions.Infra.Tests;

/// <summary>
/// What a deployment would make: the compiled template with its loops, conditions and parameters worked out by the
/// compiler. What only Azure can know, such as an endpoint, stays an expression in brackets.
/// </summary>
internal sealed partial class Deployment(JsonElement snapshot)
{
    public IReadOnlyList<Resource> Resources { get; } =
    [
        .. snapshot.GetProperty("predictedResources").EnumerateArray().Select(resource => new Resource(resource)),
    ];

    /// <summary>The resources of a type.</summary>
    public IEnumerable<Resource> Of(string type) =>
        Resources.Where(resource => string.Equals(resource.Type, type, StringComparison.OrdinalIgnoreCase));

    /// <summary>The one resource of a type.</summary>
    public Resource One(string type) => Assert.Single(Of(type));

    /// <summary>The app's settings.</summary>
    public IReadOnlyDictionary<string, string> Settings =>
        One("Microsoft.Web/sites/config").Properties.EnumerateObject()
            .ToDictionary(setting => setting.Name, setting => setting.Value.GetString()!);

    /// <summary>Works a deployment out.</summary>
    /// <param name="parameters">Parameters beside the required ones, as Bicep writes them.</param>
    public static async Task<Deployment> PredictAsync(params string[] parameters)
    {
        using var document = JsonDocument.Parse(await SnapshotAsync(parameters));
        return new Deployment(document.RootElement.Clone());
    }

    /// <summary>Works a deployment out that the template refuses, and says what the compiler said.</summary>
    /// <param name="parameters">Parameters beside the required ones, as Bicep writes them.</param>
    public static async Task<string> RefusalAsync(params string[] parameters) =>
        (await Assert.ThrowsAsync<Bicep.RefusedException>(() => SnapshotAsync(parameters))).Message;

    /// <summary>Works an output out that nothing of Azure's is needed for.</summary>
    /// <param name="name">The output's name.</param>
    /// <param name="parameters">Parameters beside the required ones, as Bicep writes them.</param>
    public static async Task<string> OutputAsync(string name, params string[] parameters)
    {
        const string Probe = "probe";

        // What the compiler predicts is resources: the output is made the tag of one. It works out nothing that a secret is a part
        // of, so none is here; the linter would object.
        var snapshot = await SnapshotAsync(parameters, main =>
        {
            main = main.Replace("@secure()\n", "#disable-next-line secure-secrets-in-params\n", StringComparison.Ordinal);
            var value = Output().Matches(main).Single(output => output.Groups["name"].Value == name).Groups["value"].Value;
            return $$"""
                {{main}}
                resource probe 'Microsoft.Resources/resourceGroups@2025-04-01' = {
                  name: '{{Probe}}'
                  location: location
                  tags: {
                    value: {{value}}
                  }
                }
                """;
        });
        using var document = JsonDocument.Parse(snapshot);
        return new Deployment(document.RootElement).Resources.Single(resource => resource.Name == Probe)
            .Json.GetProperty("tags").GetProperty("value").GetString()!;
    }

    private static async Task<string> SnapshotAsync(string[] parameters, Func<string, string>? change = null)
    {
        var directory = Directory.CreateTempSubdirectory("batchfunctions-infra-");
        try
        {
            CopyTemplate(directory.FullName);
            if (change is not null)
            {
                var main = Path.Combine(directory.FullName, "main.bicep");
                await File.WriteAllTextAsync(main, change(await File.ReadAllTextAsync(main)));
            }

            var file = Path.Combine(directory.FullName, "test.bicepparam");
            string[] lines =
            [
                "using 'main.bicep'",
                "param environmentName = 'test'",
                "param location = 'swedencentral'",
                "param upstreamBaseUrl = 'https://upstream.example/v1'",
                .. parameters.Select(parameter => $"param {parameter}"),
            ];
            await File.WriteAllLinesAsync(file, lines);
            return await Bicep.PredictAsync(file);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    /// <summary>Copies the template somewhere else.</summary>
    private static void CopyTemplate(string target)
    {
        var source = Repository.File("infra");
        foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(target, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    [GeneratedRegex("^output (?<name>[A-Z_]+) string = (?<value>.*)$", RegexOptions.Multiline)]
    private static partial Regex Output();

    /// <summary>One resource of a deployment.</summary>
    internal sealed record Resource(JsonElement Json)
    {
        public string Id => Json.GetProperty("id").GetString()!;

        public string Type => Json.GetProperty("type").GetString()!;

        /// <summary>The last part of the name.</summary>
        public string Name => Json.GetProperty("name").GetString()!.Split('/')[^1];

        public JsonElement Properties => Json.GetProperty("properties");

        /// <summary>The value at a path of property names and positions, such as <c>policy.rules.0.name</c>.</summary>
        public JsonElement At(string path) => path.Split('.').Aggregate(
            Properties,
            (element, part) => element.ValueKind == JsonValueKind.Array
                ? element[int.Parse(part, System.Globalization.CultureInfo.InvariantCulture)]
                : element.GetProperty(part));
    }
}
