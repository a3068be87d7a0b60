using System.Text.Json.Nodes;
using BatchFunctions.Http;
using Microsoft.AspNetCore.Http;
using static BatchFunctions.OpenApi.OpenApiSchema;

namespace BatchFunctions.OpenApi;

/// <summary>
/// The OpenAPI 3.1 document, built from the operations, the settings, and exchanges that were recorded from the running
/// service.
/// </summary>
internal static class OpenApiDocument
{
    /// <summary>The statuses of a caller who is not let in.</summary>
    private static readonly int[] Refusals = [403];

    /// <summary>The statuses of a key that stands for another request, or for one that is under way.</summary>
    private static readonly int[] Conflicts = [409];

    public static JsonObject Build(IReadOnlyList<ApiOperation> operations, IReadOnlyList<string> endpoints)
    {
        var paths = new JsonObject();
        foreach (var path in operations.GroupBy(operation => operation.Route.Path))
        {
            paths[path.Key] = new JsonObject(path.Select(operation => KeyValuePair.Create(
                operation.Route.Method.ToLowerInvariant(), (JsonNode?)Describe(operation.Description))));
        }

        OpenApiExamples.AddTo(paths, operations);

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

    private static JsonObject Describe(OperationDescription description)
    {
        var parameters = description.Query.Select(one => Parameter(one.Name, "query", one.Schema));
        if (description.IdOf is { } kind)
        {
            parameters = parameters.Prepend(Parameter("id", "path", String(kind == "model" ? "The model's name." : $"The {kind}'s id.")));
        }

        if (description.IsIdempotent)
        {
            parameters = parameters.Append(Parameter(IdempotencyKey.Header, "header", RequestSchemas.KeyOfRequest()));
        }

        if (description.HasRanges)
        {
            parameters = parameters.Append(Parameter("Range", "header", String("One range of bytes: 'bytes=0-99'. Several, and anything else, get the whole.")));
        }

        var operation = new JsonObject
        {
            ["operationId"] = description.Id,
            ["summary"] = description.Summary,
            ["parameters"] = new JsonArray([.. parameters]),
            ["responses"] = Responses(description),
        };
        if (description.Body is { } body)
        {
            operation["requestBody"] = new JsonObject
            {
                ["required"] = !description.BodyIsOptional,
                ["content"] = new JsonObject { [body.ContentType] = new JsonObject { ["schema"] = Ref(body.Schema) } },
            };
        }

        if (description.Open)
        {
            operation["security"] = new JsonArray();
        }

        return operation;
    }

    private static JsonObject Parameter(string name, string place, JsonObject schema)
    {
        var parameter = new JsonObject
        {
            ["name"] = name,
            ["in"] = place,
            ["required"] = place == "path",
            ["schema"] = schema.DeepClone(),
        };
        if (schema.ContainsKey("additionalProperties"))
        {
            parameter["style"] = "deepObject";
        }

        return parameter;
    }

    private static JsonObject Responses(OperationDescription description)
    {
        var responses = new JsonObject { ["200"] = Success(description, "OK") };
        if (description.HasRanges)
        {
            responses["206"] = Success(description, "The range that was asked for.");
        }

        int[] errors = [.. description.Errors, .. description.Open ? [] : Refusals, .. description.IsIdempotent ? Conflicts : [], 401, 500, 503];
        foreach (var status in errors.Distinct().Order())
        {
            responses[$"{status}"] = new JsonObject
            {
                ["description"] = DescriptionOf(status),
                ["content"] = new JsonObject { ["application/json"] = new JsonObject { ["schema"] = Ref("Error") } },
            };
        }

        return responses;
    }

    private static JsonObject Success(OperationDescription description, string text)
    {
        var media = new JsonObject();
        if (description.Answer is { } answer)
        {
            media["schema"] = Ref(answer);
        }

        return new JsonObject { ["description"] = text, ["content"] = new JsonObject { [description.ContentType] = media } };
    }

    private static string DescriptionOf(int status) => status switch
    {
        StatusCodes.Status400BadRequest => "The request is wrong; 'param' names what is.",
        StatusCodes.Status401Unauthorized => "No key or token, or none that is good.",
        StatusCodes.Status403Forbidden => "The token is good and opens no project, or not the one that is meant; or the operation is for operators.",
        StatusCodes.Status404NotFound => "There is no such object, or it is another project's.",
        StatusCodes.Status408RequestTimeout => "The body came too slowly.",
        StatusCodes.Status409Conflict => "The object's state does not allow it ('x-should-retry: false' when it never will).",
        StatusCodes.Status413PayloadTooLarge => "The request is too large.",
        StatusCodes.Status415UnsupportedMediaType => "The body is of another content type.",
        StatusCodes.Status416RangeNotSatisfiable => "The range lies outside of the file.",
        StatusCodes.Status429TooManyRequests => "The project has as much of it as it may have.",
        StatusCodes.Status503ServiceUnavailable => "Storage, or the sign-in's issuer, is not available; 'Retry-After' says when to try again.",
        _ => "The service has failed; the message has the request's id.",
    };
}
