using System.Globalization;
using Azure.Core;
using BatchFunctions.Files;
using BatchFunctions.IntegrationTests.Processing;

namespace BatchFunctions.IntegrationTests.Files;

public sealed class FileContentTests : IAsyncLifetime
{
    private const string Digits = "0123456789";

    private FilesHost _host = null!;

    public async Task InitializeAsync() => _host = await FilesHost.StartAsync();

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task Content_is_a_download_and_never_a_page()
    {
        var id = (await _host.UploadAsync("<html>", "user_data", "ünïcode page.html")).Should(200).Text("id");

        var answer = (await _host.GetAsync($"v1/files/{id}/content")).Should(200);

        Assert.Equal("<html>", answer.Body);
        Assert.Equal("nosniff", answer.Headers["X-Content-Type-Options"]);
        Assert.Equal("application/octet-stream", answer.Headers["Content-Type"]);
        Assert.Equal("bytes", answer.Headers["Accept-Ranges"]);
        Assert.Equal("6", answer.Headers["Content-Length"]);
        Assert.StartsWith("attachment; filename=", answer.Headers["Content-Disposition"], StringComparison.Ordinal);
        Assert.EndsWith("filename*=UTF-8''%C3%BCn%C3%AFcode%20page.html", answer.Headers["Content-Disposition"], StringComparison.Ordinal);
        Assert.StartsWith("req_", answer.Headers["x-request-id"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bytes=0-3", "0123", "bytes 0-3/10")]
    [InlineData("bytes=4-", "456789", "bytes 4-9/10")]
    [InlineData("bytes=8-100", "89", "bytes 8-9/10")]
    [InlineData("bytes=-3", "789", "bytes 7-9/10")]
    [InlineData("bytes=-100", "0123456789", "bytes 0-9/10")]
    [InlineData("bytes=9-9", "9", "bytes 9-9/10")]
    public async Task A_range_is_honoured(string range, string expected, string contentRange)
    {
        var answer = (await RangeAsync(await _host.UploadedAsync(Digits, "user_data"), range)).Should(206);

        Assert.Equal(
            (expected, contentRange, expected.Length.ToString(CultureInfo.InvariantCulture)),
            (answer.Body, answer.Headers["Content-Range"], answer.Headers["Content-Length"]));
    }

    [Theory]
    [InlineData("bytes=10-")]
    [InlineData("bytes=100-200")]
    [InlineData("bytes=-0")]
    public async Task A_range_beyond_the_file_is_refused(string range)
    {
        var answer = await RangeAsync(await _host.UploadedAsync(Digits, "user_data"), range);

        answer.ShouldFail(416, "range_not_satisfiable", null);
        Assert.Equal("bytes */10", answer.Headers["Content-Range"]);
    }

    [Theory]
    [InlineData("bytes=0-1,4-5")]
    [InlineData("lines=1-2")]
    [InlineData("bytes=5-1")]
    [InlineData("nonsense")]
    public async Task What_is_not_one_range_is_answered_with_the_whole(string range) =>
        Assert.Equal(Digits, (await RangeAsync(await _host.UploadedAsync(Digits, "user_data"), range)).Should(200).Body);

    [Fact]
    public async Task A_range_of_another_file_than_the_client_has_is_answered_with_the_whole()
    {
        var id = await _host.UploadedAsync(Digits, "user_data");

        Assert.Equal(Digits, (await RangeAsync(id, "bytes=4-", "\"other\"")).Should(200).Body);
        Assert.Equal("456789", (await RangeAsync(id, "bytes=4-", $"\"{id}\"")).Should(206).Body);
    }

    [Fact]
    public async Task An_empty_file_has_empty_content()
    {
        var id = await _host.UploadedAsync("", "user_data");

        Assert.Empty((await _host.GetAsync($"v1/files/{id}/content")).Should(200).Bytes);
        (await RangeAsync(id, "bytes=0-")).ShouldFail(416, "range_not_satisfiable", null);
    }

    [Fact]
    public async Task A_file_whose_bytes_are_gone_is_not_there()
    {
        var id = await _host.UploadedAsync();
        await _host.Blobs.TryDeleteAsync(FileBlobs.LocationOf(_host.Tenant, id), default);

        (await _host.GetAsync($"v1/files/{id}/content")).ShouldFail(404, null, "id");
    }

    [Theory]
    [InlineData(503, null, 503, "storage_unavailable")]
    [InlineData(503, "bytes=2-3", 503, "storage_unavailable")]
    [InlineData(403, "bytes=2-3", 500, "internal_error")]
    [InlineData(404, "bytes=2-3", 404, null)]
    [InlineData(409, null, 500, "internal_error")]
    public async Task A_failure_before_the_first_byte_is_an_error_and_nothing_of_the_file(int refusal, string? range, int status, string? code)
    {
        var storage = new FaultyStorage();
        await using var host = await FilesHost.StartWithAsync([storage]);
        var id = await host.UploadedAsync(Digits, "user_data");
        storage.Refuse(request => request.Method == RequestMethod.Get && request.Uri.Path.Contains("/files/", StringComparison.Ordinal) ? refusal : null);

        using var request = new HttpRequestMessage(HttpMethod.Get, $"v1/files/{id}/content");
        request.Headers.TryAddWithoutValidation("Range", range ?? "");
        using var response = await host.Client.SendAsync(request);
        var answer = await Answer.OfAsync(response);

        answer.ShouldFail(status, code, refusal == 404 ? "id" : null);
        Assert.Equal("application/json", answer.Headers["Content-Type"]);
        Assert.DoesNotContain(
            answer.Headers.Keys, name => name is "Content-Range" or "ETag" or "Accept-Ranges" or "Content-Disposition" or "X-Incomplete" or "X-Last-Line");
    }

    private async Task<Answer> RangeAsync(string id, string range, string? ifRange = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"v1/files/{id}/content");
        request.Headers.TryAddWithoutValidation("Range", range);
        if (ifRange is not null)
        {
            request.Headers.TryAddWithoutValidation("If-Range", ifRange);
        }

        using var response = await _host.Client.SendAsync(request);
        return await Answer.OfAsync(response);
    }
}
