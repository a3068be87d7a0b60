using BatchFunctions.Configuration;
using BatchFunctions.Fleet;
using BatchFunctions.Ids;
using BatchFunctions.Testing;
using BatchFunctions.Upstream;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace BatchFunctions.Tests.Upstream;

/// <summary>The client as the service registers it, against a scripted upstream, on a clock that stands still.</summary>
internal sealed class UpstreamFixture : IAsyncDisposable
{
    public static readonly TimeSpan Timeout = TimeSpan.FromMinutes(7);

    private readonly Lazy<ServiceProvider> _services;
    private int _lines;

    public UpstreamFixture() => _services = new Lazy<ServiceProvider>(BuildServices);

    public UpstreamOptions Options { get; } = new() { Timeout = Timeout, Concurrency = "64" };

    public ScriptedUpstream Upstream { get; } = new();

    public ObservedTime Time { get; } = new(unobserved: Timeout);

    /// <summary>Its share among others; all of it, unless set.</summary>
    public FleetShare? Fleet { get; set; }

    public RecordedLogs Logs { get; } = new();

    public UpstreamClient Client => _services.Value.GetRequiredService<UpstreamClient>();

    public IServiceProvider Services => _services.Value;

    public UpstreamRegistry Registry => _services.Value.GetRequiredService<UpstreamRegistry>();

    public UpstreamGate Gate => Registry.Upstreams[0].Gate;

    /// <summary>Until when the chunks' runs may send: for good, unless a test says otherwise.</summary>
    public SendingLease Lease => field ??= new SendingLease(DateTimeOffset.MaxValue, Time);

    public static async Task<UpstreamFixture> StartAsync(
        Func<ScriptedCall, ScriptedAnswer>? script = null,
        Action<UpstreamOptions>? configure = null)
    {
        var fixture = new UpstreamFixture();
        _ = await fixture.Upstream.Answer(script ?? ScriptedAnswer.Chat).StartAsync();
        fixture.Options.BaseUrl = fixture.Upstream.Address.ToString();
        configure?.Invoke(fixture.Options);
        return fixture;
    }

    public Task<UpstreamOutcome> SendAsync(LineState state = default, CancellationToken ct = default) => SendAsync("line", state, ct);

    /// <summary>Sends a line as a chunk's run does: it waits for a place first.</summary>
    public async Task<UpstreamOutcome> SendAsync(string marker, LineState state = default, CancellationToken ct = default)
    {
        var body = ScriptedUpstream.ChatBody(marker);
        using var memory = await Client.TakeMemoryAsync(body.Length, ct);
        return await SendAsync("/v1/chat/completions", body, memory, state, ct);
    }

    /// <summary>Sends a body as a chunk's run does.</summary>
    public async Task<UpstreamOutcome> SendAsync(
        string endpoint, byte[] body, LineMemory memory, LineState state = default, CancellationToken ct = default)
    {
        var line = new LineKey(new BatchKey("project", "batch"), Interlocked.Increment(ref _lines), 0);
        using var turn = Client.Join(new BatchAtGate(line.Batch, null, DateTimeOffset.MaxValue), line.Chunk, 1, 1, Lease);
        var route = Registry.RouteOf("scripted")!;
        var (place, wait) = await Client.EnterAsync(turn, route, state, ct);
        return place is null
            ? new UpstreamOutcome.Postponed(state, wait)
            : await Client.SendAsync(new UpstreamRequest(line, endpoint, body, memory, route, State: state), turn, place, Drain, ct);
    }

    /// <summary>Tells the runs to send nothing more.</summary>
    public CancellationToken Drain { get; set; }

    /// <summary>Begins a chunk's run at the gate.</summary>
    public GateTurn Join(string project, string batch, int chunk = 0, int lines = 1, double weight = 1, TimeSpan? left = null) =>
        Gate.Join(new BatchAtGate(new BatchKey(project, batch), null, Time.GetUtcNow() + (left ?? TimeSpan.FromHours(24))), chunk, lines, weight);

    /// <summary>A line that earlier runs were charged for.</summary>
    public static LineState Charged(int attempts) => new(attempts, 0, OthersPassed: false, null);

    public async ValueTask DisposeAsync()
    {
        await Upstream.DisposeAsync();
        if (_services.IsValueCreated)
        {
            await _services.Value.DisposeAsync();
        }
    }

    private ServiceProvider BuildServices() => new ServiceCollection()
        .AddUpstream()
        .AddSingleton<TimeProvider>(Time)
        .AddSingleton<FleetShares>(new LoneShares(Fleet))
        .AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(Logs))
        .Configure<BatchOptions>(options => options.Upstream = Options)
        .BuildServiceProvider();
}
