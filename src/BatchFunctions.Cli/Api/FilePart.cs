using System.Net;
using Microsoft.Win32.SafeHandles;

namespace BatchFunctions.Cli.Api;

/// <summary>A range of a file as the body of a request, read while it is sent, and again for a retry.</summary>
/// <param name="file">The file.</param>
/// <param name="offset">The position of the range's first byte.</param>
/// <param name="length">The range's length, in bytes.</param>
/// <param name="sent">Is told how many bytes of the range have been sent.</param>
internal sealed class FilePart(SafeFileHandle file, long offset, long length, Action<long> sent) : HttpContent
{
    private const int BufferBytes = 128 * 1024;

    /// <inheritdoc/>
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    /// <inheritdoc/>
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        var buffer = new byte[BufferBytes];
        for (var done = 0L; done < length;)
        {
            var wanted = (int)Math.Min(buffer.Length, length - done);
            var read = await RandomAccess.ReadAsync(file, buffer.AsMemory(0, wanted), offset + done, cancellationToken);
            if (read == 0)
            {
                throw new FailureException("The file shrank while it was uploaded: try again when it is complete.", ExitCodes.LocalFile);
            }

            await stream.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            done += read;
            sent(done);
        }
    }

    /// <inheritdoc/>
    protected override bool TryComputeLength(out long computed)
    {
        computed = length;
        return true;
    }
}
