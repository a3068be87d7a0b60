using System.Net;
using System.Net.Sockets;
using BatchFunctions.Configuration;
using BatchFunctions.Receivers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Tests.Receivers;

/// <summary>
/// Tries to reach what is inside, each over the HTTP client that events are sent with. A name resolves to what the test says, and whatever is
/// connected to is noted: nothing inside ever is.
/// </summary>
public sealed class InsideTests
{
    private const string Outside = "93.184.216.34";

    public static TheoryData<string, string> Tries => new()
    {
        { "https://127.0.0.1/", "" },
        { "https://2130706433/", "" },
        { "https://0x7f.1/", "" },
        { "https://017700000001/", "" },
        { "https://[::1]/", "" },
        { "https://[::ffff:127.0.0.1]/", "" },
        { "https://[64:ff9b::7f00:1]/", "" },
        { "https://[2002:a9fe:a9fe::]/", "" },
        { "https://169.254.169.254/latest/meta-data/", "" },
        { "https://168.63.129.16/", "" },
        { "https://10.1.2.3/", "" },
        { "https://100.64.0.1/", "" },
        { "https://0.0.0.0/", "" },
        { "https://loopback.example/", "127.0.0.1" },
        { "https://metadata.example/", "169.254.169.254" },
        { "https://private.example/", "192.168.0.10" },
        { "https://mapped.example/", "::ffff:10.0.0.1" },
        { "https://unique-local.example/", "fd00::1" },
        { "https://link-local.example/", "fe80::1%2" },
        { "https://several.example/", "10.0.0.1,172.16.0.1,::1" },
        { "https://nothing.example/", "0.0.0.0" },
    };

    [Theory]
    [MemberData(nameof(Tries))]
    public async Task Nothing_inside_is_connected_to(string url, string addresses)
    {
        using var network = new Network(_ => addresses);

        Assert.Equal("address_not_allowed", await network.SendAsync(url));
        Assert.Empty(network.Opened);
    }

    [Fact]
    public async Task A_name_that_resolves_to_something_inside_the_second_time_gains_nothing()
    {
        // The first look finds an address outside, as whoever checks beforehand would; the one that is connected to is judged each time.
        using var network = new Network(look => look == 1 ? Outside : "169.254.169.254");

        Assert.Equal("unreachable", await network.SendAsync("https://rebinding.example/"));
        Assert.Equal("address_not_allowed", await network.SendAsync("https://rebinding.example/"));
        Assert.Equal([Outside], network.Opened.Select(to => to.Address.ToString()));
    }

    [Fact]
    public async Task Of_a_name_with_addresses_of_both_kinds_only_the_public_one_is_connected_to()
    {
        using var network = new Network(_ => "127.0.0.1," + Outside);

        Assert.Equal("unreachable", await network.SendAsync("https://both.example:8443/"));
        Assert.Equal(new IPEndPoint(IPAddress.Parse(Outside), 8443), Assert.Single(network.Opened));
    }

    [Fact]
    public async Task What_the_operator_allows_is_connected_to_and_a_metadata_service_never()
    {
        using var network = new Network(_ => "10.0.0.1", options => options.AllowedHosts = "hooks.example, 169.254.169.254");
        Assert.Equal("unreachable", await network.SendAsync("http://hooks.example/"));
        Assert.Equal("address_not_allowed", await network.SendAsync("http://169.254.169.254/"));
        Assert.Equal("address_not_allowed", await network.SendAsync("http://other.example/"));
        Assert.Equal(["10.0.0.1:80"], network.Opened.Select(to => to.ToString()));

        using var open = new Network(_ => "169.254.169.254", options => options.AllowPrivateAddresses = true);
        Assert.Equal("unreachable", await open.SendAsync("http://127.0.0.1:5000/"));
        Assert.Equal("address_not_allowed", await open.SendAsync("http://metadata.example/"));
        Assert.Equal(["127.0.0.1:5000"], open.Opened.Select(to => to.ToString()));
    }

    [Fact]
    public async Task A_host_that_is_allowed_no_more_is_not_sent_to_in_clear()
    {
        using var network = new Network(_ => Outside);

        Assert.Equal("address_not_allowed", await network.SendAsync("http://hooks.example/"));
        Assert.Empty(network.Opened);
        Assert.Equal("unreachable", await network.SendAsync("https://hooks.example/"));
    }

