using System.Text;
using BatchFunctions.Batches;
using BatchFunctions.Files;
using BatchFunctions.Ids;
using BatchFunctions.Processing;

namespace BatchFunctions.IntegrationTests.Files;

/// <summary>What a reader gets of results while their batch runs.</summary>
public class GrowingFileTests : IAsyncLifetime
{
    private static readonly string[] Segments = ["a1\na2\n", "b1\n", "c1\nc2\nc3\n"];

    private FilesHost _host = null!;
    private Batch _batch = null!;

    /// <summary>How many segments make a page: with three segments none is full.</summary>
    protected virtual int SegmentsOfPage => 4096;

    private string Path => $"v1/files/{ResultFiles.IdOf(_batch, ResultFile.Output)}";

    public async Task InitializeAsync()
    {
        _host = await FilesHost.StartAsync();
        _host.Options.SegmentsOfPage = SegmentsOfPage;
        var id = await _host.BatchReadingAsync(await _host.UploadedAsync());
        _batch = (await _host.Service<BatchStore>().FindAsync(new BatchKey(_host.Tenant, id), default))!;
    }

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task Each_reading_is_a_prefix_of_the_next_and_says_so_until_the_file_is_whole()
    {
        for (var count = 1; count <= Segments.Length; count++)
        {
            await PublishAsync(count);
            var answer = (await _host.GetAsync($"{Path}/content")).Should(200);
            var expected = string.Concat(Segments.Take(count));
            Assert.Equal(
                (expected, "true", LinesOf(expected), $"{expected.Length}"),
                (answer.Body, answer.Headers["X-Incomplete"], answer.Headers["X-Last-Line"], answer.Headers["Content-Length"]));
            Assert.Equal(expected.Length, (await _host.GetAsync(Path)).Should(200).Json.GetProperty("bytes").GetInt64());
        }

        await CompleteAsync();
        var whole = (await _host.GetAsync($"{Path}/content")).Should(200);
        Assert.Equal((string.Concat(Segments), "6"), (whole.Body, whole.Headers["X-Last-Line"]));
        Assert.False(whole.Headers.ContainsKey("X-Incomplete"));
    }

    [Theory]
    [InlineData("?offset=0", "a1\na2\nb1\nc1\nc2\nc3\n", 6, false)]
    [InlineData("?offset=1", "a2\nb1\nc1\nc2\nc3\n", 6, false)]
    [InlineData("?offset=2&limit=1", "b1\n", 3, true)]
    [InlineData("?offset=1&limit=3", "a2\nb1\nc1\n", 4, true)]
    [InlineData("?offset=4&limit=2", "c2\nc3\n", 6, false)]
    [InlineData("?limit=100", "a1\na2\nb1\nc1\nc2\nc3\n", 6, false)]
    [InlineData("?offset=6", "", 6, false)]
    [InlineData("?offset=9223372036854775807&limit=9223372036854775807", "", 6, false)]
    public async Task Some_lines_are_sent_where_they_are_asked_for(string query, string lines, int last, bool isMore)
    {
        await PublishAsync(Segments.Length);
        await CompleteAsync();

        var answer = (await _host.GetAsync($"{Path}/content{query}")).Should(200);

        Assert.Equal(
            (lines, $"{last}", isMore), (answer.Body, answer.Headers["X-Last-Line"], answer.Headers.ContainsKey("X-Incomplete")));
    }

    [Theory]
    [InlineData("?offset=-1", "offset")]
    [InlineData("?offset=x", "offset")]
    [InlineData("?limit=0", "limit")]
    [InlineData("?limit=1&limit=2", "limit")]
    public async Task What_is_no_number_of_lines_is_refused(string query, string param) =>
        Assert.Equal(param, (await _host.GetAsync($"{Path}/content{query}")).Should(400).Json.GetProperty("error").GetProperty("param").GetString());

    [Fact]
    public async Task Lines_of_an_upload_are_sent_too()
    {
        var id = await _host.UploadedAsync("one\ntwo\nthree", "user_data");
        Assert.Equal("two\n", (await _host.GetAsync($"v1/files/{id}/content?offset=1&limit=1")).Should(200).Body);
        Assert.Equal("three", (await _host.GetAsync($"v1/files/{id}/content?offset=2")).Should(200).Body);
    }

