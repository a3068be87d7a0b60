using System.IO.Compression;
using System.Net;
using System.Text.RegularExpressions;
using BatchFunctions.IntegrationTests.Api;
using BatchFunctions.Page;

namespace BatchFunctions.IntegrationTests.Page;

/// <summary>How the page's files are served: to anybody, under a strict policy, and once as long as they do not change.</summary>
public sealed partial class PageFilesTests : IAsyncLifetime
{
    private ApiDriver _api = null!;
    private HttpClient _anybody = null!;

    public async Task InitializeAsync()
    {
        _api = await ApiDriver.StartAsync(TestStorage.NewStrictAccount());
        _anybody = new HttpClient { BaseAddress = _api.Address };
    }

    public async Task DisposeAsync()
    {
        _anybody.Dispose();
        await _api.DisposeAsync();
    }

    /// <summary>Each would be an execution on Functions, and many at once further instances.</summary>
    [Fact]
    public void The_page_is_four_requests() => Assert.Equal(["/", "/page/icon.svg", "/page/main.js", "/page/page.css"], PageFiles.Paths.Order(StringComparer.Ordinal));

    [Fact]
    public async Task Every_file_comes_with_its_type_and_under_the_policy()
    {
        foreach (var path in PageFiles.Paths)
        {
            using var response = await SendAsync(HttpMethod.Get, path);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal(TypeOf(path), response.Content.Headers.ContentType?.MediaType);
            Assert.StartsWith("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; ", Header(response, "Content-Security-Policy"), StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", Header(response, "Content-Security-Policy"), StringComparison.Ordinal);
            Assert.Equal("nosniff", Header(response, "X-Content-Type-Options"));
            Assert.Equal("no-referrer", Header(response, "Referrer-Policy"));
            Assert.Equal("no-cache", Header(response, "Cache-Control"));
            Assert.NotEmpty(await response.Content.ReadAsByteArrayAsync());
        }
    }

    [Fact]
    public async Task A_file_that_has_not_changed_is_not_sent_again()
    {
        foreach (var path in PageFiles.Paths)
        {
            using var first = await SendAsync(HttpMethod.Get, path);
            using var second = await SendAsync(HttpMethod.Get, path, first.Headers.ETag!.ToString());
            Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
            Assert.Empty(await second.Content.ReadAsByteArrayAsync());
            Assert.Equal(first.Headers.ETag, second.Headers.ETag);
            using var other = await SendAsync(HttpMethod.Get, path, "\"another\"");
            Assert.Equal(HttpStatusCode.OK, other.StatusCode);
        }
    }

    [Fact]
    public async Task Head_answers_what_get_does_without_the_bytes()
    {
        using var get = await SendAsync(HttpMethod.Get, "/");
        using var head = await SendAsync(HttpMethod.Head, "/");
        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        Assert.Equal(get.Content.Headers.ContentLength, head.Content.Headers.ContentLength);
        Assert.Equal(get.Headers.ETag, head.Headers.ETag);
        Assert.Equal(Header(get, "Content-Security-Policy"), Header(head, "Content-Security-Policy"));
        Assert.Empty(await head.Content.ReadAsByteArrayAsync());
    }

    [Theory]
    [InlineData("br", "br")]
    [InlineData("gzip", "gzip")]
    [InlineData("gzip, deflate, br, zstd", "br")]
    [InlineData("GZIP;q=1.0, br;q=0.5", "gzip")]
    [InlineData("br;q=0, *", "gzip")]
    [InlineData("*", "br")]
    [InlineData("identity, br;q=0.5", null)]
    [InlineData("br;q=0, gzip;q=0", null)]
    [InlineData("zstd, deflate", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public async Task Every_file_is_compressed_as_the_browser_accepts_it(string? accepted, string? coding)
    {
        foreach (var path in PageFiles.Paths)
        {
            using var plain = await SendAsync(HttpMethod.Get, path);
            using var response = await SendAsync(HttpMethod.Get, path, accepted: accepted);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal(coding is null ? [] : [coding], response.Content.Headers.ContentEncoding);
            Assert.Equal("Accept-Encoding", Assert.Single(response.Headers.Vary));
            var sent = await response.Content.ReadAsByteArrayAsync();
            Assert.Equal(sent.Length, response.Content.Headers.ContentLength);
            Assert.Equal(await plain.Content.ReadAsByteArrayAsync(), Decoded(sent, coding));
        }
    }

    [Fact]
    public async Task Compressed_the_whole_page_is_less_than_half_as_large()
    {
        async Task<long> SizeAsync(string? accepted)
        {
            var bytes = 0L;
            foreach (var path in PageFiles.Paths)
            {
                using var response = await SendAsync(HttpMethod.Head, path, accepted: accepted);
                bytes += response.Content.Headers.ContentLength!.Value;
            }

            return bytes;
        }

        var (plain, gzip, brotli) = (await SizeAsync(null), await SizeAsync("gzip"), await SizeAsync("br"));
        Assert.True(brotli < gzip && gzip * 2 < plain, $"The page has {plain} bytes, {gzip} by gzip, {brotli} by Brotli.");
    }

    [Fact]
    public async Task A_tag_is_of_one_coding()
    {
        foreach (var path in PageFiles.Paths)
        {
            var tags = new List<string>();
            foreach (var accepted in new[] { null, "gzip", "br" })
            {
                using var first = await SendAsync(HttpMethod.Get, path, accepted: accepted);
                tags.Add(first.Headers.ETag!.ToString());
                using var head = await SendAsync(HttpMethod.Head, path, accepted: accepted);
                Assert.Equal(first.Headers.ETag, head.Headers.ETag);
                Assert.Equal(first.Content.Headers.ContentLength, head.Content.Headers.ContentLength);
                Assert.Equal(first.Content.Headers.ContentEncoding, head.Content.Headers.ContentEncoding);
                using var again = await SendAsync(HttpMethod.Get, path, tags[^1], accepted);
                Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
                Assert.Equal("Accept-Encoding", Assert.Single(again.Headers.Vary));
            }

            Assert.Equal(3, tags.Distinct().Count());
            using var other = await SendAsync(HttpMethod.Get, path, tags[0], "br");
            Assert.Equal(HttpStatusCode.OK, other.StatusCode);
        }
    }

    [Fact]
    public async Task Answers_of_the_api_are_not_compressed()
    {
        using var response = await SendAsync(HttpMethod.Get, "/openapi.json", accepted: "br, gzip");
        Assert.Empty(response.Content.Headers.ContentEncoding);
        Assert.Empty(response.Headers.Vary);
    }

    [Theory]
    [InlineData("POST", "/", 405)]
    [InlineData("PUT", "/page/main.js", 405)]
    [InlineData("GET", "/page/nothing.js", 404)]
    [InlineData("GET", "/page/api.js", 404)]
    [InlineData("GET", "/page/index.html", 404)]
    [InlineData("GET", "/page/", 404)]
    [InlineData("GET", "/page/..%2fmain.js", 404)]
    public async Task What_is_no_file_of_the_page_is_told_as_the_api_tells_it(string method, string path, int status)
    {
        using var response = await SendAsync(new HttpMethod(method), path);
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(status == 405 ? ["GET", "HEAD"] : [], response.Content.Headers.Allow.Order());
    }

    [Fact]
    public async Task The_markup_has_nothing_that_the_policy_would_refuse_and_names_only_files_that_there_are()
    {
        var markup = await _anybody.GetStringAsync(new Uri("/", UriKind.Relative));
        Assert.DoesNotMatch(InlineCode(), markup);
        var references = Reference().Matches(markup).Select(match => match.Groups[1].Value).Where(to => !to.StartsWith('#')).ToList();
        Assert.NotEmpty(references);
        Assert.All(references, reference => Assert.Contains(reference.Split('#')[0], PageFiles.Paths));
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? tag = null, string? accepted = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (tag is not null)
        {
            request.Headers.IfNoneMatch.ParseAdd(tag);
        }

        if (accepted is not null)
        {
            request.Headers.TryAddWithoutValidation("Accept-Encoding", accepted);
        }

        return await _anybody.SendAsync(request);
    }

    private static byte[] Decoded(byte[] sent, string? coding)
    {
        using var bytes = new MemoryStream(sent);
        using Stream decoded = coding switch
        {
            "br" => new BrotliStream(bytes, CompressionMode.Decompress),
            "gzip" => new GZipStream(bytes, CompressionMode.Decompress),
            _ => new MemoryStream(sent),
        };
        using var content = new MemoryStream();
        decoded.CopyTo(content);
        return content.ToArray();
    }

    private static string Header(HttpResponseMessage response, string name) => Assert.Single(response.Headers.GetValues(name));

    private static string TypeOf(string path) => Path.GetExtension(path) switch
    {
        "" => "text/html",
        ".css" => "text/css",
        ".js" => "text/javascript",
        ".svg" => "image/svg+xml",
        var other => other,
    };

    /// <summary>Scripts, styles and handlers that stand in the markup itself.</summary>
    [GeneratedRegex("""<style|<script(?![^>]*\ssrc=)|\sstyle=|\son[a-z]+=|javascript:""", RegexOptions.IgnoreCase)]
    private static partial Regex InlineCode();

    [GeneratedRegex("""\s(?:href|src)="([^"]*)""")]
    private static partial Regex Reference();
}
