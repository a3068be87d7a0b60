using System.Text.Json;
using Azure.Data.Tables;
using BatchFunctions.Configuration;
using BatchFunctions.Http;
using BatchFunctions.OpenApi;
using BatchFunctions.Page;
using BatchFunctions.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Service;

/// <summary>What the service answers about itself, and where there is nothing to answer.</summary>
public sealed partial class ServiceApi : IDisposable
{
    /// <summary>How old storage's last answer may be: anybody may ask, and must not run up transactions.</summary>
    private static readonly TimeSpan HealthAge = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan HealthLimit = TimeSpan.FromSeconds(4);

    private readonly ApiGuard _guard;
    private readonly TableClient _table;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _asking = new(1);
    private DateTimeOffset _askedAt = DateTimeOffset.MinValue;
    private readonly Lazy<byte[]> _document;
    private bool _healthy;

    internal ServiceApi(
        ApiGuard guard,
        StorageClients storage,
        IOptions<BatchOptions> options,
        TimeProvider time,
        ILogger<ServiceApi> logger)
    {
        _guard = guard;
        _document = new(() => JsonSerializer.SerializeToUtf8Bytes(OpenApiDocument.Build(options.Value.Endpoints)));
        _table = storage.Tables.GetTableClient(TableNames.ActiveBatches);
        _time = time;
        _logger = logger;
    }

    /// <summary><c>GET /healthz</c>: 200 when storage answers, 503 when it does not. Needs no key.</summary>
    /// <param name="request">The request.</param>
    /// <param name="ct">Fires when the client goes away.</param>
    public Task<IResult> HealthAsync(HttpRequest request, CancellationToken ct) =>
        _guard.RunOpenAsync(
            request,
            async ct => await IsHealthyAsync(ct)
                ? ApiJson.Ok(writer =>
                {
                    writer.WriteStartObject();
                    writer.WriteString("status"u8, "ok"u8);
                    writer.WriteEndObject();
                })
                : throw new ApiException(ApiError.StorageUnavailable),
            ct);

    /// <summary><c>GET /openapi.json</c>: the API in OpenAPI 3.1. Needs no key.</summary>
    /// <param name="request">The request.</param>
    /// <param name="ct">Fires when the client goes away.</param>
    public Task<IResult> OpenApiAsync(HttpRequest request, CancellationToken ct) =>
        _guard.RunOpenAsync(
            request,
            _ => Task.FromResult(Results.Bytes(_document.Value, "application/json")),
            ct);

    /// <summary>
    /// Everything that has no route: the page, 405 where the path has a route for another method, else 404. The page has none
    /// because the Functions host gives a function without a template one of its name: <c>/</c> can only come here.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="ct">Fires when the client goes away.</param>
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
                    return Task.FromResult(PageFiles.Answer(path, request.HttpContext.Response));
                }

                var allowed = isPage
                    ? PageFiles.Methods
                    : [.. ApiRoutes.Matching(path).Select(route => route.Method)];
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

    /// <inheritdoc/>
    public void Dispose() => _asking.Dispose();

    private async Task<bool> IsHealthyAsync(CancellationToken ct)
    {
        await _asking.WaitAsync(ct);
        try
        {
            var now = _time.GetUtcNow();
            if (now - _askedAt >= HealthAge)
            {
                _healthy = await AskAsync(ct);
                _askedAt = now;
            }

            return _healthy;
        }
        finally
        {
            _asking.Release();
        }
    }

    private async Task<bool> AskAsync(CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(HealthLimit);
        try
        {
            await foreach (var _ in _table.QueryAsync<TableEntity>(maxPerPage: 1, cancellationToken: limit.Token))
            {
                break;
            }

            return true;
        }
        catch (Exception e) when (!ct.IsCancellationRequested && e is not OutOfMemoryException)
        {
            Log.NotHealthy(_logger, e);
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Storage does not answer.")]
        public static partial void NotHealthy(ILogger logger, Exception e);
    }
}
