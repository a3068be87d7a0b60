using System.Text.Json.Nodes;
using BatchFunctions.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing.Template;

namespace BatchFunctions.OpenApi;

/// <summary>An operation of the API: its route, its handler and its description.</summary>
/// <param name="route">Its method and template.</param>
/// <param name="handler">Gets its handler from the container.</param>
/// <param name="description">Its description in the OpenAPI document.</param>
internal sealed class ApiOperation(ApiRoute route, Func<IServiceProvider, ApiHandler> handler, OperationDescription description)
{
    private readonly TemplateMatcher _matcher = new(TemplateParser.Parse(route.Template), []);

    public ApiRoute Route => route;

    public OperationDescription Description => description;

    public ApiHandler HandlerOf(IServiceProvider services) => handler(services);

    /// <summary>Whether the operation's template matches a path, whatever the method.</summary>
    public bool Matches(string path) => _matcher.TryMatch(path, []);
}

/// <summary>Answers the requests of an operation.</summary>
/// <param name="request">The request.</param>
/// <param name="id">The id in its path; empty where the operation's path has none.</param>
/// <param name="ct">Ends when the caller goes away.</param>
internal delegate Task<IResult> ApiHandler(HttpRequest request, string id, CancellationToken ct);

/// <summary>The description of an operation in the OpenAPI document.</summary>
/// <param name="Id">The operation's <c>operationId</c>.</param>
/// <param name="Summary">A sentence about what it does.</param>
/// <param name="Answer">The name of its answer's schema; null for a binary answer.</param>
internal sealed record OperationDescription(string Id, string Summary, string? Answer)
{
    /// <summary>The HTTP statuses of its errors, without those that every operation has.</summary>
    public int[] Errors { get; init; } = [];

    /// <summary>The kind of object that the id in its path belongs to; null if its path has no id.</summary>
    public string? IdOf { get; init; }

    /// <summary>The parameters of its query.</summary>
    public (string Name, JsonObject Schema)[] Query { get; init; } = [];

    /// <summary>The content type and schema of its body; null if it has none.</summary>
    public (string ContentType, string Schema)? Body { get; init; }

    /// <summary>Whether the body may be left out.</summary>
    public bool BodyIsOptional { get; init; }

    /// <summary>Whether its request may have a key, with which it makes nothing more when it is sent again.</summary>
    public bool IsIdempotent { get; init; }

    /// <summary>Whether ranges of its answer may be asked for.</summary>
    public bool HasRanges { get; init; }

    /// <summary>The content type of its answer.</summary>
    public string ContentType { get; init; } = Answer is null ? "application/octet-stream" : "application/json";

    /// <summary>Whether it works without a key.</summary>
    public bool Open { get; init; }
}
