namespace BatchFunctions.Http;

/// <summary>
/// The route templates of both hosts, without a leading slash, as the Functions host requires. The table of operations
/// and the Functions app's triggers use them.
/// </summary>
public static class ApiRoutes
{
    /// <summary>Lists and creates batches.</summary>
    public const string Batches = "v1/batches";

    /// <summary>One batch.</summary>
    public const string Batch = "v1/batches/{id}";

    /// <summary>How a batch gets on.</summary>
    public const string BatchProgress = "v1/batches/{id}/progress";

    /// <summary>Cancels a batch.</summary>
    public const string BatchCancel = "v1/batches/{id}/cancel";

    /// <summary>Sends lines of a batch once more.</summary>
    public const string BatchRetry = "v1/batches/{id}/retry";

    /// <summary>Why lines of a batch failed.</summary>
    public const string BatchErrors = "v1/batches/{id}/errors";

    /// <summary>Lists and uploads files.</summary>
    public const string Files = "v1/files";

    /// <summary>One file.</summary>
    public const string File = "v1/files/{id}";

    /// <summary>A file's bytes.</summary>
    public const string FileContent = "v1/files/{id}/content";

    /// <summary>Checks a file before a batch is made of it.</summary>
    public const string FileCheck = "v1/files/{id}/check";

    /// <summary>Begins an upload in parts.</summary>
    public const string Uploads = "v1/uploads";

    /// <summary>Adds a part to an upload.</summary>
    public const string UploadParts = "v1/uploads/{id}/parts";

    /// <summary>Creates a file from an upload's parts.</summary>
    public const string UploadComplete = "v1/uploads/{id}/complete";

    /// <summary>Cancels an upload.</summary>
    public const string UploadCancel = "v1/uploads/{id}/cancel";

    /// <summary>Models that can be batched.</summary>
    public const string Models = "v1/models";

    /// <summary>One model, whose name may have slashes.</summary>
    public const string Model = "v1/models/{*id}";

    /// <summary>Lists and adds webhooks.</summary>
    public const string Webhooks = "v1/webhooks";

    /// <summary>One webhook.</summary>
    public const string Webhook = "v1/webhooks/{id}";

    /// <summary>Gives a webhook another secret.</summary>
    public const string WebhookRotateSecret = "v1/webhooks/{id}/rotate_secret";

    /// <summary>Sends a webhook an event about no batch.</summary>
    public const string WebhookTest = "v1/webhooks/{id}/test";

    /// <summary>What was sent to webhooks, and will be.</summary>
    public const string Deliveries = "v1/webhooks/deliveries";

    /// <summary>One delivery.</summary>
    public const string Delivery = "v1/webhooks/deliveries/{id}";

    /// <summary>Sends a delivery again.</summary>
    public const string DeliveryResend = "v1/webhooks/deliveries/{id}/resend";

    /// <summary>What the caller's project may have, and has.</summary>
    public const string Limits = "v1/limits";

    /// <summary>What the caller's project has used.</summary>
    public const string Usage = "v1/usage";

    /// <summary>What the whole service is doing, for operators.</summary>
    public const string Operator = "v1/operator";

    /// <summary>Whether the service works.</summary>
    public const string Health = "healthz";

    /// <summary>The OpenAPI document.</summary>
    public const string OpenApi = "openapi.json";

    /// <summary>Everything else.</summary>
    public const string Fallback = "{*path}";
}

/// <summary>The route of an operation.</summary>
/// <param name="Method">The HTTP method.</param>
/// <param name="Template">The route's template, without a leading slash.</param>
public sealed record ApiRoute(string Method, string Template)
{
    /// <summary>The path as it is documented: with a leading slash, and each parameter as its name alone.</summary>
    public string Path => "/" + Template.Replace("{*", "{", StringComparison.Ordinal);
}
