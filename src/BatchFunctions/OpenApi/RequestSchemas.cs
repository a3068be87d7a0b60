using System.Text.Json.Nodes;
using BatchFunctions.Files;
using BatchFunctions.Http;
using BatchFunctions.Webhooks;
using static BatchFunctions.OpenApi.OpenApiSchema;

namespace BatchFunctions.OpenApi;

/// <summary>
/// The schemas of the API's requests, written by hand: requests are read property by property, not into types.
/// </summary>
internal static class RequestSchemas
{
    private const string ExpiryRange = "from an hour to thirty days";

    public static IEnumerable<KeyValuePair<string, JsonNode?>> All(IReadOnlyList<string> endpoints) => new Dictionary<string, JsonNode?>
    {
        ["CreateBatchRequest"] = Request(
            ["input_file_id", "endpoint", "completion_window"],
            ("input_file_id", String("A file with the purpose 'batch'.")),
            ("endpoint", Enum(endpoints, "Where every line of the file goes.")),
            ("completion_window", String("Minutes, hours or days, from '10m' to '7d' unless the service takes fewer: '90m', '24h', '7d'.")),
            ("metadata", Nullable(StringMap("Up to 16 pairs; keys up to 64, values up to 512 characters."))),
            ("output_expires_after", Nullable(Expiry("How long the output and error files live"))),
            ("webhook", Nullable(Request(
                ["url", "secret"],
                ("url", String("Where the event that the batch has ended is sent, beside the project's webhooks.")),
                ("secret", String("What it is signed with: 'whsec_' and the base64 of 24 to 64 bytes."))))),
            Key()),
        ["RetryBatchRequest"] = Request(
            [],
            ("only", Nullable(Array(String("An error's code or a status, as in the error file: 'batch_expired', '429'. All lines that did not succeed where it is absent.")))),
            ("completion_window", Nullable(String("That of the first batch by default."))),
            ("metadata", Nullable(StringMap("Those of the first batch by default."))),
            ("output_expires_after", Nullable(Expiry("How long the output and error files live"))),
            Key()),
        ["UploadFileRequest"] = Request(
            ["file", "purpose"],
            ("file", Binary()),
            ("purpose", Enum(FilePurposes.Uploaded)),
            ("expires_after[anchor]", Enum([FileLife.Anchor])),
            ("expires_after[seconds]", Integer($"How long the file lives, {ExpiryRange}; thirty days for batch inputs by default.", FileLife.MinSeconds, FileLife.MaxSeconds)),
            (IdempotencyKey.Property, KeyOfRequest())),
        ["CheckFileRequest"] = Request(
            [],
            ("endpoint", Nullable(Enum(endpoints, "Where the batch's lines go; the url of the first line by default."))),
            ("after", Nullable(String("The 'next' of an earlier check, to go on behind it.")))),
        ["CreateUploadRequest"] = Request(
            ["filename", "purpose", "bytes", "mime_type"],
            ("filename", String()),
            ("purpose", Enum(FilePurposes.Uploaded)),
            ("bytes", Integer("What the parts come to.", 1)),
            ("mime_type", String(example: "application/jsonl")),
            ("expires_after", Nullable(Expiry("How long the file lives"))),
            Key()),
        ["CreateWebhookRequest"] = Request(["url"], [.. Webhook()]),
        ["UpdateWebhookRequest"] = Request([], [.. Webhook(), ("status", Nullable(Enum([WebhookObject.Enabled, WebhookObject.Disabled])))]),
        ["TestWebhookRequest"] = Request([], ("type", Nullable(Enum(EventTypes.All, "'batch.completed' by default.")))),
        ["AddPartRequest"] = Request(["data"], ("data", Binary())),
        ["CompleteUploadRequest"] = Request(
            ["part_ids"],
            ("part_ids", Array(String("In the order of the file."))),
            ("md5", Nullable(String("The whole file's MD5, in hex.")))),
    };

    /// <summary>What a key of an idempotent request is, in a header or a body.</summary>
    public static JsonObject KeyOfRequest()
    {
        var key = String("A key of the caller's: a request that is sent again with it makes nothing more. Printable ASCII characters, no spaces.");
        key["minLength"] = 1;
        key["maxLength"] = IdempotencyKey.MaxCharacters;
        return key;
    }

    private static (string Name, JsonObject Schema) Key() => (IdempotencyKey.Property, Nullable(KeyOfRequest()));

    private static JsonObject Binary() => new() { ["type"] = "string", ["format"] = "binary" };

    private static IEnumerable<(string Name, JsonObject Schema)> Webhook() =>
    [
        ("url", String("Where events are sent: an 'https' URL whose host has a public address.")),
        ("events", Nullable(Array(Enum(EventTypes.All)))),
        ("name", Nullable(String("Up to 64 characters."))),
    ];

    private static JsonObject Expiry(string what) => Request(
        ["anchor", "seconds"],
        ("anchor", Enum([FileLife.Anchor])),
        ("seconds", Integer($"{what}, {ExpiryRange}.", FileLife.MinSeconds, FileLife.MaxSeconds)));
}
