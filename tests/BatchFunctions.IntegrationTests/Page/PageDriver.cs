using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using BatchFunctions.Batches;
using BatchFunctions.IntegrationTests.Api;
using BatchFunctions.IntegrationTests.Clients;
using BatchFunctions.Testing;
using Microsoft.Playwright;

namespace BatchFunctions.IntegrationTests.Page;

/// <summary>The whole service with a scripted upstream, and its page in a tab of its own, as a person has it.</summary>
internal sealed class PageDriver : IAsyncDisposable
{
    /// <summary>The project of the page's key.</summary>
    public const string Project = "clients";
    private const int Patience = 90_000;

    private readonly ConcurrentQueue<string> _complaints = new();
    private readonly HttpClient _client;
    private readonly Lazy<DirectoryInfo> _files = new(() => Directory.CreateTempSubdirectory("batchfunctions-page-"));

    /// <summary>The context of this test alone; null where its tab is one of those that share one.</summary>
    private IBrowserContext? _own;

    private PageDriver(ScriptedUpstream upstream, ServiceDriver service, IPage page)
    {
        Upstream = upstream;
        Service = service;
        Page = page;
        _client = new HttpClient { BaseAddress = Address };
        _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", service.Key);
    }

    public ScriptedUpstream Upstream { get; }

    public ServiceDriver Service { get; }

    public IPage Page { get; private set; }

    public Uri Address => new(Service.Endpoint, "/");

    /// <summary>Starts all of it; each line of a batch is a chunk of its own, so that progress shows line by line.</summary>
    public static async Task<PageDriver> StartAsync()
    {
        Assertions.SetDefaultExpectTimeout(Patience);
        var upstream = await new ScriptedUpstream().StartAsync();
        var service = await ServiceDriver.StartAsync(new Dictionary<string, string?>
        {
            ["Batch:Upstream:BaseUrl"] = upstream.Address.ToString(),
            ["Batch:Upstream:MaxAttempts"] = "1",
            ["Batch:ChunkLines"] = "1",
            ["Batch:AdvanceDelay"] = "00:00:00",
            ["Batch:Webhooks:AllowedHosts"] = "127.0.0.1",
        });
        var driver = new PageDriver(upstream, service, await (await Chromium.ContextAsync()).NewPageAsync());
        driver.Listen();
        return driver;
    }

    /// <summary>
    /// Has a context of its own: for a test that replaces the clock, which all tabs of a context have in common. To be called first, as the
    /// tab is another.
    /// </summary>
    public async Task StandApartAsync()
    {
        await Page.CloseAsync();
        _own = await Chromium.NewContextAsync();
        Page = await _own.NewPageAsync();
        Listen();
    }

    /// <summary>Opens the page at a hash, and pastes the key if it is to be known.</summary>
    public async Task OpenAsync(string hash = "", bool withKey = true)
    {
        await Page.GotoAsync(Address + hash);
        if (withKey)
        {
            await EnterKeyAsync(Service.Key);
        }
    }

    public async Task OpenAsync(Batch batch) => await OpenAsync($"#/batches/{batch.Id}");

    /// <summary>
    /// Requests to other hosts, breaches of the page's policy, errors that nobody has caught, and a clock that was replaced for other tests'
    /// tabs too.
    /// </summary>
    public async Task<IReadOnlyCollection<string>> ComplaintsAsync()
    {
        if (_own is null && await HasReplacedClockAsync())
        {
            _complaints.Enqueue($"The clock of the shared context is replaced: {nameof(StandApartAsync)} first.");
        }

        return _complaints;
    }

    /// <summary>Whether the tab's clock is a test's and not the browser's.</summary>
    public Task<bool> HasReplacedClockAsync() => Page.EvaluateAsync<bool>("!`${setTimeout}`.includes('[native code]')");

    public async Task EnterKeyAsync(string key)
    {
        await Page.GetByLabel("API key").FillAsync(key);
        await Button("Show batches").ClickAsync();
    }

    /// <summary>Chooses a file in the dialog that makes a batch, from disk: a large one would else go through three processes as text.</summary>
    public async Task ChooseAsync(string name, string content)
    {
        var path = Path.Combine(_files.Value.FullName, name);
        await File.WriteAllTextAsync(path, content);
        await Page.Locator("#create-file").SetInputFilesAsync(path);
    }

    public ILocator Button(string name) => Page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    public ILocator Heading(string name) => Page.GetByRole(AriaRole.Heading, new() { Name = name });

