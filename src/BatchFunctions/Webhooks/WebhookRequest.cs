using BatchFunctions.Configuration;
using BatchFunctions.Http;
using BatchFunctions.Receivers;
using Microsoft.AspNetCore.Http;

namespace BatchFunctions.Webhooks;

/// <summary>What is asked for of a webhook; null for what is to stay as it is, or as it usually is.</summary>
/// <param name="Url">Where events are sent.</param>
/// <param name="Events">The types of events that are sent.</param>
/// <param name="Name">The caller's own words; empty for none.</param>
/// <param name="IsEnabled">Whether anything is sent.</param>
internal sealed record WebhookRequest(string? Url, IReadOnlyList<string>? Events, string? Name, bool? IsEnabled)
{
    /// <summary>In code points, as everywhere in the API.</summary>
    private const int MaxNameLength = 64;

    /// <summary>The properties of a request to add a webhook.</summary>
    public static readonly string[] NewProperties = ["url", "events", "name"];

    /// <summary>Those of one to change it.</summary>
    public static readonly string[] UpdateProperties = [.. NewProperties, "status"];

    private static readonly string[] Statuses = [WebhookObject.Enabled, WebhookObject.Disabled];

    /// <exception cref="ApiException">The request is invalid.</exception>
    public static async Task<WebhookRequest> ReadNewAsync(HttpRequest request, WebhookOptions options, CancellationToken ct)
    {
        var body = await ApiBody.ReadAsync(request, NewProperties, ct);
        _ = body.RequiredString("url");
        return Read(body, options);
    }

    /// <exception cref="ApiException">The request is invalid.</exception>
    public static async Task<WebhookRequest> ReadUpdateAsync(HttpRequest request, WebhookOptions options, CancellationToken ct)
    {
        var body = await ApiBody.ReadAsync(request, UpdateProperties, ct);
        var status = body.OptionalString("status");
        return status is null || Statuses.Contains(status, StringComparer.Ordinal)
            ? Read(body, options) with { IsEnabled = status is null ? null : status == WebhookObject.Enabled }
            : throw new ApiException(ApiError.Unsupported("status", ApiError.Shown(status), Statuses));
    }

    /// <summary>The type of event that a test has.</summary>
    /// <exception cref="ApiException">The request is invalid.</exception>
    public static async Task<string> ReadTestAsync(HttpRequest request, CancellationToken ct)
    {
        var type = (await ApiBody.ReadOptionalAsync(request, ["type"], ct)).OptionalString("type") ?? EventTypes.All[0];
        return EventTypes.All.Contains(type, StringComparer.Ordinal)
            ? type
            : throw new ApiException(ApiError.Unsupported("type", ApiError.Shown(type), EventTypes.All));
    }

    /// <summary>A webhook with what is asked for.</summary>
    public Webhook ApplyTo(Webhook webhook, DateTimeOffset now)
    {
        var changed = (Url is null ? webhook : webhook.Move(Url)) with
        {
            Events = Events ?? webhook.Events,
            Name = Name is null ? webhook.Name : Name.Length == 0 ? null : Name,
        };
        return IsEnabled switch
        {
            true => changed.Enable(),
            false when changed.IsEnabled => changed.Disable(DisabledReasons.Requested, now),
            _ => changed,
        };
    }

    private static WebhookRequest Read(ApiBody body, WebhookOptions options)
    {
        var url = body.OptionalString("url");
        if (url is not null && ReceiverUrl.ProblemOf(url, options) is { } problem)
        {
            throw new ApiException(WebhookErrors.BadUrl(problem));
        }

        var events = body.OptionalStrings("events");
        if (events is { Count: 0 })
        {
            throw new ApiException(WebhookErrors.NoEvents);
        }

        if (events?.FirstOrDefault(type => !EventTypes.All.Contains(type, StringComparer.Ordinal)) is { } unknown)
        {
            throw new ApiException(ApiError.Unsupported("events", ApiError.Shown(unknown), EventTypes.All));
        }

        var name = body.OptionalString("name");
        return name?.EnumerateRunes().Count() is > MaxNameLength and var length
            ? throw new ApiException(ApiError.TooLong("name", MaxNameLength, length))
            : new WebhookRequest(url, events is null ? null : [.. EventTypes.All.Where(events.Contains)], name, null);
    }
}
