using System.Text.Json;
using BatchFunctions.Configuration;
using BatchFunctions.Http;
using BatchFunctions.OpenApi;
using BatchFunctions.Page;
using BatchFunctions.Upstream;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Service;

/// <summary>The operations about the service itself, and the fallback for paths without a route.</summary>
public sealed class ServiceApi
{
    private readonly ApiGuard _guard;
    private readonly StorageHealth _storage;
    private readonly UpstreamRegistry _upstreams;
    private readonly Lazy<byte[]> _document;

    internal ServiceApi(ApiGuard guard, StorageHealth storage, UpstreamRegistry upstreams, IOptions<BatchOptions> options)
    {
        _guard = guard;
        _storage = storage;
        _upstreams = upstreams;
        _document = new(() => JsonSerializer.SerializeToUtf8Bytes(OpenApiDocument.Build(ApiOperations.All, options.Value.Endpoints)));
    }

    /// <summary><c>GET /healthz</c>: 200 if storage answers, 503 if it does not. Needs no key.</summary>
    /// <param name="request">The request.</param>
    /// <param name="ct">Fires when the client disconnects.</param>
    public Task<IResult> HealthAsync(HttpRequest request, CancellationToken ct) =>
        _guard.RunOpenAsync(
            request,
            async ct => await _storage.IsHealthyAsync(ct)
                ? ApiJson.Ok(new HealthObject([.. _upstreams.Upstreams.Select(HealthOf)]), ApiJson.Default.HealthObject)
                : throw new ApiException(ApiError.StorageUnavailable),
            ct);

    /// <summary><c>GET /openapi.json</c>: the API in OpenAPI 3.1. Needs no key.</summary>
    /// <param name="request">The request.</param>
    /// <param name="ct">Fires when the client disconnects.</param>
    public Task<IResult> OpenApiAsync(HttpRequest request, CancellationToken ct) =>
        _guard.RunOpenAsync(
            request,
            _ => Task.FromResult(Results.Bytes(_document.Value, "application/json")),
            ct);

    /// <summary>
    /// Answers everything that has no route: the page, 405 if the path has a route for another method, else 404. The
    /// page has no route because the Functions host gives a function without a template its name as the route, so only
    /// the fallback can serve <c>/</c>.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="ct">Fires when the client disconnects.</param>
    public Task<IResult> FallbackAsync(HttpRequest request, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        return _guard.RunOpenAsync(
            request,
            _ =>
            {
                var path = request.Path.HasValue ? request.Path.Value! : PageFiles.Root;
                var isPage = PageFiles.Has(path);
                if (isPage && PageFiles.Methods.Contains(request.Method))
                {
                    return Task.FromResult(PageFiles.Answer(path, request));
                }

                var allowed = isPage
                    ? PageFiles.Methods
                    : [.. ApiOperations.All.Where(operation => operation.Matches(path)).Select(operation => operation.Route.Method)];
                var method = ApiError.Shown(request.Method);
                if (allowed.Length == 0)
                {
                    throw new ApiException(ApiError.NoRoute(method, ApiError.Shown(path)));
                }

                request.HttpContext.Response.Headers.Allow = string.Join(", ", allowed);
                throw new ApiException(ApiError.MethodNotAllowed(method, ApiError.Shown(path)));
            },
            ct);
    }

    private static NamedUpstreamHealthObject HealthOf(UpstreamEntry upstream)
    {
        var condition = upstream.Gate.Condition;
        return new(upstream.Name, UpstreamHealthObject.Of(condition.IsKnown, condition.AwaySince, condition.Reason));
    }
}
