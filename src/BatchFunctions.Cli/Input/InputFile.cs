using System.IO.Compression;
using System.Text.Json;
using BatchFunctions.Lines;
using Microsoft.Win32.SafeHandles;

namespace BatchFunctions.Cli.Input;

/// <summary>A file of requests, kept open while the command runs.</summary>
internal sealed class InputFile : IDisposable
{
    /// <summary>The name that means standard input.</summary>
    public const string StandardInput = "-";

    private const string PipedName = "stdin.jsonl";
    private const int FirstLook = 64 * 1024;
    private const int LongestLine = 16 * 1024 * 1024;

    private static readonly byte[] Bom = [0xEF, 0xBB, 0xBF];

    private readonly FileInfo _file;
    private readonly bool _isCopy;

    private InputFile(FileInfo file, bool isCopy)
    {
        _file = file;
        _isCopy = isCopy;
        Name = isCopy ? PipedName : file.Name;
        Handle = File.OpenHandle(file.FullName, options: FileOptions.Asynchronous | FileOptions.SequentialScan);
        Length = RandomAccess.GetLength(Handle);
    }

    /// <summary>The file itself.</summary>
    public SafeFileHandle Handle { get; }

    /// <summary>Its length, in bytes.</summary>
    public long Length { get; }

    /// <summary>Its name, without folders; a pipe has one of ours.</summary>
    public string Name { get; }

    /// <summary>Whether it is compressed: the service unpacks a file of such a name.</summary>
    public bool IsPacked => Name.EndsWith(".jsonl.gz", StringComparison.OrdinalIgnoreCase);

    /// <summary>Opens a file.</summary>
    /// <exception cref="FailureException">
    /// The file cannot be read, is empty, or is recognized as something other than JSONL.
    /// </exception>
    public static InputFile Open(FileInfo file)
    {
        try
        {
            return Checked(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(e);
        }
    }

    /// <summary>
    /// Opens a file, or standard input. What can be read only once (standard input, a pipe) is copied to a temporary file: it is
    /// looked at before it is sent, and sent again when a request fails.
    /// </summary>
    /// <param name="file">The file; one called <see cref="StandardInput"/> is standard input.</param>
    /// <param name="standardInput">Opens standard input.</param>
    /// <param name="ct">Ends the copying.</param>
    /// <exception cref="FailureException">As of <see cref="Open"/>.</exception>
    public static async Task<InputFile> OpenAsync(FileInfo file, Func<Stream> standardInput, CancellationToken ct)
    {
        var isStandardInput = file.ToString() == StandardInput;
        try
        {
            await using var content = isStandardInput ? standardInput() : file.OpenRead();
            return isStandardInput || !content.CanSeek ? Checked(await CopyAsync(content, ct), isCopy: true) : Open(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(e);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Handle.Dispose();
        if (_isCopy)
        {
            _file.Delete();
        }
    }

    /// <summary>The <c>url</c> of the first line; all lines have the same one.</summary>
    /// <exception cref="FailureException">The first line has none.</exception>
    public string FirstUrl()
    {
        try
        {
            using var line = JsonDocument.Parse(ReadFirstLine());
            if (line.RootElement.ValueKind == JsonValueKind.Object
                && line.RootElement.TryGetProperty("url", out var url)
                && url.ValueKind == JsonValueKind.String)
            {
                return url.GetString()!;
            }
        }
        catch (Exception e) when (e is JsonException or InvalidDataException or InvalidOperationException)
        {
            // Reported below, a surrogate without its partner (InvalidOperationException) too. What is wrong with the line is for the service to
            // say, which checks all lines.
        }

        throw new FailureException(
            $"The first line of {Name} is no request with a url to take the endpoint from: correct it, or name the endpoint with --endpoint /v1/chat/completions.",
            ExitCodes.Usage);
    }

    /// <summary>Its lines, from the beginning, unpacked where it is compressed.</summary>
    public Stream OpenContent() =>
        IsPacked ? new GZipStream(_file.OpenRead(), CompressionMode.Decompress) : _file.OpenRead();

    private static FailureException Unreadable(Exception e) => new($"The requests cannot be read: {e.Message}", ExitCodes.Usage, e);

    private static async Task<FileInfo> CopyAsync(Stream content, CancellationToken ct)
    {
        // For its owner alone, on every system.
        var copy = new FileInfo(Path.GetTempFileName());
        try
        {
            await using (var stream = copy.OpenWrite())
            {
                // A read from a terminal ends for no token.
                await content.CopyToAsync(stream, ct).WaitAsync(ct);
            }

            return copy;
        }
        catch
        {
            copy.Delete();
            throw;
        }
    }

    private static InputFile Checked(FileInfo file, bool isCopy = false)
    {
        var input = new InputFile(file, isCopy);
        try
        {
            input.Check();
            return input;
        }
        catch (Exception e)
        {
            input.Dispose();
            if (e is InvalidDataException)
            {
                throw new FailureException($"{input.Name} is no gzip, which its name says that it is.", ExitCodes.Usage, e);
            }

            throw;
        }
    }

    private void Check()
    {
        var problem = Probe() switch
        {
            FirstLine.Empty => "is empty: write one request a line.",

            // A first line that is not recognized as anything is left to the service.
            FirstLine.JsonObject or FirstLine.NotJsonObject => null,
            var line => $"is no JSONL: {line.Explanation()}",
        };
        if (problem is not null)
        {
            throw new FailureException($"{Name} {problem}", ExitCodes.Usage);
        }
    }

    private FirstLine Probe()
    {
        var probe = new FirstLineProbe();
        var buffer = new byte[FirstLook];
        using var content = OpenContent();
        while (probe.Verdict == FirstLine.Undecided && content.Read(buffer) is > 0 and var read)
        {
            probe.Append(buffer.AsSpan(0, read));
        }

        return probe.Complete();
    }

    private ReadOnlyMemory<byte> ReadFirstLine()
    {
        using var content = OpenContent();
        var buffer = Array.Empty<byte>();
        for (var look = FirstLook; ; look *= 2)
        {
            var known = buffer.Length;
            Array.Resize(ref buffer, look);
            var read = known + content.ReadAtLeast(buffer.AsSpan(known), look - known, throwOnEndOfStream: false);
            var start = buffer.AsSpan(0, read).StartsWith(Bom) ? Bom.Length : 0;
            while (start < read && buffer[start] is (byte)'\n' or (byte)'\r' or (byte)' ' or (byte)'\t')
            {
                start++;
            }

            var end = buffer.AsSpan(start, read - start).IndexOf((byte)'\n');
            if (end >= 0 || read < look || look >= LongestLine)
            {
                return buffer.AsMemory(start, end >= 0 ? end : read - start);
            }
        }
    }
}
