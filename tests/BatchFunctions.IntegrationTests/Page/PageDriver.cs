using System.Collections.Concurrent;
using BatchFunctions.Batches;
using BatchFunctions.IntegrationTests.Api;
using BatchFunctions.IntegrationTests.Clients;
using BatchFunctions.Testing;
using Microsoft.Playwright;

namespace BatchFunctions.IntegrationTests.Page;

/// <summary>The whole service with a scripted upstream, and its page in a tab of its own, as a person has it.</summary>
internal sealed class PageDriver : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly ConcurrentQueue<string> _complaints = new();

    private PageDriver(ScriptedUpstream upstream, ServiceDriver service, IBrowserContext context, IPage page)
    {
        Upstream = upstream;
        Service = service;
        _context = context;
        Page = page;
    }

    public ScriptedUpstream Upstream { get; }

    public ServiceDriver Service { get; }

    public IPage Page { get; }

    public Uri Address => new(Service.Endpoint, "/");

    /// <summary>Requests to other hosts, breaches of the page's policy, and errors that nobody has caught.</summary>
    public IReadOnlyCollection<string> Complaints => _complaints;

    public static async Task<PageDriver> StartAsync(Chromium chromium, BrowserNewContextOptions? options = null)
    {
        var upstream = await new ScriptedUpstream().StartAsync();
        var service = await ServiceDriver.StartAsync(new Dictionary<string, string?>
        {
            ["Batch:Upstream:BaseUrl"] = upstream.Address.ToString(),
        });
        options ??= new();
        options.Locale = "en-GB";
        options.TimezoneId = "UTC";
        options.ViewportSize ??= new() { Width = 1280, Height = 800 };
        var context = await chromium.Browser.NewContextAsync(options);
        var driver = new PageDriver(upstream, service, context, await context.NewPageAsync());
        driver.Listen();
        return driver;
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

    public async Task EnterKeyAsync(string key)
    {
        await Page.GetByLabel("API key").FillAsync(key);
        await Page.GetByRole(AriaRole.Button, new() { Name = "Show batches" }).ClickAsync();
    }

    /// <summary>Puts a batch into storage as it is, of the project whose key the page has.</summary>
    public async Task<Batch> AddAsync(Func<Batch, Batch>? change = null, TimeSpan age = default)
    {
        var batch = ApiDriver.BatchOf("clients", DateTimeOffset.UtcNow - age);
        batch = change?.Invoke(batch) ?? batch;
        Assert.NotNull(await Service.Get<BatchStore>().TryInsertAsync(batch, CancellationToken.None));
        return batch;
    }

    public async ValueTask DisposeAsync()
    {
        await _context.DisposeAsync();
        await Service.DisposeAsync();
        await Upstream.DisposeAsync();
    }

    private void Listen()
    {
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
