using System.Collections.Concurrent;
using BatchFunctions.Batches;
using BatchFunctions.Ids;
using BatchFunctions.Receivers;
using BatchFunctions.Testing;
using BatchFunctions.Webhooks;
using Microsoft.AspNetCore.Http;
using StandardWebhooks;

namespace BatchFunctions.Proof.Batches;

/// <summary>
/// Who is told of the batches that have ended: a webhook of the account's project, whose receiver refuses about every second request that comes, or breaks it
/// off, twice for each event at most. What it takes is checked by another's implementation of the signatures.
/// </summary>
internal sealed class ProofEvents : IAsyncDisposable
{
    private const int MostRefusals = 2;

    private readonly ScriptedUpstream _receiver = new();
    private readonly ConcurrentDictionary<string, int> _refusals = new();
    private readonly ConcurrentBag<ScriptedCall> _taken = [];
    private readonly Random _random = new(1);
    private readonly Account _account;
    private readonly Tally _tally;
    private string _secret = "";

    private ProofEvents(Account account, Tally tally)
    {
        _account = account;
        _tally = tally;
    }

    /// <summary>Adds a webhook to the account, and listens.</summary>
    public static async Task<ProofEvents> StartAsync(Account account, Tally tally)
    {
        var events = new ProofEvents(account, tally);
        await events._receiver.Answer(events.Answer).StartAsync();
        var webhook = await account.Get<WebhookStore>().InsertAsync(
            new Webhook
            {
                Tenant = Account.Tenant,
                Id = IdKind.Webhook.New(DateTimeOffset.UtcNow),
                Url = new Uri(events._receiver.Address, "/events").ToString(),
                Secret = ReceiverSecret.New(),
                Events = EventTypes.All,
            },
            CancellationToken.None);
        events._secret = webhook.Secret;
        return events;
    }

    /// <summary>Whether nothing is to be sent any more.</summary>
    public async Task<bool> IsAtRestAsync() =>
        (await _account.Get<DeliveryStore>().ListAsync(Account.Tenant, new DeliveryListing(null, 1, null, null, "pending"), CancellationToken.None)).Deliveries.Count == 0;

    /// <summary>Each batch that has ended was told of, and nothing was said but how it ended.</summary>
    public void Check(IReadOnlyList<Batch> ended)
    {
        var batches = ended.ToDictionary(batch => batch.Id);
        var arrived = _taken.Select(call => call.Json.GetProperty("data").GetProperty("id").GetString()!).ToHashSet();
        foreach (var batch in ended.Where(batch => !arrived.Contains(batch.Id)))
        {
            _tally.Violate($"{batch.Id} is {batch.Status}, and nobody was told");
        }

        foreach (var call in _receiver.Calls)
        {
            var (id, type, at) = (
                call.Json.GetProperty("data").GetProperty("id").GetString()!,
                call.Json.GetProperty("type").GetString(),
                call.Json.GetProperty("created_at").GetInt64());
            if (!batches.TryGetValue(id, out var batch) || type != EventTypes.Of(batch.Status) || at != batch.EndedAt!.Value.ToUnixTimeSeconds())
            {
                _tally.Violate($"{id} is {batch?.Status}, and {type} was told");
            }
        }

        foreach (var one in _receiver.Calls.GroupBy(call => call.Json.GetProperty("data").GetProperty("id").GetString()))
        {
            if (one.Select(call => $"{call.Headers["webhook-id"]}").Distinct().Count() > 1)
            {
                _tally.Violate($"{one.Key} was told of under several ids");
            }
        }

        _tally.Add(Count.Events, arrived.Count);
        _tally.Add(Count.EventsTwice, _taken.Count - arrived.Count);
        _tally.Add(Count.EventsRefused, _receiver.Calls.Count - _taken.Count);
    }

    public ValueTask DisposeAsync() => _receiver.DisposeAsync();

    private ScriptedAnswer Answer(ScriptedCall call)
    {
        var id = $"{call.Headers["webhook-id"]}";
        try
        {
            new StandardWebhook(_secret).Verify(System.Text.Encoding.UTF8.GetString(call.Body.Span), new HeaderDictionary(call.Headers.ToDictionary(StringComparer.OrdinalIgnoreCase)));
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            _tally.Violate($"{id}: {e.Message}");
        }

        int chance;
        lock (_random)
        {
            chance = _random.Next(4);
        }

        if (chance < 2 && _refusals.AddOrUpdate(id, 1, static (_, before) => before + 1) <= MostRefusals)
        {
            return chance == 0 ? ScriptedAnswer.ConnectionReset() : ScriptedAnswer.Error(503);
        }

        _taken.Add(call);
        return ScriptedAnswer.Json(new { });
    }
}
