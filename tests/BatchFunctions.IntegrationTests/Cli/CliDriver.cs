using System.CommandLine;
using System.Text;
using System.Text.Json;
using BatchFunctions.Cli;
using BatchFunctions.Cli.Api;
using BatchFunctions.Cli.Waiting;
using BatchFunctions.IntegrationTests.SelfHost;

namespace BatchFunctions.IntegrationTests.Cli;

/// <summary>The command line in the test's own process: a folder of its own, its own variables, short waits.</summary>
internal sealed class CliDriver : IDisposable
{
    private readonly DataFolder _folder = new();
    private readonly Dictionary<string, string?> _variables;

    public CliDriver(Uri? baseUrl, string? key)
    {
        _variables = new Dictionary<string, string?> { ["OPENAI_BASE_URL"] = baseUrl?.ToString(), ["OPENAI_API_KEY"] = key };
        CommandEnvironment = new CommandEnvironment
        {
            Variable = name => _variables.GetValueOrDefault(name),
            Poll = new PollTimes { First = TimeSpan.FromMilliseconds(20), Longest = TimeSpan.FromMilliseconds(100) },
            Times = new ApiTimes { FirstDelay = TimeSpan.FromMilliseconds(10) },
        };
    }

    public CommandEnvironment CommandEnvironment { get; set; }

    public void Dispose() => _folder.Dispose();

    public void Set(string variable, string? value) => _variables[variable] = value;

    public string PathOf(string name) => Path.Combine(_folder.Path, name);

    public string Read(string name) => File.ReadAllText(PathOf(name));

    public bool Has(string name) => File.Exists(PathOf(name));

    public string Write(string name, params string[] lines)
    {
        File.WriteAllLines(PathOf(name), lines);
        return PathOf(name);
    }

    /// <summary>A file of valid requests; <c>FAIL</c> in an id makes the echo upstream refuse the line.</summary>
    public string WriteRequests(params string[] ids) => Write("requests.jsonl", [.. ids.Select(LineOf)]);

    public static string LineOf(string id) => JsonSerializer.Serialize(new
    {
        custom_id = id,
        method = "POST",
        url = "/v1/chat/completions",
        body = id.Contains("FAIL", StringComparison.Ordinal)
            ? (object)new { model = "echo" }
            : new { model = "echo", messages = new[] { new { role = "user", content = id } } },
    });

    /// <summary>The <c>custom_id</c>s of a file of results, in order.</summary>
    public static IEnumerable<string> IdsIn(string results) => results
        .Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Select(line => JsonDocument.Parse(line).RootElement.GetProperty("custom_id").GetString()!)
        .Order(StringComparer.Ordinal);

    public Task<CliRun> RunAsync(params string[] arguments) => RunUntilAsync(CancellationToken.None, arguments);

    /// <summary>Runs a command that is ended by a token, as Ctrl-C ends it.</summary>
    public async Task<CliRun> RunUntilAsync(CancellationToken interrupt, params string[] arguments)
    {
        using var bytes = new MemoryStream();
        var output = new StringWriter();
        var errors = new StringWriter();
        var code = await BatchCommandLine.RunAsync(
            arguments,
            CommandEnvironment with { StandardOutput = () => bytes },
            new InvocationConfiguration { Output = output, Error = errors },
            interrupt);
        return new CliRun(code, output + Encoding.UTF8.GetString(bytes.ToArray()), errors.ToString());
    }
}

/// <summary>What a command has left.</summary>
internal sealed record CliRun(int ExitCode, string Output, string Errors)
{
    /// <summary>The batch that the command speaks of.</summary>
    public string BatchId => Errors.Split(' ', '\n', '`', '.').First(word => word.StartsWith("batch_", StringComparison.Ordinal));

    /// <summary>Fails unless the command has ended so, and has told why on one line that says this.</summary>
    public void AssertOneLine(int exitCode, params string[] said)
    {
        Assert.Equal((exitCode, Errors), (ExitCode, Errors));
        var line = Assert.Single(Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.All(said, part => Assert.Contains(part, line, StringComparison.Ordinal));
    }

    public void AssertExit(int exitCode) => Assert.Equal((exitCode, Errors), (ExitCode, Errors));
}
