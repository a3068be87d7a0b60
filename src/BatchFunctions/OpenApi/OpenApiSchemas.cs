using System.Text.Json.Nodes;
using BatchFunctions.Batches;
using BatchFunctions.Files;
using static BatchFunctions.OpenApi.OpenApiSchema;

namespace BatchFunctions.OpenApi;

/// <summary>The schemas of everything that the API takes and answers.</summary>
internal static class OpenApiSchemas
{
    private const string ExpiryRange = "from an hour to thirty days";

    public static JsonObject All(IReadOnlyList<string> endpoints) => new()
    {
        ["Batch"] = Batch(),
        ["BatchList"] = ListOf("Batch"),
        ["CreateBatchRequest"] = Request(
            ["input_file_id", "endpoint", "completion_window"],
            ("input_file_id", String("A file with the purpose 'batch'.")),
            ("endpoint", Enum(endpoints, "Where every line of the file goes.")),
            ("completion_window", Enum(["24h"])),
            ("metadata", Nullable(StringMap("Up to 16 pairs; keys up to 64, values up to 512 characters."))),
            ("output_expires_after", Nullable(Request(
                ["anchor", "seconds"],
                ("anchor", Enum([FileLife.Anchor])),
                ("seconds", Integer($"How long the output and error files live, {ExpiryRange}.", FileLife.MinSeconds, FileLife.MaxSeconds)))))),
        ["File"] = Object(
            ("id", String(example: "file-019a00000000aaaaaaaaaaaaaaaaaaaa")),
            ("object", Constant("file")),
            ("bytes", Integer()),
            ("created_at", Time("When it was made")),
            ("expires_at", Nullable(Time("When it goes; null when it is kept"))),
            ("filename", String()),
            ("purpose", String("What it is for; 'batch_output' for what batches make.")),
            ("status", Constant("processed")),
            ("status_details", Nullable(String()))),
        ["FileList"] = ListOf("File"),
        ["DeletedFile"] = Object(("id", String()), ("object", Constant("file")), ("deleted", Boolean())),
        ["UploadFileRequest"] = Request(
            ["file", "purpose"],
            ("file", new JsonObject { ["type"] = "string", ["format"] = "binary" }),
            ("purpose", Enum(FilePurposes.Uploaded)),
            ("expires_after[anchor]", Enum([FileLife.Anchor])),
            ("expires_after[seconds]", Integer($"How long the file lives, {ExpiryRange}; thirty days for batch inputs by default.", FileLife.MinSeconds, FileLife.MaxSeconds))),
        ["Upload"] = Object(
            ("id", String(example: "upload_019a00000000aaaaaaaaaaaaaaaaaaaa")),
            ("object", Constant("upload")),
            ("bytes", Integer("What the parts must come to.", 1)),
            ("created_at", Time("When it was begun")),
            ("filename", String()),
            ("purpose", String()),
            ("status", Enum(["pending", "completed", "cancelled", "expired"])),
            ("expires_at", Time("When it is given up, unless it is completed")),
            ("file", Nullable(Ref("File")))),
        ["CreateUploadRequest"] = Request(
            ["filename", "purpose", "bytes", "mime_type"],
            ("filename", String()),
            ("purpose", Enum(FilePurposes.Uploaded)),
            ("bytes", Integer("What the parts come to.", 1)),
            ("mime_type", String(example: "application/jsonl")),
            ("expires_after", Nullable(Request(
                ["anchor", "seconds"],
                ("anchor", Enum([FileLife.Anchor])),
                ("seconds", Integer($"How long the file lives, {ExpiryRange}.", FileLife.MinSeconds, FileLife.MaxSeconds)))))),
        ["AddPartRequest"] = Request(["data"], ("data", new JsonObject { ["type"] = "string", ["format"] = "binary" })),
        ["UploadPart"] = Object(
            ("id", String()),
            ("object", Constant("upload.part")),
            ("created_at", Time("When it was added")),
            ("upload_id", String())),
        ["CompleteUploadRequest"] = Request(
            ["part_ids"],
            ("part_ids", Array(String("In the order of the file."))),
            ("md5", Nullable(String("The whole file's MD5, in hex.")))),
        ["Health"] = Object(("status", Constant("ok"))),
        ["Error"] = Object(("error", Object(
            ("message", String("What is wrong, for people.")),
            ("type", Enum(["invalid_request_error", "server_error"])),
            ("param", Nullable(String("The parameter that is wrong."))),
            ("code", Nullable(String("What programs tell errors by.")))))),
    };

    private static JsonObject Batch() => Object(
        ("id", String(example: "batch_019a00000000aaaaaaaaaaaaaaaaaaaa")),
        ("object", Constant("batch")),
        ("endpoint", String()),
        ("model", Nullable(String("The model that all lines share; null until validation, and where they differ."))),
        ("errors", Nullable(Object(
            ("object", Constant("list")),
            ("data", Array(Object(
                ("code", String()),
                ("message", String()),
                ("param", Nullable(String())),
                ("line", Nullable(Integer("1-based."))))))))),
        ("input_file_id", String()),
        ("completion_window", String()),
        ("status", Enum(System.Enum.GetValues<BatchStatus>().Select(status => status.Wire()))),
        ("output_file_id", Nullable(String("Null when no line succeeded."))),
        ("error_file_id", Nullable(String("Null when every line succeeded."))),
        ("created_at", Time("When it was made")),
        ("in_progress_at", Nullable(Time("When its lines began to be sent"))),
        ("expires_at", Time("Its deadline")),
        ("finalizing_at", Nullable(Time("When its files began to be put together"))),
        ("completed_at", Nullable(Time("When it was completed"))),
        ("failed_at", Nullable(Time("When it failed"))),
        ("expired_at", Nullable(Time("When it ended past its deadline"))),
        ("cancelling_at", Nullable(Time("When it was asked to be cancelled"))),
        ("cancelled_at", Nullable(Time("When it ended cancelled"))),
        ("request_counts", Object(
            ("total", Integer()), ("completed", Integer()), ("failed", Integer("Lines that never ran are in the total alone.")))),
        ("usage", Object(
            ("input_tokens", Integer()),
            ("input_tokens_details", Object(("cached_tokens", Integer()))),
            ("output_tokens", Integer()),
            ("output_tokens_details", Object(("reasoning_tokens", Integer()))),
            ("total_tokens", Integer()))),
        ("metadata", Nullable(StringMap("As it was given."))));

    private static JsonObject ListOf(string item) => Object(
        ("object", Constant("list")),
        ("data", Array(Ref(item))),
        ("first_id", Nullable(String("Null when the page is empty."))),
        ("last_id", Nullable(String("The next page's 'after'; null when the page is empty."))),
        ("has_more", Boolean("Whether another page follows.")));
}
