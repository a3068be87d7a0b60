using Azure;
using Azure.Core;
using Azure.Core.Pipeline;
using BatchFunctions.Memory;
using BatchFunctions.Storage;

namespace BatchFunctions.IntegrationTests.Uploads;

/// <summary>Stands in one service's pipeline to storage: hands out what is read of a blob byte by byte, and refuses releases.</summary>
internal sealed class SlowStorage : HttpPipelinePolicy, IDisposable
{
    private readonly SemaphoreSlim _waiting = new(0);
    private readonly SemaphoreSlim _permits = new(0);
    private volatile bool _holds;
    private volatile bool _refuses;
    private int _updates;

    /// <summary>Releases that were refused.</summary>
    public int Refused { get; private set; }

    /// <summary>Refuses each write of an upload's row but the first, which is the claim.</summary>
    public void RefuseReleases() => _refuses = true;

    /// <summary>Has each read of a blob's content wait for <see cref="LetOneRead"/> and return one byte.</summary>
    public void HoldReads() => _holds = true;

    /// <summary>Waits until a read waits.</summary>
    public async Task ReadWaitsAsync() =>
        Assert.True(await _waiting.WaitAsync(TimeSpan.FromSeconds(30)), "No read waits.");

    public void LetOneRead() => _permits.Release();

    public void LetAllRead()
    {
        _holds = false;
        _permits.Release();
    }

    public void Dispose()
    {
        _waiting.Dispose();
        _permits.Dispose();
    }

    public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        var path = message.Request.Uri.Path;
        if (_refuses
            && message.Request.Method == RequestMethod.Put
            && path.Contains($"{TableNames.Uploads}(", StringComparison.Ordinal)
            && Interlocked.Increment(ref _updates) > 1)
        {
            _refuses = false;
            Refused++;
            throw new RequestFailedException(403, "The release is refused.");
        }

        await ProcessNextAsync(message, pipeline);
        if (_holds
            && message.Request.Method == RequestMethod.Get
            && path.Contains($"/{ContainerNames.Files}/", StringComparison.Ordinal)
            && !message.Request.Uri.Query.Contains("comp=", StringComparison.Ordinal))
        {
            message.Response.ContentStream = new HeldStream(this, message.Response.ContentStream!);
        }
    }

    public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) =>
        throw new NotSupportedException("All calls are asynchronous.");

    private sealed class HeldStream(SlowStorage storage, Stream content) : ReadOnlyStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (storage._holds)
            {
                storage._waiting.Release();
                await storage._permits.WaitAsync(cancellationToken);
            }

            return await content.ReadAsync(buffer[..Math.Min(1, buffer.Length)], cancellationToken);
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                content.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
