using System.Text.RegularExpressions;
using BatchFunctions.Configuration;
using BatchFunctions.Files;
using BatchFunctions.Http;
using BatchFunctions.Ids;
using BatchFunctions.Receivers;
using Microsoft.AspNetCore.Http;

namespace BatchFunctions.Batches;

/// <summary>Reads and checks the bodies of requests to create and to retry a batch.</summary>
internal static partial class BatchRequest
{
    private const int MaxOnly = 32;
    private const int MaxPairs = 16;
    private const int MaxKeyLength = 64;
    private const int MaxValueLength = 512;

    /// <summary>The properties of a request to create a batch.</summary>
    public static readonly string[] Properties =
        ["input_file_id", "endpoint", "completion_window", "metadata", "output_expires_after", "webhook", IdempotencyKey.Property];

    /// <summary>Those of its webhook.</summary>
    public static readonly string[] WebhookProperties = ["url", "secret"];

    /// <summary>The properties of a request to retry one.</summary>
    public static readonly string[] RetryProperties = ["only", "completion_window", "metadata", "output_expires_after", IdempotencyKey.Property];

    /// <exception cref="ApiException">The request is invalid.</exception>
    public static async Task<NewBatch> ReadAsync(
        HttpRequest request, string tenant, BatchOptions options, CancellationToken ct)
    {
        var body = await ApiBody.ReadAsync(request, Properties, ct);
        var fileId = body.RequiredString("input_file_id");
        var endpoint = body.RequiredString("endpoint");
        if (!options.Endpoints.Contains(endpoint, StringComparer.Ordinal))
        {
            throw new ApiException(ApiError.Unsupported("endpoint", ApiError.Shown(endpoint), options.Endpoints));
        }

        var window = body.RequiredString("completion_window");
        CheckWindow(window, options);
        var metadata = body.OptionalStringMap("metadata");
        CheckMetadata(metadata);
        var expiry = RequestedLife.Read(body, "output_expires_after");
        var webhook = ReadWebhook(body, options);
        return IdKind.File.IsValid(fileId)
            ? new NewBatch(tenant, fileId, endpoint, window, metadata, expiry) { IdempotencyKey = KeyOf(request, body), Webhook = webhook }
            : throw new ApiException(BatchErrors.NoInputFile(fileId));
    }

    /// <summary>Reads what is asked for of a retry, which need not be anything.</summary>
    /// <exception cref="ApiException">The request is invalid.</exception>
    public static async Task<RetryRequest> ReadRetryAsync(HttpRequest request, BatchOptions options, CancellationToken ct)
    {
        var body = await ApiBody.ReadOptionalAsync(request, RetryProperties, ct);
        var only = body.OptionalStrings("only");
        if (only is not null)
        {
            CheckOnly(only);
        }

        var window = body.OptionalString("completion_window");
        if (window is not null)
        {
            CheckWindow(window, options);
        }

        var metadata = body.OptionalStringMap("metadata");
        CheckMetadata(metadata);
        return new RetryRequest([.. (only ?? []).Distinct(StringComparer.Ordinal)], window, metadata, RequestedLife.Read(body, "output_expires_after"))
        {
            IdempotencyKey = KeyOf(request, body),
        };
    }

    private static string? KeyOf(HttpRequest request, ApiBody body) => IdempotencyKey.Of(request, body.OptionalString(IdempotencyKey.Property));

    private static void CheckOnly(IReadOnlyList<string> only)
    {
        if (only.Count is 0 or > MaxOnly)
        {
            throw new ApiException(BatchErrors.WrongNumberOfOnly(MaxOnly, only.Count));
        }

        if (only.FirstOrDefault(code => !Code().IsMatch(code)) is { } wrong)
        {
            throw new ApiException(BatchErrors.BadOnly(wrong));
        }
    }

    private static void CheckWindow(string window, BatchOptions options)
    {
        if (CompletionWindows.LengthOf(window) is not { } length || !options.Windows.Include(length))
        {
            throw new ApiException(BatchErrors.NoWindow(window, options.Windows));
        }
    }

    [GeneratedRegex(@"^([a-z][a-z0-9_]{0,63}|[1-5][0-9]{2})\z", RegexOptions.CultureInvariant)]
    private static partial Regex Code();

    /// <summary>Names and values of metadata, in an order that does not depend on the body's.</summary>
    public static IEnumerable<string?> Flat(IReadOnlyDictionary<string, string>? metadata) =>
        (metadata ?? new Dictionary<string, string>()).OrderBy(pair => pair.Key, StringComparer.Ordinal).SelectMany(pair => new[] { pair.Key, pair.Value });

    private static void CheckMetadata(IReadOnlyDictionary<string, string>? metadata)
    {
        if (metadata is null)
        {
            return;
        }

        if (metadata.Count > MaxPairs)
        {
            throw new ApiException(ApiError.TooManyProperties("metadata", MaxPairs, metadata.Count));
        }

        foreach (var (key, value) in metadata)
        {
            CheckLength("metadata", key, MaxKeyLength);
            CheckLength($"metadata.{ApiError.Shown(key)}", value, MaxValueLength);
        }
    }

    // In characters (code points), like a line's custom_id.
    private static void CheckLength(string param, string text, int max)
    {
        if (text.Length > max && text.EnumerateRunes().Count() is var characters && characters > max)
        {
            throw new ApiException(ApiError.TooLong(param, max, characters));
        }
    }

    private static BatchWebhook? ReadWebhook(ApiBody body, BatchOptions options)
    {
        if (body.OptionalObject("webhook", WebhookProperties) is not { } webhook)
        {
            return null;
        }

        ReceiverErrors.ThrowIfOff(options.Webhooks);
        var url = webhook.RequiredString("url");
        var secret = webhook.RequiredString("secret");
        return ReceiverUrl.ProblemOf(url, options.Webhooks) is { } problem ? throw new ApiException(BatchErrors.BadWebhookUrl(problem))
            : ReceiverSecret.TryRead(secret, out _) ? new BatchWebhook(url, secret)
            : throw new ApiException(BatchErrors.BadWebhookSecret);
    }
}
