using System.Text.Json.Nodes;
using BatchFunctions.Batches;
using BatchFunctions.Checks;
using BatchFunctions.Failures;
using BatchFunctions.Files;
using BatchFunctions.Http;
using BatchFunctions.Limits;
using BatchFunctions.Metering;
using BatchFunctions.Models;
using BatchFunctions.OpenApi;
using BatchFunctions.Operators;
using BatchFunctions.Uploads;
using BatchFunctions.Webhooks;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using static BatchFunctions.OpenApi.OpenApiSchema;

namespace BatchFunctions.Service;

/// <summary>
/// All operations of the API, in one table that the self-host's mapping, the fallback's choice between 404 and 405, and
/// the OpenAPI document read. The Functions app's triggers are written out, as the platform requires; a test compares
/// them with this table.
/// </summary>
/// <remarks>One file, though a long one: it is one table.</remarks>
public static class ApiOperations
{
    private const string Json = "application/json";
    private const string Form = "multipart/form-data";

    internal static IReadOnlyList<ApiOperation> All { get; } =
    [
        Of<BatchApi>(HttpMethods.Get, ApiRoutes.Batches, api => api.ListAsync, new("listBatches", "Lists batches, newest first", "BatchList")
        {
            Errors = [400],
            Query =
            [
                After("batch"),
                Limit(BatchApi.DefaultLimit, BatchApi.MaxLimit),
                ("status", Array(Enum(BatchStatusNames.All))),
                ("endpoint", String("Batches of this endpoint alone.")),
                ("model", String("Batches all of whose lines have this model.")),
                ("created_after", Integer("Created at this time or later (Unix seconds).", 0)),
                ("created_before", Integer("Created before this time (Unix seconds).", 0)),
                ("metadata", StringMap("Batches with this pair in their metadata: 'metadata[KEY]=VALUE', several times for several pairs.")),
            ],
        }),
        Of<BatchApi>(HttpMethods.Post, ApiRoutes.Batches, api => api.CreateAsync, new("createBatch", "Makes a batch of an uploaded file", "Batch")
        {
            Errors = [400, 408, 409, 413, 415, 429],
            Body = (Json, "CreateBatchRequest"),
            IsIdempotent = true,
        }),
        Of<BatchApi>(HttpMethods.Get, ApiRoutes.Batch, api => api.GetAsync, new("retrieveBatch", "A batch", "Batch")
        {
            Errors = [404],
            IdOf = "batch",
        }),
        Of<BatchApi>(HttpMethods.Get, ApiRoutes.BatchProgress, api => api.GetProgressAsync, new("retrieveBatchProgress", "How a batch gets on: its rate, the time left, and how many lines were done when", "BatchProgress")
        {
            Errors = [404],
            IdOf = "batch",
        }),
        Of<BatchApi>(HttpMethods.Post, ApiRoutes.BatchCancel, api => api.CancelAsync, new("cancelBatch", "Cancels a batch", "Batch")
        {
            Errors = [404, 409],
            IdOf = "batch",
        }),
        Of<BatchApi>(HttpMethods.Post, ApiRoutes.BatchRetry, api => api.RetryAsync, new("retryBatch", "Makes a batch of those lines of an ended one that did not succeed", "Batch")
        {
            Errors = [400, 404, 408, 409, 413, 415, 429],
            IdOf = "batch",
            Body = (Json, "RetryBatchRequest"),
            IsIdempotent = true,
            BodyIsOptional = true,
        }),
        Of<BatchApi>(HttpMethods.Delete, ApiRoutes.Batch, api => api.DeleteAsync, new("deleteBatch", "Deletes an ended batch with its output and error files", "DeletedBatch")
        {
            Errors = [404, 409],
            IdOf = "batch",
        }),
        Of<FailureApi>(HttpMethods.Get, ApiRoutes.BatchErrors, api => api.ListAsync, new("listBatchErrors", "Why lines of a batch failed, by what they have in common; of one that runs, so far", "BatchErrors")
        {
            Errors = [400, 404],
            IdOf = "batch",
            Query = [("offset", Integer("Lines of the error file to leave out first: the last answer's 'next_offset'.", 0))],
        }),
        Of<FileApi>(HttpMethods.Get, ApiRoutes.Files, api => api.ListAsync, new("listFiles", "Lists files", "FileList")
        {
            Errors = [400],
            Query =
            [
                After("file"),
                Limit(FileApi.MaxLimit, FileApi.MaxLimit),
                ("order", Enum(["asc", "desc"], "By time; newest first by default.")),
                ("purpose", String("Files of this purpose alone.")),
            ],
        }),
        Of<FileApi>(HttpMethods.Post, ApiRoutes.Files, api => api.UploadAsync, new("uploadFile", "Uploads a file", "File")
        {
            Errors = [400, 408, 413, 415],
            Body = (Form, "UploadFileRequest"),
            IsIdempotent = true,
        }),
        Of<FileApi>(HttpMethods.Get, ApiRoutes.File, api => api.GetAsync, new("retrieveFile", "A file's description", "File")
        {
            Errors = [404],
            IdOf = "file",
        }),
        Of<FileApi>(HttpMethods.Delete, ApiRoutes.File, api => api.DeleteAsync, new("deleteFile", "Deletes a file; batches that read it go on", "DeletedFile")
        {
            Errors = [404, 409],
            IdOf = "file",
        }),
        Of<FileApi>(HttpMethods.Get, ApiRoutes.FileContent, api => api.ContentAsync, new("downloadFile", "A file's bytes, or some of its lines; ranges are honoured, and results can be read while their batch runs", null)
        {
            Errors = [400, 404, 416],
            HasRanges = true,
            IdOf = "file",
            Query =
            [
                ("offset", Integer("Lines to leave out first.", 0)),
                ("limit", Integer("Lines, at most.", 1)),
            ],
        }),
        Of<CheckApi>(HttpMethods.Post, ApiRoutes.FileCheck, api => api.CheckAsync, new("checkFile", "Checks a file before a batch is made of it: what is wrong with its lines, and what they come to", "FileCheck")
        {
            Errors = [400, 404, 408, 413, 415, 429],
            IdOf = "file",
            Body = (Json, "CheckFileRequest"),
            BodyIsOptional = true,
        }),
        Of<UploadApi>(HttpMethods.Post, ApiRoutes.Uploads, api => api.CreateAsync, new("createUpload", "Begins an upload in parts", "Upload")
        {
            Errors = [400, 408, 413, 415, 429],
            Body = (Json, "CreateUploadRequest"),
            IsIdempotent = true,
        }),
        Of<UploadApi>(HttpMethods.Post, ApiRoutes.UploadParts, api => api.AddPartAsync, new("addUploadPart", "Adds a part of up to 64 MB", "UploadPart")
        {
            Errors = [400, 404, 408, 409, 413, 415],
            IdOf = "upload",
            Body = (Form, "AddPartRequest"),
        }),
        Of<UploadApi>(HttpMethods.Post, ApiRoutes.UploadComplete, api => api.CompleteAsync, new("completeUpload", "Makes a file of the parts", "Upload")
        {
            Errors = [400, 404, 408, 409, 413, 415],
            IdOf = "upload",
            Body = (Json, "CompleteUploadRequest"),
        }),
        Of<UploadApi>(HttpMethods.Post, ApiRoutes.UploadCancel, api => api.CancelAsync, new("cancelUpload", "Gives an upload up", "Upload")
        {
            Errors = [400, 404, 409],
            IdOf = "upload",
        }),
        Of<ModelApi>(HttpMethods.Get, ApiRoutes.Models, api => api.ListAsync, new("listModels", "Lists the models that can be batched, as far as they are known", "ModelList")),
        Of<ModelApi>(HttpMethods.Get, ApiRoutes.Model, api => api.GetAsync, new("retrieveModel", "A model that can be batched", "Model")
        {
            Errors = [404],
            IdOf = "model",
        }),
        Of<WebhookApi>(HttpMethods.Get, ApiRoutes.Webhooks, api => api.ListAsync, new("listWebhooks", "Lists the endpoints that events of batches are sent to, newest first", "WebhookList")),
        Of<WebhookApi>(HttpMethods.Post, ApiRoutes.Webhooks, api => api.CreateAsync, new("createWebhook", "Adds an endpoint that events of batches are sent to, and shows its secret", "Webhook")
        {
            Errors = [400, 408, 413, 415, 429],
            Body = (Json, "CreateWebhookRequest"),
        }),
        Of<WebhookApi>(HttpMethods.Get, ApiRoutes.Deliveries, api => api.ListDeliveriesAsync, new("listWebhookDeliveries", "Lists what was sent to webhooks in the last two weeks, and what will be, newest first", "WebhookDeliveryList")
        {
            Errors = [400],
            Query =
            [
                After("delivery"),
                Limit(DeliveryListing.DefaultLimit, DeliveryListing.MaxLimit),
                ("webhook_id", String("Those to this webhook alone.")),
                ("batch_id", String("Those about this batch alone.")),
                ("status", Enum(DeliveryStatusNames.All)),
            ],
        }),
        Of<WebhookApi>(HttpMethods.Get, ApiRoutes.Delivery, api => api.GetDeliveryAsync, new("retrieveWebhookDelivery", "What became of an event on its way to a webhook", "WebhookDelivery")
        {
            Errors = [404],
            IdOf = "delivery",
        }),
        Of<WebhookApi>(HttpMethods.Post, ApiRoutes.DeliveryResend, api => api.ResendAsync, new("resendWebhookDelivery", "Sends an event again, whatever came of it before", "WebhookDelivery")
        {
            Errors = [404, 409],
            IdOf = "delivery",
        }),
        Of<WebhookApi>(HttpMethods.Get, ApiRoutes.Webhook, api => api.GetAsync, new("retrieveWebhook", "A webhook", "Webhook")
        {
            Errors = [404],
            IdOf = "webhook",
        }),
        Of<WebhookApi>(HttpMethods.Post, ApiRoutes.Webhook, api => api.UpdateAsync, new("updateWebhook", "Changes a webhook, or enables it again", "Webhook")
        {
            Errors = [400, 404, 408, 409, 413, 415],
            IdOf = "webhook",
            Body = (Json, "UpdateWebhookRequest"),
        }),
        Of<WebhookApi>(HttpMethods.Delete, ApiRoutes.Webhook, api => api.DeleteAsync, new("deleteWebhook", "Deletes a webhook", "DeletedWebhook")
        {
            Errors = [404],
            IdOf = "webhook",
        }),
        Of<WebhookApi>(HttpMethods.Post, ApiRoutes.WebhookRotateSecret, api => api.RotateSecretAsync, new("rotateWebhookSecret", "Gives a webhook another secret, and shows it; for a day events are signed with both", "Webhook")
        {
            Errors = [404, 409],
            IdOf = "webhook",
        }),
        Of<WebhookApi>(HttpMethods.Post, ApiRoutes.WebhookTest, api => api.TestAsync, new("testWebhook", "Sends a webhook an event about no batch, and tells what came of it", "WebhookDelivery")
        {
            Errors = [400, 404, 408, 413, 415, 429],
            IdOf = "webhook",
            Body = (Json, "TestWebhookRequest"),
            BodyIsOptional = true,
        }),
        Of<LimitsApi>(HttpMethods.Get, ApiRoutes.Limits, api => api.GetAsync, new("retrieveLimits", "What the project may have, has, and has left", "Limits")),
        Of<UsageApi>(HttpMethods.Get, ApiRoutes.Usage, api => api.GetAsync, new("retrieveUsage", "What the key's project has used, by day or by model", "Usage")
        {
            Errors = [400],
            Query =
            [
                ("start", Integer("From the day on that has this time (Unix seconds); by default thirty days before the end.", 0)),
                ("end", Integer("Up to the day that has the second before this time; now by default.", 0)),
                ("group_by", Enum(UsageQuery.Groups, "By day by default.")),
            ],
        }),
        Of<OperatorApi>(HttpMethods.Get, ApiRoutes.Operator, api => api.GetAsync, new("retrieveOverview", "What the whole service is doing, for operators", "Overview")),
        Of<ServiceApi>(HttpMethods.Get, ApiRoutes.Health, api => api.HealthAsync, new("health", "Whether the service and its storage work", "Health")
        {
            Open = true,
        }),
        Of<ServiceApi>(HttpMethods.Get, ApiRoutes.OpenApi, api => api.OpenApiAsync, new("openApi", "This document", null)
        {
            ContentType = Json,
            Open = true,
        }),
    ];

    /// <summary>The methods and templates of all operations: every route except the fallback.</summary>
    public static IReadOnlyList<ApiRoute> Routes { get; } = [.. All.Select(operation => operation.Route)];

    private static ApiOperation Of<TApi>(string method, string template, Func<TApi, ApiHandler> handler, OperationDescription description)
        where TApi : notnull =>
        new(new ApiRoute(method, template), services => handler(services.GetRequiredService<TApi>()), description);

    private static ApiOperation Of<TApi>(
        string method, string template, Func<TApi, Func<HttpRequest, CancellationToken, Task<IResult>>> handler, OperationDescription description)
        where TApi : notnull => Of<TApi>(method, template, api => WithoutId(handler(api)), description);

    private static ApiHandler WithoutId(Func<HttpRequest, CancellationToken, Task<IResult>> handler) => (request, _, ct) => handler(request, ct);

    private static (string Name, JsonObject Schema) After(string kind) =>
        ("after", String($"The {kind} id after which the page begins: the last page's 'last_id'."));

    private static (string Name, JsonObject Schema) Limit(int fallback, int max)
    {
        var schema = Integer("How many, at most.", 1, max);
        schema["default"] = fallback;
        return ("limit", schema);
    }
}
