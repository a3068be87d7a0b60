using System.Text.Json;
using BatchFunctions.Cli;
using BatchFunctions.IntegrationTests.Clients;
using BatchFunctions.Testing;

namespace BatchFunctions.IntegrationTests.Cli;

/// <summary><c>batch webhooks</c>, against the whole service.</summary>
public sealed class WebhooksTests : IAsyncLifetime
{
    private readonly ScriptedUpstream _receiver = new();
    private ServiceDriver _service = null!;
    private CliDriver _cli = null!;

    public async Task InitializeAsync()
    {
        await _receiver.Answer(_ => ScriptedAnswer.Json(new { })).StartAsync();
        _service = await ServiceDriver.StartAsync(new Dictionary<string, string?> { ["Batch:Webhooks:AllowedHosts"] = "127.0.0.1" });
        _cli = new CliDriver(_service.Endpoint, _service.Key);
    }

    public async Task DisposeAsync()
    {
        _cli.Dispose();
        await _service.DisposeAsync();
        await _receiver.DisposeAsync();
    }

    [Fact]
    public async Task An_endpoint_is_added_tested_told_of_a_batch_switched_off_and_removed()
    {
        var none = await _cli.RunAsync("webhooks", "list");
        none.AssertOneLine(ExitCodes.Done, "There are no webhooks", "`batch webhooks add URL`");

        var added = await _cli.RunAsync("webhooks", "add", _receiver.Address.ToString(), "--event", "batch.completed", "--name", "ops");
        var id = added.Errors.Split(' ')[1];
        added.AssertOneLine(ExitCodes.Done, $"Webhook {id} is added.", "not shown again");
        Assert.Matches("^whsec_[A-Za-z0-9+/=]{40,}\n$", added.Output);
        (await _cli.RunAsync("webhooks", "test", id, "--event", "batch.failed")).AssertOneLine(ExitCodes.Done, "took the event (200)");

        var run = await _cli.RunAsync("run", _cli.WriteRequests("a"), "--quiet");
        await Eventually.UntilAsync(() => _receiver.Calls.Count == 2, "the event has come");
        Assert.Equal(run.BatchId, _receiver.Calls[1].Json.GetProperty("data").GetProperty("id").GetString());
        string? deliveries = null;
        await Eventually.UntilAsync(
            async () => (deliveries = (await _cli.RunAsync("webhooks", "deliveries", id, "--batch", run.BatchId)).Output).Contains(" delivered ", StringComparison.Ordinal),
            TimeSpan.FromSeconds(30),
            "the delivery says so");
        Assert.Matches($"^ID +EVENT +BATCH +STATUS +TRIES +LAST +NEXT +ENDED *\ndelivery_[0-9a-f]+ +batch\\.completed +{run.BatchId} +delivered +1 +200 +- +(.* ago|just now)", deliveries!);

        var json = await _cli.RunAsync("webhooks", "deliveries", "--status", "delivered", "--json");
        Assert.Equal(2, json.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        var delivery = JsonDocument.Parse(json.Output.Split('\n')[0]).RootElement.GetProperty("id").GetString()!;
        (await _cli.RunAsync("webhooks", "resend", delivery)).AssertOneLine(ExitCodes.Done, $"Delivery {delivery} is pending.");
        await Eventually.UntilAsync(() => _receiver.Calls.Count == 3, "the event has come again");
        Assert.Equal($"{_receiver.Calls[1].Headers["webhook-id"]}", $"{_receiver.Calls[2].Headers["webhook-id"]}");

        var rotated = await _cli.RunAsync("webhooks", "set", id, "--disable", "--rotate-secret");
        rotated.AssertOneLine(ExitCodes.Done, $"Webhook {id} has another secret");
        Assert.NotEqual(added.Output, rotated.Output);
        Assert.Matches($"{id} +disabled (just now|[0-9]+ s ago), requested +completed +{_receiver.Address} +ops", (await _cli.RunAsync("webhooks", "list")).Output);
        (await _cli.RunAsync("webhooks", "set", id, "--enable")).AssertOneLine(ExitCodes.Done, $"Webhook {id} is enabled.");
        (await _cli.RunAsync("webhooks", "remove", id)).AssertOneLine(ExitCodes.Done, $"Webhook {id} is removed.");
        (await _cli.RunAsync("webhooks", "test", id)).AssertOneLine(ExitCodes.Refused, "No webhook found", "`batch webhooks list`");
    }

    [Fact]
    public async Task What_goes_wrong_is_one_line()
    {
        _receiver.Answer(_ => ScriptedAnswer.Error(500));
        var id = (await _cli.RunAsync("webhooks", "add", _receiver.Address.ToString())).Errors.Split(' ')[1];

        (await _cli.RunAsync("webhooks", "test", id)).AssertOneLine(ExitCodes.Refused, "did not take the event: it answered 500.");
        await _receiver.StopAsync();
        (await _cli.RunAsync("webhooks", "test", id)).AssertOneLine(ExitCodes.Refused, "nobody answers there.");
        (await _cli.RunAsync("webhooks", "add", "https://169.254.169.254/")).AssertOneLine(ExitCodes.Refused, "a host with a public address");
        (await _cli.RunAsync("webhooks", "add", "http://example.com/")).AssertOneLine(ExitCodes.Refused, "begins with 'https://'");
        (await _cli.RunAsync("webhooks", "set", id, "--enable", "--disable")).AssertExit(ExitCodes.Usage);
        (await _cli.RunAsync("webhooks", "add", "https://example.com/", "--event", "batch.begun")).AssertExit(ExitCodes.Usage);
        (await _cli.RunAsync("webhooks", "deliveries", "--limit", "0")).AssertExit(ExitCodes.Usage);
    }
}
