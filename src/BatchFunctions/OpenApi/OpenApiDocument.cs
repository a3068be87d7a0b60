using System.Text.Json.Nodes;
using BatchFunctions.Http;
using Microsoft.AspNetCore.Http;
using static BatchFunctions.OpenApi.OpenApiSchema;

namespace BatchFunctions.OpenApi;

/// <summary>
/// The API described in OpenAPI 3.1, put together from the routes, the settings and exchanges that were recorded from the
/// running service.
/// </summary>
internal static class OpenApiDocument
{
    public static JsonObject Build(IReadOnlyList<string> endpoints)
    {
        var paths = new JsonObject();
        foreach (var route in ApiRoutes.All)
        {
            var path = "/" + route.Template;
            var item = paths[path] as JsonObject;
            if (item is null)
            {
                paths[path] = item = [];
            }

            item[route.Method.ToLowerInvariant()] = Operation(route);
        }

        OpenApiExamples.AddTo(paths);

        return new JsonObject
        {
            ["openapi"] = "3.1.0",
            ["info"] = new JsonObject
            {
                ["title"] = "BatchFunctions",
                ["version"] = typeof(OpenApiDocument).Assembly.GetName().Version!.ToString(3),
                ["description"] = "An OpenAI-compatible Batch API.",
                ["license"] = new JsonObject { ["name"] = "MIT", ["identifier"] = "MIT" },
            },
            ["security"] = new JsonArray(new JsonObject { ["bearer"] = new JsonArray() }),
            ["paths"] = paths,
            ["components"] = new JsonObject
            {
                ["securitySchemes"] = new JsonObject
                {
                    ["bearer"] = new JsonObject { ["type"] = "http", ["scheme"] = "bearer" },
                },
                ["schemas"] = new JsonObject(AnswerSchemas.All().Concat(RequestSchemas.All(endpoints))),
            },
        };
    }

    private static JsonObject Operation(ApiRoute route) => (route.Method, route.Template) switch
    {
        ("GET", ApiRoutes.Batches) => Describe("listBatches", "Lists batches, newest first", "BatchList", [400],
            query: [After("batch"), Limit(20, 100)]),
        ("POST", ApiRoutes.Batches) => Describe("createBatch", "Makes a batch of an uploaded file", "Batch", [400, 413, 415],
            body: ("application/json", "CreateBatchRequest")),
        ("GET", ApiRoutes.Batch) => Describe("retrieveBatch", "A batch", "Batch", [404],
            id: "batch"),
        ("POST", ApiRoutes.BatchCancel) => Describe("cancelBatch", "Cancels a batch", "Batch", [404, 409], id: "batch"),
        ("GET", ApiRoutes.Files) => Describe("listFiles", "Lists files", "FileList", [400],
            query: [After("file"), Limit(10_000, 10_000), Query("order", Enum(["asc", "desc"], "By time; newest first by default.")), Query("purpose", String("Files of this purpose alone."))]),
        ("POST", ApiRoutes.Files) => Describe("uploadFile", "Uploads a file", "File", [400, 413, 415],
            body: ("multipart/form-data", "UploadFileRequest")),
        ("GET", ApiRoutes.File) => Describe("retrieveFile", "A file's description", "File", [404],
            id: "file"),
        ("DELETE", ApiRoutes.File) => Describe("deleteFile", "Deletes a file that no unfinished batch reads", "DeletedFile", [404, 409],
            id: "file"),
        ("GET", ApiRoutes.FileContent) => Describe("downloadFile", "A file's bytes; ranges are honoured", null, [404, 416], id: "file"),
        ("POST", ApiRoutes.Uploads) => Describe("createUpload", "Begins an upload in parts", "Upload", [400, 413, 415],
            body: ("application/json", "CreateUploadRequest")),
        ("POST", ApiRoutes.UploadParts) => Describe("addUploadPart", "Adds a part of up to 64 MB", "UploadPart", [400, 404, 413, 415],
            id: "upload", body: ("multipart/form-data", "AddPartRequest")),
        ("POST", ApiRoutes.UploadComplete) => Describe("completeUpload", "Makes a file of the parts", "Upload", [400, 404, 413, 415],
            id: "upload", body: ("application/json", "CompleteUploadRequest")),
        ("POST", ApiRoutes.UploadCancel) => Describe("cancelUpload", "Gives an upload up", "Upload", [400, 404], id: "upload"),
        ("GET", ApiRoutes.Health) => Open(Describe("health", "Whether the service and its storage work", "Health", [])),
        ("GET", ApiRoutes.OpenApi) => Open(Describe("openApi", "This document", null, [])),
        _ => throw new InvalidOperationException($"{route.Method} {route.Template} is not described."),
    };

