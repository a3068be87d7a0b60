using System.Globalization;
using System.Net.Http.Headers;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http;

namespace BatchFunctions.Bench.Sides;

/// <summary>
/// The least that can send the lines of a file: an <see cref="HttpClient"/>, so many calls at once, answers written to
/// one local file. No line is checked, none is tried again, and nothing survives a crash. Told once where to send them;
/// each <c>POST</c> sends the lines of the file that it names.
/// </summary>
internal static class BareLoop
{
    public const string Name = "loop";

    private static readonly MediaTypeHeaderValue Json = new("application/json");

    public static RequestDelegate Create(string[] arguments)
    {
        var upstream = new Uri(new Uri(arguments[0]), "/v1/chat/completions");
        var concurrency = int.Parse(arguments[1], CultureInfo.InvariantCulture);
        var client = new HttpClient();
        return async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            await RunAsync(client, upstream, concurrency, await reader.ReadToEndAsync());
        };
    }

    /// <summary>Has it send all lines of a file.</summary>
    public static async Task RunAsync(HttpClient loop, string path, CancellationToken ct)
    {
        using var content = new StringContent(path);
        using var response = await loop.PostAsync(new Uri("/", UriKind.Relative), content, ct);
        response.EnsureSuccessStatusCode();
    }

    private static async Task RunAsync(HttpClient client, Uri upstream, int concurrency, string path)
    {
        var answers = Channel.CreateBounded<byte[]>(concurrency);
        var writing = WriteAsync(answers.Reader, path + ".out");
        var options = new ParallelOptions { MaxDegreeOfParallelism = concurrency };
        await Parallel.ForEachAsync(ReadAsync(path), options, async (body, ct) =>
        {
            using var content = new ReadOnlyMemoryContent(body);
            content.Headers.ContentType = Json;
            using var response = await client.PostAsync(upstream, content, ct);
            response.EnsureSuccessStatusCode();
            await answers.Writer.WriteAsync(await response.Content.ReadAsByteArrayAsync(ct), ct);
        });
        answers.Writer.Complete();
        await writing;
    }

    /// <summary>The bodies of the lines, found by where they stand in each.</summary>
    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(string path)
    {
        await foreach (var line in File.ReadLinesAsync(path))
        {
            var bytes = System.Text.Encoding.UTF8.GetBytes(line);
            var start = bytes.AsSpan().IndexOf("\"body\":"u8) + "\"body\":".Length;
            yield return bytes.AsMemory(start, bytes.Length - start - 1);
        }
    }

    private static async Task WriteAsync(ChannelReader<byte[]> answers, string path)
    {
        await using var file = File.Create(path, 64 * 1024);
        await foreach (var answer in answers.ReadAllAsync())
        {
            await file.WriteAsync(answer);
            file.WriteByte((byte)'\n');
        }
    }
}
