using System.CommandLine;
using System.Text.Json;
using Azure;
using BatchFunctions.Keys;
using BatchFunctions.SelfHost.Azurite;
using BatchFunctions.SelfHost.Settings;
using BatchFunctions.Storage;

namespace BatchFunctions.SelfHost.Keys;

/// <summary>
/// <c>keys add</c>, <c>keys list</c>, <c>keys revoke</c>: on the storage that the service uses, whether or not it runs,
/// or on an account that <c>--storage</c> names.
/// </summary>
internal static class KeysCommand
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
    };

    public static Command Create(Option<string> data)
    {
        var storage = new Option<string?>("--storage")
        {
            Description = "A connection string, or an account's address to open with the signed-in identity.",
            Recursive = true,
        };
        Task<int> RunAsync(ParseResult parsed, Func<ApiKeyStore, CancellationToken, Task<int>> act, CancellationToken ct) =>
            Startup.GuardAsync(() => WithStoreAsync(parsed.GetValue(storage), parsed.GetValue(data)!, act, ct));

        var project = new Option<string>("--project") { Description = "The project that the key opens.", Required = true };
        var label = new Option<string>("--name") { Description = "A label for the list.", DefaultValueFactory = _ => "" };
        var add = new Command("add", "Makes a key and prints it, alone, on standard output.") { project, label };
        add.SetAction((parsed, ct) => RunAsync(
            parsed, (keys, token) => AddAsync(keys, parsed.GetValue(project)!, parsed.GetValue(label)!, token), ct));

        var asJson = new Option<bool>("--json") { Description = "Prints JSON for programs." };
        var list = new Command("list", "Lists all keys, revoked ones included; never the keys themselves.") { asJson };
        list.SetAction((parsed, ct) => RunAsync(
            parsed, (keys, token) => ListAsync(keys, parsed.GetValue(asJson), token), ct));

        var id = new Argument<string>("ID") { Description = "The key's id, as the list shows it." };
        var revoke = new Command("revoke", "Revokes a key; it stops working within a minute.") { id };
        revoke.SetAction((parsed, ct) => RunAsync(
            parsed, (keys, token) => RevokeAsync(keys, parsed.GetValue(id)!, token), ct));

        return new Command("keys", "Makes, lists and revokes API keys.") { storage, add, list, revoke };
    }

    private static async Task<int> WithStoreAsync(
        string? storage, string dataFolder, Func<ApiKeyStore, CancellationToken, Task<int>> act, CancellationToken ct)
    {
        var settings = SelfHostSettings.Read(storage is null ? null : SelfHostSettings.OfStorage(storage));
        await using var azurite = await EmbeddedStorage.StartIfNeededAsync(settings, dataFolder, Console.Error.WriteLine, ct);
        var clients = new StorageClients(settings, []);
        await CreateTableAsync(clients, ct);
        return await act(new ApiKeyStore(clients, TimeProvider.System), ct);
    }

    private static async Task CreateTableAsync(StorageClients clients, CancellationToken ct)
    {
        try
        {
            await clients.Tables.GetTableClient(TableNames.ApiKeys).CreateIfNotExistsAsync(ct);
        }
        catch (RequestFailedException e) when (e.Status == StatusCodes.Status403Forbidden)
        {
            // Who deployed the template has a role on this one table, which is there: making tables takes a wider one.
            // Whoever has no role at all is refused by what comes next.
        }
    }

    private static async Task<int> AddAsync(ApiKeyStore keys, string project, string label, CancellationToken ct)
    {
        if (!ApiKeyStore.IsProjectName(project))
        {
            throw new StartupException(
                $"'{project}' is no project name: use 1 to 63 lower-case letters, digits and hyphens, the first no hyphen.");
        }

        var made = await keys.CreateAsync(project, label, ct);
        Console.WriteLine(made.Key);
        return 0;
    }

    private static async Task<int> ListAsync(ApiKeyStore keys, bool asJson, CancellationToken ct)
    {
        var all = await keys.ListAsync(ct).OrderBy(key => key.CreatedAt).ToListAsync(ct);
        if (asJson)
        {
            Console.WriteLine(JsonSerializer.Serialize(all, Json));
            return 0;
        }

        Console.WriteLine($"{"ID",-20}  {"PROJECT",-20}  {"CREATED",-16}  {"REVOKED",-16}  NAME");
        foreach (var key in all)
        {
            Console.WriteLine(
                $"{key.Id,-20}  {key.Project,-20}  {key.CreatedAt:yyyy-MM-dd HH:mm}  {key.RevokedAt?.ToString("yyyy-MM-dd HH:mm", null) ?? "-",-16}  {key.Name}");
        }

        return 0;
    }

    private static async Task<int> RevokeAsync(ApiKeyStore keys, string id, CancellationToken ct)
    {
        if (await keys.RevokeAsync(id, ct))
        {
            Console.WriteLine($"Revoked {id}; it stops working within a minute.");
            return 0;
        }

        throw new StartupException($"There is no key with the id '{id}': 'keys list' shows the ids.");
    }
}
