using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using BatchFunctions.Idempotency;
using BatchFunctions.Projects;
using BatchFunctions.SignIn;
using BatchFunctions.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace BatchFunctions.Http;

/// <summary>
/// Wraps every handler, in both hosts alike: gives the request an id and the response its common headers, checks the
/// key or token, and turns every failure, of the handler or while its result is written, into the API's error envelope. Under
/// Functions no middleware, filter or exception handler of ASP.NET runs, so none of this can live there.
/// </summary>
internal sealed partial class ApiGuard(Callers callers, ProjectReader projects, TimeProvider time, ILogger<ApiGuard> logger)
{
    private static readonly Func<ILogger, string, IDisposable?> Scope =
        LoggerMessage.DefineScope<string>("Request {RequestId}");

    private ILogger Logger => logger;

    /// <summary>Runs a handler that needs a valid key.</summary>
    public Task<IResult> RunAsync(
        HttpRequest request, Func<ApiCaller, CancellationToken, Task<IResult>> handle, CancellationToken ct) =>
        RunOpenAsync(
            request,
            async token =>
            {
                // The caller is known before the body is read, so that a wrong key costs no upload.
                var caller = await callers.AuthenticateAsync(request, token);
                return await handle(caller, token);
            },
            ct);

    /// <summary>Runs a handler that needs a valid key of a project with the role <c>operator</c>.</summary>
    public Task<IResult> RunForOperatorAsync(
        HttpRequest request, Func<CancellationToken, Task<IResult>> handle, CancellationToken ct) =>
        RunAsync(
            request,
            async (caller, token) => await projects.IsOperatorAsync(caller.Tenant, token)
                ? await handle(token)
                : throw new ApiException(ApiError.OperatorsOnly),
            ct);

    /// <summary>Runs a handler that needs no key.</summary>
    public async Task<IResult> RunOpenAsync(
        HttpRequest request, Func<CancellationToken, Task<IResult>> handle, CancellationToken ct)
    {
        var requestId = "req_" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        var headers = request.HttpContext.Response.Headers;
        headers["x-request-id"] = requestId;

        // Responses contain names and texts from callers: browsers must not guess at another content type.
        headers.XContentTypeOptions = "nosniff";
        Activity.Current?.SetTag("batchfunctions.request.id", requestId);
        using var scope = Scope(logger, requestId);
        request.Body = new PacedBody(request.Body, time);
        try
        {
            return new GuardedResult(this, requestId, await handle(ct));
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return ResultOf(e, request.HttpContext, requestId);
        }
    }

    private IResult ResultOf(Exception e, HttpContext context, string requestId)
    {
        if (context.RequestAborted.IsCancellationRequested)
        {
            // The client has disconnected.
            return Results.Empty;
        }

        var error = e switch
        {
            ApiException api => api.Error,
            ConcurrencyException => ApiError.Contended,
            BadHttpRequestException bad => ApiError.Refused(bad.StatusCode, "The request could not be read."),
            KeyReusedException => ApiError.KeyReused,
            NewerRowException => ApiError.Upgrading,
            SignInUnavailableException => SignInErrors.Unavailable,
            _ when StorageFaults.IsFault(e) => ApiError.StorageUnavailable,
            _ => ApiError.Internal(requestId),
        };
        ContentHeaders.Clear(context.Response, error.Status);
        switch (error.Status)
        {
            case StatusCodes.Status401Unauthorized:
                context.Response.Headers.WWWAuthenticate = "Bearer";
                break;
            case StatusCodes.Status408RequestTimeout:
                // The rest of the body is not waited for.
                context.Response.Headers.Connection = "close";
                break;
            case StatusCodes.Status409Conflict or StatusCodes.Status429TooManyRequests when !error.Passes:
                // Official clients retry these by themselves.
                context.Response.Headers["x-should-retry"] = "false";
                break;
            case StatusCodes.Status503ServiceUnavailable:
                context.Response.Headers.RetryAfter = "5";
                Log.Unavailable(Logger, e, context.Request.Method, context.Request.Path, error.Code, requestId);
                break;
            case StatusCodes.Status500InternalServerError:
                Log.Unforeseen(Logger, e, context.Request.Method, context.Request.Path, requestId);
                break;
            default:
                break;
        }

        if (error.RetryAfter is { } after)
        {
            context.Response.Headers.RetryAfter = ((long)Math.Ceiling(after.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }

        return ApiJson.Of(error);
    }

    /// <summary>A handler's result, which may fail while it is written.</summary>
    private sealed class GuardedResult(ApiGuard guard, string requestId, IResult inner) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            try
            {
                await inner.ExecuteAsync(httpContext);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                if (httpContext.Response.HasStarted)
                {
                    // Half a response must not look like a complete one.
                    if (!httpContext.RequestAborted.IsCancellationRequested)
                    {
                        Log.BrokenOff(guard.Logger, e, httpContext.Request.Method, httpContext.Request.Path, requestId);
                    }

                    httpContext.Abort();
                    return;
                }

                await guard.ResultOf(e, httpContext, requestId).ExecuteAsync(httpContext);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "{Method} {Path} failed; request id {RequestId}.")]
        public static partial void Unforeseen(ILogger logger, Exception e, string method, string path, string requestId);

        [LoggerMessage(Level = LogLevel.Warning, Message = "{Method} {Path} failed: {Reason}; request id {RequestId}.")]
        public static partial void Unavailable(ILogger logger, Exception e, string method, string path, string? reason, string requestId);

        [LoggerMessage(Level = LogLevel.Error, Message = "{Method} {Path} failed after part of its answer was sent; request id {RequestId}.")]
        public static partial void BrokenOff(ILogger logger, Exception e, string method, string path, string requestId);
    }
}

/// <summary>The caller of a request.</summary>
/// <param name="Tenant">The project of the caller's key or token; no handler looks beyond it.</param>
internal sealed record ApiCaller(string Tenant);
