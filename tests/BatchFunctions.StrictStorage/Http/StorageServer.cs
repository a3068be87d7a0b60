using System.Collections.Frozen;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace BatchFunctions.StrictStorage.Http;

/// <summary>
/// Accounts for other processes: over HTTP on loopback, a port for each of the three services, as an emulator has them. A request is carried out
/// once it has arrived whole, whoever has sent it has gone or not. Signatures are not checked, and an account's chance has no part in it: what
/// befalls requests on their way is for a proxy.
/// </summary>
public sealed class StorageServer : IAsyncDisposable
{
    private static readonly int[] Services = [StorageRequest.BlobPort, StorageRequest.QueuePort, StorageRequest.TablePort];

    /// <summary>Headers of one connection, which are HTTP's and not the request's.</summary>
    private static readonly FrozenSet<string> OfConnection = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase, "Accept-Encoding", "Connection", "Keep-Alive", "Transfer-Encoding");

    private readonly FrozenDictionary<string, StorageAccount> _accounts;
    private readonly ServicePorts<int> _ports;

    private StorageServer(IEnumerable<StorageAccount> accounts)
    {
        _accounts = accounts.ToFrozenDictionary(account => account.Name, StringComparer.Ordinal);
        _ports = new ServicePorts<int>(Services, AnswerAsync);
    }

    /// <summary>Serves accounts on free ports, until it is disposed of.</summary>
    public static async Task<StorageServer> StartAsync(params IEnumerable<StorageAccount> accounts)
    {
        var server = new StorageServer(accounts);
        await server._ports.StartAsync();
        return server;
    }

    /// <summary>What clients of any process are made of.</summary>
    /// <param name="account">One of the accounts that it serves.</param>
    public string ConnectionString(StorageAccount account)
    {
        ArgumentNullException.ThrowIfNull(account);
        return account.ConnectionStringAt(_ports.PortOf);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _ports.DisposeAsync();

    private async Task AnswerAsync(HttpContext context, int service)
    {
        try
        {
            var request = await ReadAsync(context, service);
            if (!_accounts.TryGetValue(request.Account, out var account))
            {
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                return;
            }

            await WriteAsync(account.Answer(request), context);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // Who asked has died.
            context.Abort();
        }
    }

    private static async Task<StorageRequest> ReadAsync(HttpContext context, int service)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        return new StorageRequest(
            context.Request.Method,
            new Uri($"http://127.0.0.1:{service}{target}"),
            context.Request.Headers.Where(header => !OfConnection.Contains(header.Key))
                .Select(header => KeyValuePair.Create(header.Key, header.Value.ToString())),
            body.ToArray());
    }

    private static async Task WriteAsync(StorageResponse answer, HttpContext context)
    {
        context.Response.StatusCode = answer.Status;
        foreach (var header in answer.Headers)
        {
            context.Response.Headers[header.Name] = header.Value;
        }

        if (answer.ContentStream is { } content && !HttpMethods.IsHead(context.Request.Method))
        {
            await content.CopyToAsync(context.Response.Body, context.RequestAborted);
        }
    }
}
