using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Serialization.Metadata;

namespace BatchFunctions.Cli.Api;

/// <summary>The operations of <c>/v1/webhooks</c>.</summary>
internal sealed class WebhookClient(ServiceAddress address, ApiTimes times) : IDisposable
{
    private readonly ApiConnection _connection = new(address, times);

    /// <summary>The service's base URL, for messages.</summary>
    public string Place => _connection.Place;

    /// <inheritdoc/>
    public void Dispose() => _connection.Dispose();

    /// <summary>Lists the project's webhooks.</summary>
    public Task<IReadOnlyList<Webhook>> ListAsync(CancellationToken ct) =>
        _connection.AskAsync(_ => new HttpRequestMessage(HttpMethod.Get, "webhooks"), Webhook.ReadAll, repeat: true, ct);

    /// <summary>Adds a webhook. It is not repeated: if the answer is lost, its secret is.</summary>
    public Task<Webhook> AddAsync(WebhookRequest request, CancellationToken ct) =>
        _connection.AskAsync(_ => Post("webhooks", request, ApiJson.Default.WebhookRequest), Webhook.Read, repeat: false, ct);

    /// <summary>Changes a webhook.</summary>
    public Task<Webhook> UpdateAsync(string id, WebhookRequest request, CancellationToken ct) =>
        _connection.AskAsync(_ => Post(PathOf(id), request, ApiJson.Default.WebhookRequest), Webhook.Read, repeat: true, ct);

    /// <summary>Gives a webhook another secret.</summary>
    public Task<Webhook> RotateSecretAsync(string id, CancellationToken ct) =>
        _connection.AskAsync(_ => new HttpRequestMessage(HttpMethod.Post, PathOf(id) + "/rotate_secret"), Webhook.Read, repeat: false, ct);

    /// <summary>Deletes a webhook.</summary>
    public Task RemoveAsync(string id, CancellationToken ct) =>
        _connection.AskAsync(_ => new HttpRequestMessage(HttpMethod.Delete, PathOf(id)), static json => json, repeat: false, ct);

    /// <summary>Sends a webhook an event about no batch.</summary>
    public Task<WebhookDelivery> TestAsync(string id, string? type, CancellationToken ct) =>
        _connection.AskAsync(_ => Post(PathOf(id) + "/test", new WebhookTest(type), ApiJson.Default.WebhookTest), WebhookDelivery.Read, repeat: false, ct);

    /// <summary>Lists deliveries, newest first.</summary>
    /// <param name="limit">The most, 1 to 100.</param>
    /// <param name="conditions">Which, by names of the query; null for a condition that there is not.</param>
    /// <param name="ct">Cancels the operation.</param>
    public Task<IReadOnlyList<WebhookDelivery>> ListDeliveriesAsync(int limit, (string Name, string? Value)[] conditions, CancellationToken ct)
    {
        var query = string.Concat(conditions.Where(condition => condition.Value is not null).Select(condition => $"&{condition.Name}={Uri.EscapeDataString(condition.Value!)}"));
        return _connection.AskAsync(
            _ => new HttpRequestMessage(HttpMethod.Get, string.Create(CultureInfo.InvariantCulture, $"webhooks/deliveries?limit={limit}{query}")),
            WebhookDelivery.ReadAll,
            repeat: true,
            ct);
    }

    /// <summary>Sends a delivery again.</summary>
    public Task<WebhookDelivery> ResendAsync(string id, CancellationToken ct) => _connection.AskAsync(
        _ => new HttpRequestMessage(HttpMethod.Post, $"webhooks/deliveries/{Uri.EscapeDataString(id)}/resend"), WebhookDelivery.Read, repeat: false, ct);

    private static string PathOf(string id) => $"webhooks/{Uri.EscapeDataString(id)}";

    private static HttpRequestMessage Post<T>(string path, T body, JsonTypeInfo<T> type) =>
        new(HttpMethod.Post, path) { Content = JsonContent.Create(body, type) };
}
