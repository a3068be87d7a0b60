using System.Text;
using BatchFunctions.Configuration;
using BatchFunctions.Fleet;
using BatchFunctions.Ids;
using BatchFunctions.Lines;
using BatchFunctions.Testing;
using BatchFunctions.Upstream;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace BatchFunctions.Tests.Upstream;

/// <summary>The client before several scripted upstreams, <c>a</c>, <c>b</c>, …, on a clock that stands still.</summary>
internal sealed class SharedFixture : IAsyncDisposable
{
    private readonly Lazy<ServiceProvider> _services;
    private readonly Dictionary<string, UpstreamOptions> _options = [];
    private int _lines;

    private SharedFixture() => _services = new Lazy<ServiceProvider>(BuildServices);

    public Dictionary<string, ScriptedUpstream> Upstreams { get; } = [];

    public ObservedTime Time { get; } = new(unobserved: UpstreamFixture.Timeout);

    public UpstreamClient Client => _services.Value.GetRequiredService<UpstreamClient>();

    public UpstreamRegistry Registry => _services.Value.GetRequiredService<UpstreamRegistry>();

    public ScriptedUpstream A => Upstreams["a"];

    public ScriptedUpstream B => Upstreams["b"];

    /// <summary>Starts them.</summary>
    /// <param name="configure">Sets an upstream's settings, by its name.</param>
    public static async Task<SharedFixture> StartAsync(params IEnumerable<Action<UpstreamOptions>?> configure)
    {
        var fixture = new SharedFixture();
        foreach (var (i, set) in configure.Index())
        {
            var (name, upstream) = (((char)('a' + i)).ToString(), new ScriptedUpstream());
            fixture.Upstreams[name] = await upstream.StartAsync();
            var options = new UpstreamOptions { BaseUrl = upstream.Address.ToString(), Timeout = UpstreamFixture.Timeout, Concurrency = "4" };
            set?.Invoke(options);
            fixture._options[name] = options;
        }

        return fixture;
    }

    /// <summary>Until when the chunks' runs may send: for good, unless a test says otherwise.</summary>
    public SendingLease Lease => field ??= new SendingLease(DateTimeOffset.MaxValue, Time);

    public UpstreamEntry Entry(string name) => Registry.Upstreams.Single(upstream => upstream.Name == name);

    /// <summary>Begins a chunk's run.</summary>
    public UpstreamTurn Join(int lines = 1, string? model = "scripted") => Client.Join(new BatchAtGate(new BatchKey("project", "batch"), model, DateTimeOffset.MaxValue), 0, lines, 1, Lease);

    /// <summary>Sends a line as a chunk's run does: it waits for a place first.</summary>
    public async Task<UpstreamOutcome> SendAsync(UpstreamTurn turn, string marker, LineState state = default, CancellationToken ct = default)
    {
        var body = ScriptedUpstream.ChatBody(marker);
        var line = RequestLine.Parse(Encoding.UTF8.GetBytes($$"""{"custom_id":"x","body":{{Encoding.UTF8.GetString(body)}}}"""));
        using var memory = await Client.TakeMemoryAsync(body.Length, ct);
        var route = Client.RouteOf(line)!;
        var (place, wait) = await Client.EnterAsync(turn, route, state, ct);
        return place is null
            ? new UpstreamOutcome.Postponed(state, wait)
            : await Client.SendAsync(new UpstreamRequest(new LineKey(new BatchKey("project", "batch"), 0, Interlocked.Increment(ref _lines)), "/v1/chat/completions", line.Body, memory, route, line.Model, state), turn, place, drain: default, ct);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var upstream in Upstreams.Values)
        {
            await upstream.DisposeAsync();
        }

        if (_services.IsValueCreated)
        {
            await _services.Value.DisposeAsync();
        }
    }

    private ServiceProvider BuildServices() => new ServiceCollection()
        .AddUpstream(_options.Keys)
        .AddSingleton<TimeProvider>(Time)
        .AddSingleton<FleetShares>(new LoneShares())
        .AddLogging(logging => logging.SetMinimumLevel(LogLevel.Warning))
        .Configure<BatchOptions>(options =>
        {
            foreach (var (name, upstream) in _options)
            {
                options.Upstreams[name] = upstream;
            }
        })
        .BuildServiceProvider();
}
