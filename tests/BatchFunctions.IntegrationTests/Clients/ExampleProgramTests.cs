using System.Text.Json;
using System.Text.RegularExpressions;
using BatchFunctions.Testing;

namespace BatchFunctions.IntegrationTests.Clients;

/// <summary>The programs of <c>examples/</c>, run as their readers would, and the upstreams' settings.</summary>
public sealed partial class ExampleProgramTests
{
    [Fact]
    public Task The_curl_example_runs() => RunAsync(async () =>
    {
        await MachineProgram.Curl.FindAsync();
        return ("bash", [Example("curl/batch.sh")], Examples);
    });

    [Fact]
    public Task The_python_example_runs() =>
        RunAsync(async () => (await MachineProgram.Python.FindAsync(), [Example("python/batch.py")], Examples));

    [Fact]
    public async Task The_python_clients_example_runs()
    {
        await using var service = await ServiceDriver.StartAsync();
        AssertResults(await OpenAiPython.RunAsync(Example("python/openai_batch.py"), [Example("requests.jsonl")], service));
    }

    [Fact]
    public Task The_dotnet_example_runs() => RunAsync(() => Task.FromResult(
        ("dotnet", new[] { Built("dotnet/bin", "BatchFunctions.Example.dll"), Example("requests.jsonl") }, Examples)));

    [Theory]
    [InlineData("node")]
    [InlineData("ai-sdk")]
    public async Task The_node_examples_run(string example)
    {
        var folder = await InstalledAsync(example);
        await using var service = await ServiceDriver.StartAsync();
        AssertResults(await ClientProcess.RunAsync("node", ["batch.mjs", Example("requests.jsonl")], folder, service));
    }

    [Fact]
    public async Task A_batch_is_cancelled_with_the_ai_sdk()
    {
        var release = new TaskCompletionSource();
        await using var upstream = await new ScriptedUpstream().Answer(call => ScriptedAnswer.Chat(call).After(release.Task)).StartAsync();
        var folder = await InstalledAsync("ai-sdk");
        await using (var service = await ServiceDriver.StartAsync(new Dictionary<string, string?> { ["Batch:Upstream:BaseUrl"] = upstream.Address.ToString() }))
        {
            Assert.Equal("a cancelled\nb cancelled", (await ClientProcess.RunAsync("node", ["cancel.mjs"], folder, service)).Trim());
        }

        release.SetResult();
    }

    [Fact]
    public async Task The_settings_of_each_upstream_lead_to_where_it_listens()
    {
        var rows = Upstreams().Matches(await File.ReadAllTextAsync(Example("README.md")));
        Assert.Equal(
            ["vLLM", "Ollama", "Azure OpenAI", "Azure OpenAI, one deployment", "Gemini", "Zhipu", "Volcengine", "OpenRouter", "a gateway"],
            rows.Select(row => row.Groups["name"].Value));
        foreach (Match row in rows)
        {
            var settings = Settings().Matches(row.Groups["settings"].Value)
                .ToDictionary(setting => setting.Groups["name"].Value, setting => setting.Groups["value"].Value);
            await using var upstream = await new ScriptedUpstream().StartAsync();
            var documented = new Uri(settings["Batch__Upstream__BaseUrl"]);
            settings["Batch__Upstream__BaseUrl"] = new Uri(upstream.Address, documented.PathAndQuery).ToString();
            await using var service = await ServiceDriver.StartAsync(
                settings.ToDictionary(setting => setting.Key.Replace("__", ":", StringComparison.Ordinal), setting => (string?)setting.Value));
            using var client = new HttpClient { BaseAddress = service.Endpoint };
            client.DefaultRequestHeaders.Authorization = new("Bearer", service.Key);
            await BatchRun.ToEndAsync(client, await File.ReadAllTextAsync(Example("requests.jsonl")));
            var call = upstream.Calls[0];
            Assert.Equal((documented.AbsolutePath.TrimEnd('/') + "/chat/completions", documented.Query), (call.Path, call.Query));
            var key = settings.GetValueOrDefault("Batch__Upstream__ApiKey");
            var header = settings.GetValueOrDefault("Batch__Upstream__ApiKeyHeader", "Authorization");
            Assert.Equal(key is null ? "" : header == "Authorization" ? $"Bearer {key}" : key, call.Headers[header].ToString());
            foreach (var (name, value) in settings.Where(setting => setting.Key.StartsWith(AdditionalHeader, StringComparison.Ordinal)))
            {
                Assert.Equal(value, call.Headers[name[AdditionalHeader.Length..]]);
            }
        }
    }

    private const string AdditionalHeader = "Batch__Upstream__Headers__";

    private static string Examples => Repository.At("examples");

    private static string Example(string path) => Path.Combine(Examples, path);

    /// <summary>A program in its own output, of the same configuration and framework as these tests.</summary>
    private static string Built(string bin, string program)
    {
        var framework = new DirectoryInfo(AppContext.BaseDirectory);
        return Path.Combine(Examples, bin, framework.Parent!.Name, framework.Name, program);
    }

    /// <summary>An example of Node.js, installed beside the tests, and not into the examples' folder, which is the reader's.</summary>
    private static async Task<string> InstalledAsync(string example)
    {
        var folder = Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "node-examples", example)).FullName;
        foreach (var file in Directory.GetFiles(Example(example), "*.*").Where(file => !file.Contains("node_modules", StringComparison.Ordinal)))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
        }

        await ClientProcess.InstallAsync(folder);
        return folder;
    }

    private static async Task RunAsync(Func<Task<(string Program, string[] Arguments, string Folder)>> find)
    {
        var (program, arguments, folder) = await find();
        await using var service = await ServiceDriver.StartAsync();
        AssertResults(await ClientProcess.RunAsync(program, arguments, folder, service));
    }

    private static void AssertResults(string printed) => Assert.Equal(
        ["a", "b"],
        printed.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement.GetProperty("custom_id").GetString()!).Order());

    [GeneratedRegex(@"^\| (?<name>[^|]+) \| (?<settings>`Batch__Upstream__BaseUrl=.*) \|$", RegexOptions.Multiline)]
    private static partial Regex Upstreams();

    [GeneratedRegex("`(?<name>Batch__[A-Za-z_-]+)=(?<value>[^`]+)`")]
    private static partial Regex Settings();
}
