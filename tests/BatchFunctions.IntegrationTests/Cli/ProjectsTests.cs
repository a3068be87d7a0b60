using System.Text.Json;
using BatchFunctions.Cli;
using BatchFunctions.IntegrationTests.Clients;
using BatchFunctions.Storage;

namespace BatchFunctions.IntegrationTests.Cli;

/// <summary><c>batch projects</c>, the self-host's own commands, and <c>batch limits</c>.</summary>
public sealed class ProjectsTests
{
    [Fact]
    public async Task What_is_set_is_listed_and_what_is_not_given_stays()
    {
        using var cli = new CliDriver(baseUrl: null, key: null);
        var storage = TestStorage.NewAccount();
        (await cli.RunAsync("keys", "add", "--project", "team-b", "--storage", storage)).AssertExit(ExitCodes.Done);

        var first = await cli.RunAsync("projects", "set", "team-a", "--weight", "20", "--max-batches", "5", "--role", "operator", "--storage", storage);
        Assert.Matches(@"team-a\s+20\s+5\s+default\s+default\s+operator", first.Output);
        var second = await cli.RunAsync("projects", "set", "team-a", "--max-lines", "0", "--max-upload-bytes", "1000", "--weight", "default", "--role", "none", "--storage", storage);
        Assert.Matches(@"team-a\s+default\s+5\s+0\s+1000\s+-", second.Output);

        var list = await cli.RunAsync("projects", "list", "--storage", storage);
        Assert.Matches(@"PROJECT\s+WEIGHT\s+MAX BATCHES\s+MAX LINES\s+MAX UPLOAD BYTES\s+ROLE\s+team-a\s+default\s+5\s+0\s+1000\s+-\s+team-b\s+default\s+default\s+default\s+default\s+-", list.Output);
        var json = JsonDocument.Parse((await cli.RunAsync("projects", "list", "--json", "--storage", storage)).Output).RootElement;
        Assert.Equal(
            """{"name":"team-a","weight":null,"max_batches":5,"max_lines":0,"max_upload_bytes":1000,"role":"none","erasing_since":null}""",
            JsonSerializer.Serialize(json[0]));
        Assert.Equal(2, json.GetArrayLength());
    }

    [Theory]
    [InlineData("'Team A' is no project name", "Team A", "--weight", "1")]
    [InlineData("There is nothing to set", "team-a")]
    [InlineData("--weight cannot be '0': give a number from 1 to 1000, or 'default'.", "team-a", "--weight", "0")]
    [InlineData("--weight cannot be '1001'", "team-a", "--weight", "1001")]
    [InlineData("--weight cannot be '1.5'", "team-a", "--weight", "1.5")]
    [InlineData("--max-batches cannot be '10001': give a number from 0 to 10000", "team-a", "--max-batches", "10001")]
    [InlineData("--max-lines cannot be 'many': give a number from 0 to 1000000000", "team-a", "--max-lines", "many")]
    [InlineData("--max-lines cannot be '-1'", "team-a", "--max-lines=-1")]
    [InlineData("--max-upload-bytes cannot be '1GB': give a number from 0 to 1125899906842624", "team-a", "--max-upload-bytes", "1GB")]
    [InlineData("--role cannot be 'admin': give 'operator' or 'none'.", "team-a", "--role", "admin")]
    public async Task What_cannot_be_set_is_told_on_one_line_and_opens_no_storage(string said, string project, params string[] options)
    {
        using var cli = new CliDriver(baseUrl: null, key: null);

        var set = await cli.RunAsync(["projects", "set", project, .. options, "--data", cli.PathOf("none")]);

        set.AssertOneLine(ExitCodes.Usage, said);
    }

    [Fact]
    public async Task A_project_is_removed_once_that_is_confirmed_and_gets_no_key_meanwhile()
    {
        using var cli = new CliDriver(baseUrl: null, key: null);
        var storage = TestStorage.NewAccount();
        (await cli.RunAsync("keys", "add", "--project", "team-a", "--storage", storage)).AssertExit(ExitCodes.Done);
        (await cli.RunAsync("keys", "add", "--project", "team-b", "--storage", storage)).AssertExit(ExitCodes.Done);

        (await cli.RunAsync("projects", "remove", "team-a", "--storage", storage)).AssertOneLine(ExitCodes.Usage, "erases everything of the project 'team-a'", "--yes");
        (await cli.RunAsync("projects", "remove", "Team A", "--yes", "--storage", storage)).AssertOneLine(ExitCodes.Usage, "'Team A' is no project name");
        Assert.DoesNotContain("erased", (await cli.RunAsync("projects", "list", "--storage", storage)).Output, StringComparison.Ordinal);

        var removed = await cli.RunAsync("projects", "remove", "team-a", "--yes", "--storage", storage);
        var again = await cli.RunAsync("projects", "remove", "team-a", "--yes", "--storage", storage);

        removed.AssertExit(ExitCodes.Done);
        Assert.Equal(removed.Output, again.Output);
        var keys = JsonDocument.Parse((await cli.RunAsync("keys", "list", "--json", "--storage", storage)).Output).RootElement.EnumerateArray();
        Assert.All(keys, key => Assert.Equal(key.GetProperty("project").GetString() == "team-b", key.GetProperty("revoked_at").ValueKind == JsonValueKind.Null));
        Assert.Matches(@"team-a .*being erased since 20\d\d", (await cli.RunAsync("projects", "list", "--storage", storage)).Output);
        (await cli.RunAsync("keys", "add", "--project", "team-a", "--storage", storage)).AssertOneLine(ExitCodes.Refused, "'team-a' is being erased");
        (await cli.RunAsync("projects", "set", "team-a", "--weight", "2", "--storage", storage)).AssertOneLine(ExitCodes.Refused, "'team-a' is being erased");
    }

    [Fact]
    public async Task Without_a_storage_the_option_is_named()
    {
        using var cli = new CliDriver(baseUrl: null, key: null);

        (await cli.RunAsync("projects", "list", "--data", cli.PathOf("none")))
            .AssertOneLine(ExitCodes.Usage, "No storage is named to keep projects in", "--storage");
    }

    [Fact]
    public async Task The_limits_command_shows_what_was_set()
    {
        var storage = TestStorage.NewAccount();
        await using var service = await ServiceDriver.StartAsync(new Dictionary<string, string?> { [StorageClients.Connection] = storage });
        using var cli = new CliDriver(service.Endpoint, service.Key);
        (await cli.RunAsync("projects", "set", "clients", "--max-batches", "1234", "--storage", storage)).AssertExit(ExitCodes.Done);

        var limits = await cli.RunAsync("limits");

        limits.AssertExit(ExitCodes.Done);
        Assert.Matches(@"USED\s+LIMIT\s+LEFT", limits.Output);
        Assert.Matches(@"Batches not ended\s+0\s+1,234\s+1,234", limits.Output);
        Assert.Matches(@"Lines waiting\s+0\s+10,000,000\s+10,000,000", limits.Output);
        Assert.Matches(@"Bytes in them\s+0\s", limits.Output);
        Assert.Matches(@"Project\s+clients", limits.Output);
        var json = JsonDocument.Parse((await cli.RunAsync("limits", "--json")).Output).RootElement;
        Assert.Equal(1234, json.GetProperty("batches").GetProperty("limit").GetInt64());
    }
}