    [Fact]
    public async Task Every_range_of_bytes_crosses_the_segments()
    {
        await PublishAsync(Segments.Length);
        var whole = string.Concat(Segments);
        for (var from = 0; from < whole.Length; from++)
        {
            for (var to = from; to < whole.Length; to++)
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, $"{Path}/content");
                request.Headers.Range = new System.Net.Http.Headers.RangeHeaderValue(from, to);
                using var response = await _host.Client.SendAsync(request);
                Assert.Equal(whole[from..(to + 1)], await response.Content.ReadAsStringAsync());
            }
        }
    }

    [Fact]
    public async Task Results_are_deleted_when_their_batch_has_ended_and_not_before()
    {
        await PublishAsync(2);
        (await _host.SendAsync(HttpMethod.Delete, Path)).Should(409);
        (await _host.GetAsync($"{Path}/content")).Should(200);

        await PublishAsync(Segments.Length);
        await CompleteAsync();
        (await _host.SendAsync(HttpMethod.Delete, Path)).Should(200);

        (await _host.GetAsync($"{Path}/content")).ShouldFail(404, null, "id");
        Assert.Empty(await _host.ResultBlobsAsync());
    }

    [Fact]
    public async Task Results_in_many_segments_are_removed_by_sweeps_bit_by_bit()
    {
        _host.Options.SegmentsDeletedAtOnce = 0;
        _host.Options.BlobsDeletedInOneGo = 2;
        await PublishAsync(Segments.Length);
        await CompleteAsync();
        (await _host.SendAsync(HttpMethod.Delete, Path)).Should(200);
        (await _host.GetAsync($"{Path}/content")).ShouldFail(404, null, "id");
        var left = await _host.ResultBlobsAsync();
        Assert.True(left.Count >= Segments.Length);

        for (var isMore = true; isMore; _host.Time.Advance(TimeSpan.FromMilliseconds(10)))
        {
            isMore = await _host.Expiry.RunDueAsync(default);
            var rest = await _host.ResultBlobsAsync();
            Assert.Equal((Math.Max(0, left.Count - 2), left.Count >= 2), (rest.Count, isMore));
            left = rest;
        }

        Assert.Empty(left);
        (await _host.GetAsync(Path)).ShouldFail(404, null, "id");
        await CompleteAsync();
        (await _host.GetAsync(Path)).ShouldFail(404, null, "id");

        // A crash behind the decision would have left the content to the tombstone's entry.
        _host.Time.Advance(TimeSpan.FromDays(8));
        while (await _host.Expiry.RunDueAsync(default))
        {
            _host.Time.Advance(TimeSpan.FromMilliseconds(10));
        }

        Assert.Empty(await _host.ResultBlobsAsync());
        Assert.Null(await _host.Service<FileStore>().FindAnyAsync(_host.Tenant, ResultFiles.IdOf(_batch, ResultFile.Output), default));
    }

    [Fact]
    public async Task A_segment_that_is_gone_is_said_in_the_envelope()
    {
        await PublishAsync(Segments.Length);
        await _host.Service<FileBlobs>().TryDeleteAsync(ResultBlobs.FileOf(_batch.Id, ResultFile.Output), default);

        (await _host.GetAsync($"{Path}/content")).ShouldFail(404, null, "id");
    }

    [Fact]
    public async Task Whoever_publishes_at_once_makes_one_file_with_each_segment_once()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => PublishAsync(1 + (i % 3))));
        await Task.WhenAll(PublishAsync(2), CompleteAsync(), CompleteAsync(), PublishAsync(3));

        var body = (await _host.GetAsync($"{Path}/content")).Should(200).Body;
        Assert.Equal(Segments.Order(), Segments.Order().Where(segment => body.Contains(segment, StringComparison.Ordinal)));
        Assert.Equal(string.Concat(Segments).Length, body.Length);
        Assert.Equal(2, (await _host.GetAsync("v1/files")).Should(200).Ids.Length);
    }

    private static string LinesOf(string text) => $"{text.Count(c => c == '\n')}";

    private async Task<IReadOnlyList<FileSegment>> StoredAsync(int count)
    {
        var segments = Segments.Take(count)
            .Select((text, i) => new FileSegment(i, 1, 0, text.Length, text.Count(c => c == '\n'))).ToList();
        foreach (var segment in segments)
        {
            using var content = new MemoryStream(Encoding.UTF8.GetBytes(Segments[segment.Chunk]));
            await _host.Service<ResultBlobs>().PutAsync(segment.In(ResultBlobs.FileOf(_batch.Id, ResultFile.Output)), content, default);
        }

        return segments;
    }

    private async Task PublishAsync(int count) =>
        await _host.Service<ResultFiles>().PublishAsync(_batch, ResultFile.Output, await StoredAsync(count), default);

    private async Task CompleteAsync() => await _host.Service<ResultFiles>().CompleteAsync(
        _batch, ResultFile.Output, ResultFiles.IdOf(_batch, ResultFile.Output), await StoredAsync(Segments.Length), default);
}

/// <summary>The same of a file whose list is in pages, but for its last segments.</summary>
public sealed class PagedFileTests : GrowingFileTests
{
    protected override int SegmentsOfPage => 1;
}
