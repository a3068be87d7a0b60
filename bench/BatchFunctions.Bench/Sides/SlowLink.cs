using System.Net;
using System.Net.Sockets;

namespace BatchFunctions.Bench.Sides;

/// <summary>A slow line to blob storage: what is sent over all of its connections comes to so many bytes a second.</summary>
internal sealed class SlowLink : IAsyncDisposable
{
    private const string Endpoint = "BlobEndpoint=";
    private const int PieceBytes = 16 * 1024;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _line = new(1);
    private readonly Uri _target;
    private readonly TimeSpan _timeOfByte;
    private readonly Task _accepting;

    /// <summary>Puts a slow line before an account's blobs.</summary>
    /// <param name="connection">The account's connection string.</param>
    /// <param name="bytesPerSecond">How fast it is.</param>
    public SlowLink(string connection, int bytesPerSecond)
    {
        _timeOfByte = TimeSpan.FromSeconds(1) / bytesPerSecond;
        _listener.Start();
        var parts = connection.Split(';', StringSplitOptions.RemoveEmptyEntries);
        var blobs = Array.FindIndex(parts, part => part.StartsWith(Endpoint, StringComparison.OrdinalIgnoreCase));
        _target = new Uri(parts[blobs][Endpoint.Length..]);
        parts[blobs] = Endpoint + new UriBuilder(_target) { Port = ((IPEndPoint)_listener.LocalEndpoint).Port }.Uri;
        Connection = string.Join(';', parts);
        _accepting = AcceptAsync();
    }

    /// <summary>The connection string by way of this.</summary>
    public string Connection { get; }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _stop.Dispose();
        _line.Dispose();
    }

    private async Task AcceptAsync()
    {
        var links = new List<Task>();
        try
        {
            while (true)
            {
                links.Add(LinkAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(links);
        }
    }

    private async Task LinkAsync(TcpClient client)
    {
        using var server = new TcpClient();
        using (client)
        {
            try
            {
                await server.ConnectAsync(_target.Host, _target.Port, _stop.Token);
                using var ended = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
                await Task.WhenAny(
                    SendAsync(client.GetStream(), server.GetStream(), ended.Token),
                    server.GetStream().CopyToAsync(client.GetStream(), ended.Token));
                await ended.CancelAsync();
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
            {
                // Either end has gone.
            }
        }
    }

    private async Task SendAsync(NetworkStream from, NetworkStream to, CancellationToken ct)
    {
        var piece = new byte[PieceBytes];
        int read;
        while ((read = await from.ReadAsync(piece, ct)) > 0)
        {
            await _line.WaitAsync(ct);
            try
            {
                await Task.Delay(_timeOfByte * read, ct);
                await to.WriteAsync(piece.AsMemory(0, read), ct);
            }
            finally
            {
                _line.Release();
            }
        }
    }
}
