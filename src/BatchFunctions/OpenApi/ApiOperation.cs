using System.Text.Json.Nodes;
using BatchFunctions.Http;
using Microsoft.AspNetCore.Routing.Template;

namespace BatchFunctions.OpenApi;

/// <summary>An operation of the API: where it is, what handles it, and how it is described.</summary>
/// <param name="route">Its method and template.</param>
/// <param name="handler">Its handler, out of the container.</param>
/// <param name="description">What the OpenAPI document says of it.</param>
internal sealed class ApiOperation(ApiRoute route, Func<IServiceProvider, Delegate> handler, OperationDescription description)
{
    private readonly TemplateMatcher _matcher = new(TemplateParser.Parse(route.Template), []);

    public ApiRoute Route => route;

    public OperationDescription Description => description;

    public Delegate HandlerOf(IServiceProvider services) => handler(services);

    /// <summary>Whether a path is one of the operation's, whatever the method.</summary>
    public bool Matches(string path) => _matcher.TryMatch(path, []);
}

/// <summary>An operation as the OpenAPI document describes it.</summary>
/// <param name="Id">The operation's name.</param>
/// <param name="Summary">What it does.</param>
/// <param name="Answer">The schema of its answer; null for bytes.</param>
internal sealed record OperationDescription(string Id, string Summary, string? Answer)
{
    /// <summary>The statuses of its errors, without those that every operation has.</summary>
    public int[] Errors { get; init; } = [];

    /// <summary>What the id in its path is of; null when it has none.</summary>
    public string? IdOf { get; init; }

    /// <summary>What its query may name.</summary>
    public (string Name, JsonObject Schema)[] Query { get; init; } = [];

    /// <summary>What its body is; null when it has none.</summary>
    public (string ContentType, string Schema)? Body { get; init; }

    /// <summary>Whether it needs no key.</summary>
    public bool Open { get; init; }
}
