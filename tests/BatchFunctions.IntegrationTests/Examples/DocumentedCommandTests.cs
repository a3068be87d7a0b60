using System.Text.Json;
using System.Text.RegularExpressions;
using BatchFunctions.IntegrationTests.Clients;
using BatchFunctions.IntegrationTests.SelfHost;
using BatchFunctions.Testing;

namespace BatchFunctions.IntegrationTests.Examples;

/// <summary>The commands that the documents tell to type: those of the README's batch are run here as they stand there.</summary>
public sealed partial class DocumentedCommandTests
{
    private const string NeedsAzure = "needs a subscription: docs/operations.md says what of it could not be tried";
    private const string NeedsWorkerPackages = "the job 'smoke' of .github/workflows/ci.yml";

    /// <summary>What runs each command, by how the command begins.</summary>
    private static readonly (string Command, string RunBy)[] Ledger =
    [
        ("dotnet run --project src/BatchFunctions.SelfHost -- keys", nameof(HostProcessTests)),
        ("dotnet run --project src/BatchFunctions.SelfHost -- projects", nameof(Cli.ProjectsTests)),
        ("dotnet run --project src/BatchFunctions.SelfHost", nameof(HostProcessTests)),
        ("dotnet test", ".ci/run"),
        ("dotnet format --verify-no-changes", "the job 'build-and-test' of .github/workflows/ci.yml; white space alone: .ci/run"),
        (".ci/run", "every change"),
        ("dotnet pack src/BatchFunctions.Cli", nameof(Cli.ToolPackageTests)),
        ("dotnet tool install --global BatchFunctions.Cli", nameof(Cli.ToolPackageTests)),
        ("dotnet run -c Release --project tests/BatchFunctions.Proof -- upstream", "most of it: UpstreamProofTests"),
        ("dotnet run -c Release --project tests/BatchFunctions.Proof", "the proof's short form: ProofTests"),
        ("git worktree add ../before", "by hand; lives in which the other version is this one: LivesTests of BatchFunctions.Simulation.Tests"),
        ("dotnet run -c Release --project tests/BatchFunctions.Simulation", "fewer lives: LivesTests of BatchFunctions.Simulation.Tests"),
        ("dotnet run -c Release --project bench/BatchFunctions.Bench", "by hand, on a quiet machine"),
        ("tests/BatchFunctions.Fuzz/fuzz.sh", "by hand"),
        ("tests/smoke/func-smoke.sh", NeedsWorkerPackages),
        ("cp local.settings.sample.json", NeedsWorkerPackages),
        ("dotnet build -c Release src/BatchFunctions.FunctionApp", NeedsWorkerPackages),
        ("dotnet build", ".ci/run"),
        ("cd src/BatchFunctions.FunctionApp", NeedsWorkerPackages),
        ("dotnet publish src/BatchFunctions.SelfHost -t:PublishContainer", nameof(Container.ContainerImageTests)),
        ("docker compose -f infra/container/compose.yaml", "by hand, with Docker; ComposeTests of BatchFunctions.Infra.Tests hold the file to the image"),
        ("az ", NeedsAzure),
        ("azd ", NeedsAzure),
        ("git pull && azd deploy", NeedsAzure),
        ("group=$(azd env get-value", NeedsAzure),
        ("export ", nameof(ClientProcess)),
        ("cat > requests.jsonl", nameof(The_readmes_curl_commands_take_a_batch_from_its_lines_to_its_results)),
        ("curl ", nameof(The_readmes_curl_commands_take_a_batch_from_its_lines_to_its_results)),
        ("$ ", nameof(The_readmes_session_at_the_command_line_runs)),
    ];

    private static readonly string[] Documents =
        ["README.md", "CONTRIBUTING.md", "docs/api.md", "docs/operations.md", "docs/self-hosting.md", "docs/troubleshooting.md", "docs/upstream.md", "examples/README.md", "bench/BatchFunctions.Bench/README.md", "tests/BatchFunctions.Proof/README.md", "tests/BatchFunctions.Simulation/README.md"];

    [Fact]
    public async Task Of_every_command_it_is_known_what_runs_it()
    {
        var unused = Ledger.Select(entry => entry.Command).ToHashSet();
        foreach (var document in Documents)
        {
            foreach (var command in CommandsOf(await File.ReadAllTextAsync(Repository.At(document))))
            {
                var entry = Ledger.FirstOrDefault(entry => command.StartsWith(entry.Command, StringComparison.Ordinal));
                Assert.True(entry.RunBy is not null, $"{document}: what runs '{command}'?");
                unused.Remove(entry.Command);
            }
        }

        Assert.Empty(unused);
    }

