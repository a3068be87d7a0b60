using System.IO.Compression;
using System.Text;
using BatchFunctions.Files;
using BatchFunctions.Testing;

namespace BatchFunctions.IntegrationTests.Files;

/// <summary>Files whose names say that they are compressed, which are taken as what they hold.</summary>
public sealed class PackedUploadTests : IAsyncLifetime
{
    private const long MaxBytes = 20_000_000;

    private static readonly byte[] Lines = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 3000).Select(i => InputLines.Chat($"line-{i}", $"m{i}"))));

    private FilesHost _host = null!;

    public async Task InitializeAsync() => _host = await FilesHost.StartAsync(("Batch:MaxFileBytes", $"{MaxBytes}"));

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Theory]
    [InlineData("requests.jsonl.gz", true)]
    [InlineData("Requests.JSONL.GZ", false)]
    public async Task It_is_stored_unpacked_under_the_name_of_what_it_holds(string name, bool isPurposeFirst)
    {
        var file = (await UploadAsync(Gzip(Lines), name, isPurposeFirst)).Should(200);

        Assert.Equal((Lines.LongLength, name[..^3]), (file.Json.GetProperty("bytes").GetInt64(), file.Text("filename")));
        Assert.Equal(Encoding.UTF8.GetString(Lines), (await _host.GetAsync($"v1/files/{file.Text("id")}/content")).Should(200).Body);
        Assert.Equal(3000, (await _host.Service<FileStore>().FindAsync(_host.Tenant, file.Text("id"), default))!.Lines);
        await _host.BatchReadingAsync(file.Text("id"));
    }

    [Fact]
    public async Task All_members_of_a_gzip_are_taken()
    {
        byte[] packed = [.. Gzip(Lines[..1000]), .. Gzip([]), .. Gzip(Lines[1000..])];

        Assert.Equal(Lines.LongLength, (await UploadAsync(packed)).Should(200).Json.GetProperty("bytes").GetInt64());
    }

    /// <summary>The platform's own reader takes most of these for whole.</summary>
    [Fact]
    public async Task One_that_breaks_off_or_has_something_behind_its_end_is_refused_and_leaves_nothing()
    {
        var packed = Gzip(Lines);
        foreach (var broken in (byte[][])[
            Lines,
            packed[..^1], packed[..^4], packed[..^8], packed[..^9], packed[..(packed.Length / 2)], packed[..15], packed[..3],
            [.. packed, (byte)'x'], [.. packed, 0x1F], [.. packed, 0x1F, 0x8B], [.. packed, .. Lines], [.. packed, .. packed[..^5]],
            [.. packed[..^6], (byte)(packed[^6] ^ 1), .. packed[^5..]]])
        {
            (await UploadAsync(broken)).ShouldFail(400, "invalid_gzip", "file");
        }

        Assert.Empty(await _host.StoredAsync());
        Assert.Empty(await _host.StagedAsync());
    }

    [Fact]
    public async Task What_unpacks_to_more_than_a_file_may_have_is_refused_as_it_comes_and_leaves_nothing()
    {
        var line = Encoding.UTF8.GetBytes(InputLines.Chat("a", new string('x', 1_000_000)));
        using var bomb = new MemoryStream();
        await using (var gzip = new GZipStream(bomb, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            for (var i = 0; i < 400; i++)
            {
                await gzip.WriteAsync(line);
            }
        }

        Assert.InRange(bomb.Length, 1, MaxBytes / 20);
        var refused = await UploadAsync(bomb.ToArray());

        refused.ShouldFail(413, "request_too_large", "file");
        Assert.Contains($"unpacks to more than {MaxBytes} bytes", refused.Body, StringComparison.Ordinal);
        Assert.Empty(await _host.StoredAsync());
        Assert.Empty(await _host.StagedAsync());
    }

    [Fact]
    public async Task What_it_holds_is_checked_as_if_it_had_come_so()
    {
        (await UploadAsync(Gzip([]))).ShouldFail(400, "empty_file", "file");
        (await UploadAsync([])).ShouldFail(400, "empty_file", "file");
        (await UploadAsync(Gzip("some notes"u8.ToArray()))).ShouldFail(400, "invalid_json_line", "file");
        (await UploadAsync(Gzip(Gzip(Lines)))).ShouldFail(400, "invalid_json_line", "file");
    }

    [Fact]
    public async Task Other_names_are_taken_as_they_come()
    {
        var packed = Gzip(Lines);
        var refused = await UploadAsync(packed, "requests.jsonl");
        refused.ShouldFail(400, "invalid_json_line", "file");
        Assert.Contains(".jsonl.gz", refused.Body, StringComparison.Ordinal);

        var form = new MultipartFormDataContent { { new StringContent("user_data"), "purpose" }, { new ByteArrayContent(packed), "file", "notes.gz" } };
        var kept = await _host.SendAsync(HttpMethod.Post, "v1/files", form);
        Assert.Equal(packed.LongLength, kept.Should(200).Json.GetProperty("bytes").GetInt64());
    }

    [Fact]
    public async Task Parts_are_not_unpacked_and_an_upload_of_such_a_name_is_refused_at_once()
    {
        var refused = await _host.PostAsync("v1/uploads", new { filename = "requests.jsonl.gz", purpose = "batch", bytes = 100, mime_type = "application/gzip" });
        refused.ShouldFail(400, "invalid_value", "filename");
        Assert.Contains("POST /v1/files", refused.Body, StringComparison.Ordinal);
        (await _host.PostAsync("v1/uploads", new { filename = "notes.jsonl.gz", purpose = "user_data", bytes = 100, mime_type = "application/gzip" })).Should(200);
    }

    private Task<Answer> UploadAsync(byte[] content, string name = "requests.jsonl.gz", bool isPurposeFirst = true)
    {
        var form = new MultipartFormDataContent();
        if (isPurposeFirst)
        {
            form.Add(new StringContent("batch"), "purpose");
        }

        form.Add(new ByteArrayContent(content), "file", name);
        if (!isPurposeFirst)
        {
            form.Add(new StringContent("batch"), "purpose");
        }

        return _host.SendAsync(HttpMethod.Post, "v1/files", form);
    }

    private static byte[] Gzip(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            gzip.Write(content);
        }

        return packed.ToArray();
    }
}