    /// <summary>A batch's row in the list.</summary>
    public ILocator Row(string id) =>
        Page.GetByRole(AriaRole.Row).Filter(new() { Has = Page.Locator($"a[href='#/batches/{id}']") });

    /// <summary>The ids of the list's rows, from the top.</summary>
    public async Task<IReadOnlyList<string>> ListedAsync() =>
        [.. (await Page.Locator("tbody a").EvaluateAllAsync<string[]>("links => links.map(link => link.hash)")).Select(hash => hash["#/batches/".Length..])];

    /// <summary>Puts a batch into storage as it is, of the project whose key the page has.</summary>
    public async Task<Batch> AddAsync(Func<Batch, Batch>? change = null, TimeSpan age = default)
    {
        var batch = ApiDriver.BatchOf(Project, DateTimeOffset.UtcNow - age);
        batch = change?.Invoke(batch) ?? batch;
        Assert.NotNull(await Service.Get<BatchStore>().TryInsertAsync(batch, CancellationToken.None));
        return batch;
    }

    /// <summary>A line of an input, which the scripted upstream knows by its id.</summary>
    public static string LineOf(string id) => InputLines.Chat(id, id);

    /// <summary>Uploads a file of these lines; its id.</summary>
    public async Task<string> UploadAsync(string lines, string filename = "requests.jsonl")
    {
        using var form = new MultipartFormDataContent
        {
            { new StringContent("batch"), "purpose" },
            { new ByteArrayContent(Encoding.UTF8.GetBytes(lines)), "file", filename },
        };
        using var uploaded = await _client.PostAsync(new Uri("/v1/files", UriKind.Relative), form);
        return await IdOfAsync(uploaded);
    }

    /// <summary>Uploads a file of these lines and makes a batch of it; the batch's id.</summary>
    public async Task<string> CreateAsync(string lines, string filename = "requests.jsonl", IReadOnlyDictionary<string, string>? metadata = null)
    {
        var file = await UploadAsync(lines, filename);
        using var created = await _client.PostAsJsonAsync(
            new Uri("/v1/batches", UriKind.Relative),
            new { input_file_id = file, endpoint = "/v1/chat/completions", completion_window = "24h", metadata });
        return await IdOfAsync(created);
    }

    /// <summary>Waits until a batch has come to this status; the batch as the API answers it.</summary>
    public async Task<JsonElement> UntilAsync(string id, string status)
    {
        JsonElement batch = default;
        await Eventually.UntilAsync(
            async () => (batch = await _client.GetFromJsonAsync<JsonElement>(new Uri($"/v1/batches/{id}", UriKind.Relative)))
                .GetProperty("status").GetString() == status,
            TimeSpan.FromMinutes(1),
            $"the batch is {status}");
        return batch;
    }

    public Task<byte[]> ContentAsync(string fileId) =>
        _client.GetByteArrayAsync(new Uri($"/v1/files/{fileId}/content", UriKind.Relative));

    public async Task DeleteFileAsync(string fileId)
    {
        using var response = await _client.DeleteAsync(new Uri($"/v1/files/{fileId}", UriKind.Relative));
        Assert.True(response.IsSuccessStatusCode);
    }

    public async ValueTask DisposeAsync()
    {
        await Page.CloseAsync();
        if (_own is not null)
        {
            await _own.DisposeAsync();
        }

        await Service.DisposeAsync();
        await Upstream.DisposeAsync();
        _client.Dispose();
        if (_files.IsValueCreated)
        {
            _files.Value.Delete(recursive: true);
        }
    }

    private static async Task<string> IdOfAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonDocument.Parse(text).RootElement.GetProperty("id").GetString()!;
    }

    private void Listen()
    {
        Page.SetDefaultTimeout(Patience);
        Page.PageError += (_, error) => _complaints.Enqueue(error);
        Page.Console += (_, message) =>
        {
            if (message.Text.Contains("Content Security Policy", StringComparison.OrdinalIgnoreCase)
                || message.Text.Contains("Trusted", StringComparison.OrdinalIgnoreCase))
            {
                _complaints.Enqueue(message.Text);
            }
        };
        Page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(Address.ToString(), StringComparison.Ordinal)
                && !request.Url.StartsWith("blob:" + Address, StringComparison.Ordinal))
            {
                _complaints.Enqueue(request.Url);
            }
        };
    }
}