    [Theory]
    [InlineData("https://example.com/hooks?x=1", null)]
    [InlineData("https://example.com:8443", null)]
    [InlineData("http://example.com/", "begins with 'https://'")]
    [InlineData("ftp://example.com/", "an absolute URL")]
    [InlineData("/hooks", "an absolute URL")]
    [InlineData("https://user:secret@example.com/", "without user name")]
    [InlineData("https://example.com/#part", "without user name")]
    [InlineData("https://localhost/", "a public address")]
    [InlineData("https://db.localhost./", "a public address")]
    [InlineData("https://2130706433/", "a public address")]
    [InlineData("https://[::ffff:a00:1]/", "a public address")]
    [InlineData("https://169.254.169.254/", "a public address")]
    [InlineData("https://1.2.3.4.5/", "ends in a number")]
    [InlineData("https://203.0.113.300/", "ends in a number")]
    [InlineData("https://hooks.300./", "ends in a number")]
    [InlineData("https://hooks.0x1f/", "ends in a number")]
    [InlineData("https://1.2.3.example/", null)]
    [InlineData("https://hooks.0xyz/", null)]
    [InlineData("https://[2606:4700::1111]/", null)]
    public void What_is_inside_by_its_name_is_refused_when_it_is_given(string url, string? problem)
    {
        var found = ReceiverUrl.ProblemOf(url, new WebhookOptions());

        if (problem is null)
        {
            Assert.Null(found);
        }
        else
        {
            Assert.Contains(problem, found, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("hooks.internal", "http://HOOKS.internal:8080/events")]
    [InlineData("hooks.internal.", "http://hooks.internal/")]
    [InlineData("Hooks.Internal", "http://hooks.internal./")]
    [InlineData("bücher.internal", "http://xn--bcher-kva.internal/")]
    [InlineData("xn--bcher-kva.internal", "http://bücher.internal/")]
    [InlineData("[fd00::1]", "http://[FD00:0::1]/")]
    [InlineData("fd00:0::1", "http://[fd00::1]:8080/")]
    [InlineData("a.internal, 10.1.2.3 ,", "http://10.1.2.3/")]
    public void A_host_that_is_allowed_is_the_urls_however_both_are_written(string allowed, string url)
    {
        var options = new BatchOptions { Webhooks = new WebhookOptions { AllowedHosts = allowed } };

        Assert.True(new ReceiverOptionsValidator().Validate(null, options).Succeeded);
        Assert.Null(ReceiverUrl.ProblemOf(url, options.Webhooks));
    }

    [Theory]
    [InlineData("hooks.internal:8080", "without scheme, port")]
    [InlineData("[fd00::1]:8080", "without scheme, port")]
    [InlineData("*.internal", "without scheme, port")]
    [InlineData("http://hooks.internal", "without scheme, port")]
    [InlineData("hooks.internal/events", "without scheme, port")]
    [InlineData("a.internal b.internal", "without scheme, port")]
    [InlineData("10.1.2.300", "without scheme, port")]
    [InlineData("169.254.169.254", "Take it out")]
    [InlineData("[fe80::1]", "Take it out")]
    public void A_host_that_no_url_can_have_keeps_the_service_from_starting(string allowed, string said)
    {
        var options = new BatchOptions { Webhooks = new WebhookOptions { AllowedHosts = "good.internal," + allowed } };

        var failure = Assert.Single(new ReceiverOptionsValidator().Validate(null, options).Failures!);
        Assert.Contains($"'{allowed}'", failure, StringComparison.Ordinal);
        Assert.Contains(said, failure, StringComparison.Ordinal);
    }

    /// <summary>The client that events are sent with, on a network of the test's own.</summary>
    private sealed class Network : IDisposable
    {
        private readonly ServiceProvider _services;
        private readonly NotedConnections _connections;

        public Network(Func<int, string> addresses, Action<WebhookOptions>? change = null)
        {
            var options = new BatchOptions();
            change?.Invoke(options.Webhooks);
            _connections = new NotedConnections(Options.Create(options), addresses);
            _services = new ServiceCollection()
                .AddSingleton(Options.Create(options))
                .AddSingleton(TimeProvider.System)
                .AddSingleton<ReceiverConnections>(_connections)
                .AddReceivers()
                .BuildServiceProvider();
        }

        public IReadOnlyList<IPEndPoint> Opened => _connections.Opened;

        public async Task<string?> SendAsync(string url) =>
            (await _services.GetRequiredService<EventSender>().SendAsync(new Receiver(new Uri(url), [ReceiverSecret.New()]), "evt_1", [], default)).Error;

        public void Dispose() => _services.Dispose();
    }

    /// <summary>Notes what would be connected to, and connects to nothing.</summary>
    private sealed class NotedConnections(IOptions<BatchOptions> options, Func<int, string> addresses) : ReceiverConnections(options)
    {
        private int _looks;

        public List<IPEndPoint> Opened { get; } = [];

        protected override Task<IPAddress[]> ResolveAsync(string host, CancellationToken ct) =>
            Task.FromResult<IPAddress[]>([.. addresses(++_looks).Split(',').Select(IPAddress.Parse)]);

        protected override Task<Stream> OpenAsync(IPEndPoint to, CancellationToken ct)
        {
            Opened.Add(to);
            throw new SocketException((int)SocketError.ConnectionRefused);
        }
    }
}
