using System.IO.Pipes;
using System.Net;
using System.Net.Sockets;
using System.Text;
using BatchFunctions.Cli;
using BatchFunctions.Cli.Api;
using BatchFunctions.Cli.Input;

namespace BatchFunctions.Tests.Cli;

public sealed class InputFileTests : IDisposable
{
    private readonly FileInfo _file = new(Path.GetTempFileName());

    public void Dispose() => _file.Delete();

    [Theory]
    [InlineData("{\"url\":\"/v1/embeddings\"}")]
    [InlineData("{\"url\":\"/v1/embeddings\"}\r\nrubbish")]
    [InlineData("\uFEFF\r\n \n{\"url\":\"/v1/embeddings\"}\n{\"url\":\"/v1/other\"}\n")]
    public void The_endpoint_is_that_of_the_first_line(string content) => Assert.Equal("/v1/embeddings", FirstUrlOf(content));

    [Theory]
    [InlineData(10)]
    [InlineData(64 * 1024)]
    [InlineData(3_000_000)]
    public void The_first_line_may_be_long(int padding) =>
        Assert.Equal("/v1/embeddings", FirstUrlOf($$"""{"body":"{{new string('x', padding)}}","url":"/v1/embeddings"}""" + "\nrubbish"));

    [Theory]
    [InlineData("\n\n")]
    [InlineData("{\"url\":\"/v1/embeddings\"")]
    [InlineData("{\"url\":null}")]
    [InlineData("{\"url\":\"\\ud800\"}")]
    [InlineData("{\"\\ud800\":1}")]
    public void A_first_line_without_an_endpoint_is_refused(string content) =>
        Assert.Equal(ExitCodes.Usage, Assert.Throws<FailureException>(() => FirstUrlOf(content)).ExitCode);

    [Theory]
    [InlineData("[\n{\"url\":\"/v1/embeddings\"}\n]", "is no JSONL: the file is a JSON array. Write one JSON object a line")]
    [InlineData("{\n  \"url\": \"/v1/embeddings\"\n}", "as in pretty-printed JSON. Write each request on one line.")]
    [InlineData("{\"url\":\"/v1/embeddings\"},\n", "has a trailing comma")]
    [InlineData("{\"url\":\"/v1/embeddings\",\"body\":{\"seed\":NaN}}\n", "has NaN or Infinity")]
    [InlineData("{\"url\":\"/v1/embeddings\"}\r{}\r", "end with CR alone")]
    [InlineData(" \n\r\n", "is empty: write one request a line.")]
    public void What_is_no_JSONL_is_named_before_anything_is_sent(string content, string said)
    {
        var failure = Assert.Throws<FailureException>(() => FirstUrlOf(content));

        Assert.Equal(ExitCodes.Usage, failure.ExitCode);
        Assert.StartsWith(_file.Name, failure.Message, StringComparison.Ordinal);
        Assert.Contains(said, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pipe_is_read_once_and_can_be_sent_twice()
    {
        if (OperatingSystem.IsWindows())
        {
            // It has no paths for them.
            return;
        }

        await using var pipe = new AnonymousPipeServerStream(PipeDirection.Out);
        var writing = Task.Run(async () =>
        {
            await pipe.WriteAsync(Encoding.UTF8.GetBytes("{\"url\":\"/v1/embeddings\"}\n" + new string(' ', 100_000)));
            pipe.DisposeLocalCopyOfClientHandle();
            await pipe.DisposeAsync();
        });

        using var input = await InputFile.OpenAsync(
            new FileInfo($"/dev/fd/{pipe.GetClientHandleAsString()}"), () => Stream.Null, CancellationToken.None);
        await writing;

        Assert.Equal(("stdin.jsonl", "/v1/embeddings"), (input.Name, input.FirstUrl()));
        Assert.Equal(input.Length, RandomAccess.GetLength(input.Handle));
        Assert.Equal(100_000 + 25, input.Length);
    }

    [Fact]
    public async Task Copying_what_nobody_writes_ends_when_it_is_interrupted()
    {
        using var interrupt = new CancellationTokenSource();
        var opening = InputFile.OpenAsync(new FileInfo(InputFile.StandardInput), () => new SilentStream(), interrupt.Token);

        await interrupt.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => opening);
    }

    [Fact]
    public async Task A_file_that_becomes_shorter_while_it_is_sent_is_told()
    {
        await File.WriteAllTextAsync(_file.FullName, new string('x', 1000));
        using var input = InputFile.Open(_file);
        await File.WriteAllTextAsync(_file.FullName, "x");
        using var listener = new SilentListener();
        using var client = new ApiClient(
            new ServiceAddress(listener.Address, "sk-test", null, null), new ApiTimes { FirstDelay = TimeSpan.FromMilliseconds(1) });

        var failure = await Assert.ThrowsAsync<FailureException>(
            () => InputUpload.WholeAsync(client, input, _ => { }, CancellationToken.None));

        Assert.Equal(ExitCodes.LocalFile, failure.ExitCode);
    }

    private string FirstUrlOf(string content)
    {
        File.WriteAllText(_file.FullName, content);
        using var input = InputFile.Open(_file);
        return input.FirstUrl();
    }

    /// <summary>A terminal at which nobody types: a read ends for no token.</summary>
    private sealed class SilentStream : MemoryStream
    {
        public override async Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken) =>
            await new TaskCompletionSource().Task;
    }

    /// <summary>Takes connections, and answers nothing.</summary>
    private sealed class SilentListener : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

        public SilentListener() => _listener.Start();

        public Uri Address => new($"http://{_listener.LocalEndpoint}/v1/");

        public void Dispose() => _listener.Dispose();
    }
}