    [Fact]
    public async Task The_readmes_curl_commands_take_a_batch_from_its_lines_to_its_results()
    {
        await MachineProgram.Curl.FindAsync();
        await using var service = await ServiceDriver.StartAsync();
        using var folder = new DataFolder();
        var block = (await BlocksAsync("sh")).Single(block => block.Contains("cat > requests.jsonl", StringComparison.Ordinal));

        // The address and the key are this service's, in the place of those that a reader has.
        var first = block.IndexOf("curl ", StringComparison.Ordinal);
        var lines = string.Join('\n', block[..first].Split('\n').Where(line => !line.StartsWith("export ", StringComparison.Ordinal)));
        await BashAsync(lines, folder.Path, service);
        var commands = block[first..].Replace("\\\n", "", StringComparison.Ordinal).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(4, commands.Length);

        var file = Root(await BashAsync(commands[0], folder.Path, service)).GetProperty("id").GetString()!;
        var batch = Root(await BashAsync(commands[1].Replace("file-...", file, StringComparison.Ordinal), folder.Path, service)).GetProperty("id").GetString()!;
        var look = commands[2].Replace("batch_...", batch, StringComparison.Ordinal);
        JsonElement ended = default;
        await BatchFunctions.Testing.Eventually.UntilAsync(
            async () => (ended = Root(await BashAsync(look, folder.Path, service))).GetProperty("status").GetString() == "completed",
            TimeSpan.FromMinutes(1),
            "the batch is completed");
        var results = await BashAsync(
            commands[3].Replace("file-...", ended.GetProperty("output_file_id").GetString(), StringComparison.Ordinal), folder.Path, service);
        Assert.Equal(["a", "b"], CustomIds(results));

        var list = (await BlocksAsync("sh")).Single(block => block.Contains("batches?limit=20", StringComparison.Ordinal));
        Assert.Equal(batch, Root(await BashAsync(list, folder.Path, service)).GetProperty("first_id").GetString());
    }

    [Fact]
    public async Task The_readmes_session_at_the_command_line_runs()
    {
        await using var service = await ServiceDriver.StartAsync();
        using var folder = new DataFolder();
        File.Copy(Repository.At("examples/requests.jsonl"), Path.Combine(folder.Path, "requests.jsonl"));
        var tool = Path.Combine(AppContext.BaseDirectory, "batch.dll");
        string Installed(string command) => $"batch() {{ dotnet '{tool}' \"$@\"; }}\n{command}";
        var session = (await BlocksAsync("console")).Single();
        var commands = session.Split('\n').Where(line => line.StartsWith("$ ", StringComparison.Ordinal)).Select(line => line[2..]).ToList();
        Assert.Equal(4, commands.Count);

        await BashAsync(Installed(commands[0]), folder.Path, service);
        Assert.Equal(["a", "b"], CustomIds(await File.ReadAllTextAsync(Path.Combine(folder.Path, "results.jsonl"))));
        var listed = await BashAsync(Installed(commands[3]), folder.Path, service);
        var batch = BatchId().Match(listed).Value;
        Assert.Contains("2/2", listed, StringComparison.Ordinal);

        File.Delete(Path.Combine(folder.Path, "results.jsonl"));
        var wait = BatchId().Replace(commands[1], batch);
        Assert.EndsWith("0\n", await BashAsync(Installed($"{wait}\n{commands[2]}"), folder.Path, service), StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(folder.Path, "results.jsonl")));
    }

    private static Task<string> BashAsync(string script, string folder, ServiceDriver service) =>
        ClientProcess.RunAsync("bash", ["-c", script], folder, service);

    private static async Task<IEnumerable<string>> BlocksAsync(string language) =>
        Blocks().Matches(await File.ReadAllTextAsync(Repository.At("README.md")))
            .Where(block => block.Groups["language"].Value == language).Select(block => block.Groups["text"].Value);

    /// <summary>Commands in fences of a shell or of none, one each; what they print or read is left out.</summary>
    private static IEnumerable<string> CommandsOf(string document)
    {
        foreach (Match block in Blocks().Matches(document))
        {
            var text = HereDocument().Replace(block.Groups["text"].Value, "").Replace("\\\n", "", StringComparison.Ordinal);
            foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                if (block.Groups["language"].Value switch
                {
                    "sh" => true,
                    "console" => line.StartsWith("$ ", StringComparison.Ordinal),
                    "" => line.StartsWith("dotnet ", StringComparison.Ordinal),
                    _ => false,
                })
                {
                    yield return line;
                }
            }
        }
    }

    private static IEnumerable<string> CustomIds(string lines) =>
        lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => Root(line).GetProperty("custom_id").GetString()!).Order();

    private static JsonElement Root(string json) => JsonDocument.Parse(json).RootElement;

    [GeneratedRegex(@"^```(?<language>[a-z]*)\n(?<text>.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Blocks();

    [GeneratedRegex(@"(?<=<<'JSONL'\n).*?^JSONL$", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex HereDocument();

    [GeneratedRegex("batch_[0-9a-f]{32}")]
    private static partial Regex BatchId();
}
