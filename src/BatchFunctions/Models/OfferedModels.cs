using BatchFunctions.Upstream;
using Microsoft.Extensions.Logging;

namespace BatchFunctions.Models;

/// <summary>
/// An upstream's own list of models: read when somebody asks, kept, and renewed while askers are told what is there. One read is under
/// way at a time, it takes only so long and so many bytes, and none follows another at once. Without one the list is empty: what an
/// upstream does not tell is no reason to tell nothing.
/// </summary>
internal sealed partial class OfferedModels(UpstreamEntry upstream, TimeProvider time, ILogger<OfferedModels> logger)
{
    /// <summary>How old a list is when it is read again.</summary>
    public static readonly TimeSpan RenewedAfter = TimeSpan.FromMinutes(5);

    /// <summary>How old a list may be of an upstream that gives no newer one.</summary>
    public static readonly TimeSpan UsableFor = TimeSpan.FromHours(1);

    /// <summary>How long after a failure nothing is read.</summary>
    public static readonly TimeSpan FailureAfter = TimeSpan.FromSeconds(10);

    /// <summary>How long the upstream may take.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    /// <summary>Bytes of a list, at most.</summary>
    private const int MostBytes = 4 * 1024 * 1024;

    private readonly Lock _lock = new();
    private (IReadOnlyList<OfferedModel> Models, DateTimeOffset At)? _held;
    private Task? _read;
    private DateTimeOffset _nextRead;

    /// <summary>The list that is there, or the one to come where there is none.</summary>
    /// <param name="ct">Ends the wait, not the read.</param>
    public async ValueTask<IReadOnlyList<OfferedModel>> GetAsync(CancellationToken ct)
    {
        if (!TryTake(out var models, out var read))
        {
            await read.WaitAsync(ct);
            TryTake(out models, out _);
        }

        return models;
    }

    private bool TryTake(out IReadOnlyList<OfferedModel> models, out Task read)
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            var age = _held is { } held ? now - held.At : TimeSpan.MaxValue;
            if (_read is null && age >= RenewedAfter && now >= _nextRead)
            {
                // Whoever asks may go away; whoever waits beside them must not suffer for it.
                _read = Task.Run(ReadAsync, CancellationToken.None);
            }

            models = age < UsableFor ? _held!.Value.Models : [];
            read = _read ?? Task.CompletedTask;
            return age < UsableFor;
        }
    }

    private async Task ReadAsync()
    {
        try
        {
            using var limit = new CancellationTokenSource(Limit, time);
            using var response = await upstream.Connection.GetModelsAsync(limit.Token);
            var models = OfferedModelsJson.Read(await BytesOfAsync(response.Content, limit.Token));
            lock (_lock)
            {
                _held = (models, time.GetUtcNow());
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Log.NotRead(logger, upstream.Settings.Title, e is OperationCanceledException ? "it has not answered in time" : e.GetBaseException().Message);
        }
        finally
        {
            lock (_lock)
            {
                _nextRead = time.GetUtcNow() + FailureAfter;
                _read = null;
            }
        }
    }

    private static async Task<ReadOnlyMemory<byte>> BytesOfAsync(HttpContent content, CancellationToken ct)
    {
        await using var stream = await content.ReadAsStreamAsync(ct);
        using var bytes = new MemoryStream();
        var block = new byte[16 * 1024];
        for (int read; (read = await stream.ReadAsync(block, ct)) > 0;)
        {
            bytes.Write(block.AsSpan(0, read));
            if (bytes.Length > MostBytes)
            {
                throw new InvalidDataException($"it is longer than {MostBytes} bytes");
            }
        }

        return bytes.GetBuffer().AsMemory(0, (int)bytes.Length);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "{Upstream} gives no list of its models ({Reason}): GET /v1/models tells those that its settings name.")]
        public static partial void NotRead(ILogger logger, string upstream, string reason);
    }
}
