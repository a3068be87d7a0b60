using System.CommandLine;
using System.Text.Json;
using Azure.Data.Tables;
using BatchFunctions.Keys;
using BatchFunctions.Projects;
using BatchFunctions.SelfHost.Commands;
using BatchFunctions.Storage;

namespace BatchFunctions.SelfHost.Keys;

/// <summary>The commands <c>keys add</c>, <c>keys list</c> and <c>keys revoke</c>.</summary>
internal static class KeysCommand
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
    };

    /// <summary>The command <c>keys</c> with its three subcommands.</summary>
    /// <param name="data">The option for the folder of the embedded storage.</param>
    /// <param name="codeOf">The exit code for a failure of each kind.</param>
    /// <param name="makesData">Whether to create an embedded storage if there is none yet.</param>
    public static Command Create(Option<string> data, Func<FailureKind, int> codeOf, bool makesData)
    {
        var storage = new StorageCommands(data, codeOf, makesData, "keys", TableNames.ApiKeys, TableNames.Projects);
        void Runs(
            Command command, Func<ApiKeyStore, ParseResult, CancellationToken, Task<int>> act, Action<ParseResult>? check = null) =>
            storage.Runs(command, (tables, parsed, ct) => act(new ApiKeyStore(tables, TimeProvider.System), parsed, ct), check);

        var project = new Option<string>("--project") { Description = "The project that the key opens.", Required = true };
        var label = new Option<string>("--name") { Description = "A label for the list.", DefaultValueFactory = _ => "" };
        var expires = new Option<string?>("--expires") { Description = "How long the key opens the project, such as 12h or 90d; for good where it is not given.", HelpName = "LIFE" };
        var add = new Command("add", "Makes a key and prints it, alone, on standard output.") { project, label, expires };
        storage.Runs(
            add,
            (tables, parsed, ct) => AddAsync(
                tables, parsed.GetValue(project)!, parsed.GetValue(label)!, LifeOf(parsed.GetValue(expires)), parsed.InvocationConfiguration.Output, ct),
            parsed =>
            {
                CheckNames(parsed.GetValue(project)!, parsed.GetValue(label)!);
                _ = LifeOf(parsed.GetValue(expires));
            });

        var asJson = new Option<bool>("--json") { Description = "Prints JSON for programs." };
        var list = new Command("list", "Lists all keys, revoked and expired ones included; never the keys themselves.") { asJson };
        Runs(list, (keys, parsed, ct) => ListAsync(keys, parsed.GetValue(asJson), parsed.InvocationConfiguration.Output, ct));

        var id = new Argument<string>("ID") { Description = "The key's id, as the list shows it." };
        var revoke = new Command("revoke", "Revokes a key; it stops working within a minute.") { id };
        Runs(revoke, (keys, parsed, ct) => RevokeAsync(keys, parsed.GetValue(id)!, parsed.InvocationConfiguration.Output, ct));

        return new Command("keys", "Makes, lists and revokes API keys.") { storage.Storage, add, list, revoke };
    }

    /// <summary>Checked before any storage is opened, so that an invalid name does not start an emulator.</summary>
    private static void CheckNames(string project, string label)
    {
        if (label.Length > ApiKeyStore.LongestName)
        {
            throw new StartupException($"The label is too long: it may have {ApiKeyStore.LongestName} characters.");
        }

        if (label.Any(char.IsControl))
        {
            throw new StartupException("The label has a control character, such as a line break: give one of text alone.");
        }

        ProjectNames.Check(project);
    }

    private static TimeSpan? LifeOf(string? text) =>
        text is null ? null
        : KeyLife.Parse(text) ?? throw new StartupException($"--expires cannot be '{text}': give {KeyLife.Form}.");

    private static async Task<int> AddAsync(
        TableServiceClient tables, string project, string label, TimeSpan? life, TextWriter output, CancellationToken ct)
    {
        await output.WriteLineAsync(await KeyCreation.CreateAsync(
            new ApiKeyStore(tables, TimeProvider.System), new ProjectStore(tables), project, label, life, ct));
        return 0;
    }

    private static async Task<int> ListAsync(ApiKeyStore keys, bool asJson, TextWriter output, CancellationToken ct)
    {
        var all = await keys.ListAsync(ct).OrderBy(key => key.CreatedAt).ToListAsync(ct);
        if (asJson)
        {
            await output.WriteLineAsync(JsonSerializer.Serialize(all, Json));
            return 0;
        }

        await output.WriteLineAsync($"{"ID",-20}  {"PROJECT",-20}  {"CREATED",-16}  {"EXPIRES",-16}  {"REVOKED",-16}  NAME");
        foreach (var key in all)
        {
            await output.WriteLineAsync(
                $"{key.Id,-20}  {key.Project,-20}  {Text(key.CreatedAt),-16}  {Text(key.ExpiresAt),-16}  {Text(key.RevokedAt),-16}  {TerminalText.OneLine(key.Name)}");
        }

        return 0;
    }

    private static string Text(DateTimeOffset? time) => time?.ToString("yyyy-MM-dd HH:mm", null) ?? "-";

    private static async Task<int> RevokeAsync(ApiKeyStore keys, string id, TextWriter output, CancellationToken ct)
    {
        if (await keys.RevokeAsync(id, ct))
        {
            await output.WriteLineAsync($"Revoked {id}; it stops working within a minute.");
            return 0;
        }

        throw new StartupException($"There is no key with the id '{id}': 'keys list' shows the ids.") { Kind = FailureKind.Refused };
    }
}
