using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Azure.Data.Tables;
using BatchFunctions.Cli;
using BatchFunctions.IntegrationTests.Clients;
using BatchFunctions.Keys;
using BatchFunctions.Storage;

namespace BatchFunctions.IntegrationTests.Cli;

/// <summary><c>batch keys</c>: the self-host's own commands, on the service's storage.</summary>
public sealed class KeysTests
{
    [Fact]
    public async Task A_key_that_is_made_opens_the_service_until_it_is_revoked()
    {
        var storage = TestStorage.NewAccount();
        await using var service = await ServiceDriver.StartAsync(new Dictionary<string, string?> { [StorageClients.Connection] = storage });
        using var cli = new CliDriver(service.Endpoint, key: null);

        var add = await cli.RunAsync("keys", "add", "--project", "team-a", "--name", "made here", "--storage", storage);

        add.AssertExit(ExitCodes.Done);
        Assert.Matches("^sk-[A-Za-z0-9]{54}$", add.Output.TrimEnd());
        cli.Set("OPENAI_API_KEY", add.Output.TrimEnd());
        (await cli.RunAsync("list")).AssertExit(ExitCodes.Done);

        var list = await cli.RunAsync("keys", "list", "--json", "--storage", storage);
        var made = JsonDocument.Parse(list.Output).RootElement.EnumerateArray().Single(key => key.GetProperty("project").GetString() == "team-a");
        var revoke = await cli.RunAsync("keys", "revoke", made.GetProperty("id").GetString()!, "--storage", storage);
        revoke.AssertExit(ExitCodes.Done);
        Assert.Matches(@"team-a\s+\d{4}-\d\d-\d\d \d\d:\d\d\s+-\s+\d{4}-\d\d-\d\d \d\d:\d\d\s+made here", (await cli.RunAsync("keys", "list", "--storage", storage)).Output);
    }

    [Fact]
    public async Task A_key_may_be_made_to_expire_and_the_list_says_when()
    {
        var storage = TestStorage.NewAccount();
        using var cli = new CliDriver(baseUrl: null, key: null);

        (await cli.RunAsync("keys", "add", "--project", "team-a", "--expires", "90d", "--storage", storage)).AssertExit(ExitCodes.Done);

        var made = JsonDocument.Parse((await cli.RunAsync("keys", "list", "--json", "--storage", storage)).Output).RootElement[0];
        Assert.Equal(TimeSpan.FromDays(90), made.GetProperty("expires_at").GetDateTimeOffset() - made.GetProperty("created_at").GetDateTimeOffset());
        Assert.Matches(@"team-a\s+\d{4}-\d\d-\d\d \d\d:\d\d\s+\d{4}-\d\d-\d\d \d\d:\d\d\s+-", (await cli.RunAsync("keys", "list", "--storage", storage)).Output);
        foreach (var wrong in new[] { "0d", "90", "-1d", "3651d", "soon", "90D" })
        {
            (await cli.RunAsync("keys", "add", "--project", "team-a", $"--expires={wrong}", "--storage", storage))
                .AssertOneLine(ExitCodes.Usage, $"--expires cannot be '{wrong}'");
        }
    }

    [Fact]
    public async Task A_label_that_would_steer_the_terminal_is_refused_and_shown_harmlessly_where_there_is_one()
    {
        var storage = TestStorage.NewAccount();
        using var cli = new CliDriver(baseUrl: null, key: null);
        const string Label = "red \e[31m\nteam";

        (await cli.RunAsync("keys", "add", "--project", "team-a", "--name", Label, "--storage", storage))
            .AssertOneLine(ExitCodes.Usage, "The label has a control character");
        (await cli.RunAsync("keys", "add", "--project", "team-a", "--storage", storage)).AssertExit(ExitCodes.Done);
        await new ApiKeyStore(new TableServiceClient(storage), TimeProvider.System).CreateAsync("team-a", Label, default);

        var listed = (await cli.RunAsync("keys", "list", "--storage", storage)).Output;
        Assert.Contains("red  [31m team", listed, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', listed);
    }

    [Fact]
    public async Task Keys_are_not_made_where_no_storage_is_named()
    {
        using var cli = new CliDriver(baseUrl: null, key: null);

        var list = await cli.RunAsync("keys", "list", "--data", cli.PathOf("none"));

        list.AssertOneLine(ExitCodes.Usage, "No storage is named", "--storage https://ACCOUNT.table.core.windows.net", "--data");
        Assert.False(Directory.Exists(cli.PathOf("none")));
    }

    [Fact]
    public async Task Storage_that_does_not_answer_and_projects_and_keys_that_are_none_are_told_on_one_line()
    {
        using var cli = new CliDriver(baseUrl: null, key: null);
        const string Nowhere = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;TableEndpoint=http://127.0.0.1:9/a";
        var storage = TestStorage.NewAccount();

        (await cli.RunAsync("keys", "list", "--storage", Nowhere)).AssertOneLine(ExitCodes.Refused, "Storage cannot be reached");
        (await cli.RunAsync("keys", "add", "--project", "Not One", "--storage", storage)).AssertOneLine(ExitCodes.Usage, "'Not One' is no project name");
        (await cli.RunAsync("keys", "list", "--storage", "rubbish")).AssertOneLine(ExitCodes.Usage, "'rubbish' names no storage");
        (await cli.RunAsync("keys", "list", "--storage", "AccountName=a")).AssertOneLine(ExitCodes.Usage, "is no connection string");
        (await cli.RunAsync("keys", "revoke", "key_0", "--storage", storage)).AssertOneLine(ExitCodes.Refused, "There is no key with the id 'key_0'");
    }

    [Fact]
    public async Task A_command_that_is_interrupted_is_told_from_a_storage_that_refuses()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        using var cli = new CliDriver(baseUrl: null, key: null);
        using var interrupt = new CancellationTokenSource();
        var list = cli.RunUntilAsync(
            interrupt.Token, "keys", "list", "--storage",
            $"DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;TableEndpoint=http://{silent.LocalEndpoint}/a");
        using var asked = await silent.AcceptTcpClientAsync().WaitAsync(TimeSpan.FromMinutes(1));

        await interrupt.CancelAsync();

        (await list).AssertExit(ExitCodes.Interrupted);
    }
}