    private static JsonObject Describe(
        string id_,
        string summary,
        string? answer,
        int[] errors,
        string? id = null,
        JsonObject[]? query = null,
        (string ContentType, string Schema)? body = null)
    {
        var parameters = new JsonArray([.. (query ?? []).Cast<JsonNode>()]);
        if (id is not null)
        {
            parameters.Insert(0, new JsonObject
            {
                ["name"] = "id",
                ["in"] = "path",
                ["required"] = true,
                ["schema"] = String($"The {id}'s id."),
            });
        }

        var operation = new JsonObject
        {
            ["operationId"] = id_,
            ["summary"] = summary,
            ["parameters"] = parameters,
            ["responses"] = Responses(answer, errors),
        };
        if (body is { } content)
        {
            operation["requestBody"] = new JsonObject
            {
                ["required"] = true,
                ["content"] = new JsonObject { [content.ContentType] = new JsonObject { ["schema"] = Ref(content.Schema) } },
            };
        }

        return operation;
    }

    private static JsonObject Responses(string? answer, int[] errors)
    {
        var media = new JsonObject();
        if (answer is not null)
        {
            media["schema"] = Ref(answer);
        }

        var responses = new JsonObject
        {
            ["200"] = new JsonObject
            {
                ["description"] = "OK",
                ["content"] = new JsonObject { [answer is null ? "application/octet-stream" : "application/json"] = media },
            },
        };
        foreach (var status in errors.Concat([401, 500, 503]).Order())
        {
            responses[$"{status}"] = new JsonObject
            {
                ["description"] = DescriptionOf(status),
                ["content"] = new JsonObject { ["application/json"] = new JsonObject { ["schema"] = Ref("Error") } },
            };
        }

        return responses;
    }

    private static string DescriptionOf(int status) => status switch
    {
        StatusCodes.Status400BadRequest => "The request is wrong; 'param' names what is.",
        StatusCodes.Status401Unauthorized => "No key, or none that is good.",
        StatusCodes.Status404NotFound => "There is no such object, or it is another project's.",
        StatusCodes.Status409Conflict => "The object's state does not allow it ('x-should-retry: false' when it never will).",
        StatusCodes.Status413PayloadTooLarge => "The request is too large.",
        StatusCodes.Status415UnsupportedMediaType => "The body is of another content type.",
        StatusCodes.Status416RangeNotSatisfiable => "The range lies outside of the file.",
        StatusCodes.Status503ServiceUnavailable => "Storage is not available; 'Retry-After' says when to try again.",
        _ => "The service has failed; the message has the request's id.",
    };

    private static JsonObject Open(JsonObject operation)
    {
        operation["security"] = new JsonArray();
        return operation;
    }

    private static JsonObject After(string kind) => Query("after", String($"The {kind} id after which the page begins: the last page's 'last_id'."));

    private static JsonObject Limit(int fallback, int max)
    {
        var schema = Integer("How many, at most.", 1, max);
        schema["default"] = fallback;
        return Query("limit", schema);
    }

    private static JsonObject Query(string name, JsonObject schema) =>
        new() { ["name"] = name, ["in"] = "query", ["required"] = false, ["schema"] = schema };
}
