using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using BatchFunctions.Ids;
using BatchFunctions.IntegrationTests.Files;

namespace BatchFunctions.IntegrationTests.Uploads;

public sealed class UploadTests : IAsyncLifetime
{
    private FilesHost _host = null!;

    public async Task InitializeAsync() => _host = await FilesHost.StartAsync(("Batch:MaxFileBytes", "200000000"));

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task A_new_upload_is_answered_with_every_property_in_order()
    {
        var answer = await CreateAsync(100);

        Assert.Equal(
            ["id", "object", "bytes", "created_at", "filename", "purpose", "status", "expires_at", "file"],
            answer.Json.EnumerateObject().Select(p => p.Name));
        Assert.Equal(("upload", "pending", "in.jsonl"), (answer.Text("object"), answer.Text("status"), answer.Text("filename")));
        Assert.Equal(
            answer.Json.GetProperty("created_at").GetInt64() + 3600, answer.Json.GetProperty("expires_at").GetInt64());
        Assert.Equal(JsonValueKind.Null, answer.Json.GetProperty("file").ValueKind);
    }

    [Fact]
    public async Task Parts_become_a_file_in_the_order_given_at_the_end()
    {
        var upload = (await CreateAsync(10)).Text("id");
        var end = await AddAsync(upload, "56789");
        var never = await AddAsync(upload, "not used");
        var start = await AddAsync(upload, "01234");
        Assert.Equal(["id", "object", "created_at", "upload_id"], end.Json.EnumerateObject().Select(p => p.Name));
        Assert.Equal(("upload.part", upload), (end.Text("object"), end.Text("upload_id")));
        Assert.NotEqual(never.Text("id"), end.Text("id"));

        _host.Time.Advance(TimeSpan.FromMinutes(30));
        var answer = (await CompleteAsync(upload, [start.Text("id"), end.Text("id")])).Should(200);

        Assert.Equal("completed", answer.Text("status"));
        var file = answer.Json.GetProperty("file");
        var id = file.GetProperty("id").GetString();
        Assert.Equal(10, file.GetProperty("bytes").GetInt64());
        Assert.Equal(_host.Time.GetUtcNow().ToUnixTimeSeconds(), file.GetProperty("created_at").GetInt64());
        Assert.Equal(file.GetRawText(), (await _host.GetAsync($"v1/files/{id}")).Should(200).Body);
        Assert.Equal("0123456789", (await _host.GetAsync($"v1/files/{id}/content")).Should(200).Body);
        Assert.Equal(answer.Body, (await CompleteAsync(upload, [end.Text("id")])).Should(200).Body);
    }

    [Fact]
    public async Task Parts_of_several_blocks_come_back_byte_for_byte()
    {
        var parts = Enumerable.Range(0, 3).Select(i => RandomNumberGenerator.GetBytes((5 * 1024 * 1024) + i)).ToArray();
        var whole = parts.SelectMany(part => part).ToArray();
        var upload = (await CreateAsync(whole.Length)).Text("id");
        var ids = await Task.WhenAll(parts.Select(part => AddAsync(upload, part)));

        var answer = await CompleteAsync(upload, [.. ids.Select(id => id.Should(200).Text("id"))], Md5(whole));

        var file = answer.Should(200).Json.GetProperty("file").GetProperty("id").GetString();
        Assert.Equal(whole, (await _host.GetAsync($"v1/files/{file}/content")).Should(200).Bytes);
    }

    [Fact]
    public async Task A_checksum_in_base64_is_understood_too()
    {
        var upload = (await CreateAsync(5)).Text("id");
        var part = (await AddAsync(upload, "01234")).Text("id");
        var md5 = Convert.ToBase64String(Convert.FromHexString(Md5("01234"u8)));

        (await CompleteAsync(upload, [part], md5)).Should(200);
    }

    [Fact]
    public async Task A_wrong_checksum_makes_no_file_and_the_parts_may_be_sent_again()
    {
        var upload = (await CreateAsync(5)).Text("id");
        var part = (await AddAsync(upload, "01234")).Text("id");

        (await CompleteAsync(upload, [part], Md5("other"u8))).ShouldFail(400, "invalid_value", "md5");
        Assert.DoesNotContain("blob", await _host.StoredAsync());
        Assert.DoesNotContain("files row", await _host.StoredAsync());

        part = (await AddAsync(upload, "01234")).Text("id");
        (await CompleteAsync(upload, [part], Md5("01234"u8))).Should(200);
    }

    [Theory]
    [InlineData("[1]\n", "invalid_json_line")]
    [InlineData("\n\n\n\n", "empty_file")]
    public async Task Parts_that_make_no_batch_input_are_refused(string content, string code)
    {
        var upload = (await CreateAsync(content.Length, "batch")).Text("id");
        var part = (await AddAsync(upload, content)).Text("id");

        (await CompleteAsync(upload, [part])).ShouldFail(400, code, "file");
        Assert.DoesNotContain("blob", await _host.StoredAsync());
    }

    [Fact]
    public async Task A_file_of_parts_is_a_batchs_input()
    {
        var upload = (await CreateAsync(Forms.Line.Length, "batch")).Text("id");
        var parts = new[] { await AddAsync(upload, Forms.Line[..10]), await AddAsync(upload, Forms.Line[10..]) };
        var file = (await CompleteAsync(upload, [.. parts.Select(part => part.Text("id"))])).Should(200).Json.GetProperty("file");

        Assert.Equal(
            file.GetProperty("created_at").GetInt64() + 2_592_000, file.GetProperty("expires_at").GetInt64());
        await _host.BatchReadingAsync(file.GetProperty("id").GetString()!);
    }

    [Fact]
    public async Task Parts_must_come_to_the_bytes_announced()
    {
        var upload = (await CreateAsync(5)).Text("id");
        var part = (await AddAsync(upload, "012")).Text("id");
        var more = (await AddAsync(upload, "3456")).Text("id");

        (await CompleteAsync(upload, [part, more])).ShouldFail(400, "invalid_value", "part_ids");
        (await CompleteAsync(upload, [])).ShouldFail(400, "invalid_value", "part_ids");
        Assert.DoesNotContain("blob", await _host.StoredAsync());
    }

    [Fact]
    public async Task Parts_are_named_once_and_belong_to_the_upload()
    {
        var upload = (await CreateAsync(10)).Text("id");
        var part = (await AddAsync(upload, "01234")).Text("id");
        var other = (await AddAsync((await CreateAsync(5)).Text("id"), "56789")).Text("id");

        (await CompleteAsync(upload, [part, part])).ShouldFail(400, "invalid_value", "part_ids[1]");
        (await CompleteAsync(upload, [part, other])).ShouldFail(400, "invalid_value", "part_ids[1]");
        (await CompleteAsync(upload, ["part_1"])).ShouldFail(400, "invalid_value", "part_ids[0]");
    }

    [Fact]
    public async Task A_cancelled_upload_takes_no_more()
    {
        var upload = (await CreateAsync(5)).Text("id");
        var part = (await AddAsync(upload, "01234")).Text("id");

        Assert.Equal("cancelled", (await CancelAsync(upload)).Should(200).Text("status"));
        Assert.Equal("cancelled", (await CancelAsync(upload)).Should(200).Text("status"));
        (await AddAsync(upload, "x")).ShouldFail(400, "invalid_state", null);
        Assert.Equal("Cannot complete an upload with status 'cancelled'.", (await CompleteAsync(upload, [part])).Should(400).Message);
    }

    [Fact]
    public async Task A_completed_upload_takes_no_part_and_is_not_cancelled()
    {
        var upload = (await CreateAsync(5)).Text("id");
        (await CompleteAsync(upload, [(await AddAsync(upload, "01234")).Text("id")])).Should(200);

        (await AddAsync(upload, "x")).ShouldFail(400, "invalid_state", null);
        (await CancelAsync(upload)).ShouldFail(400, "invalid_state", null);
    }

    [Fact]
    public async Task An_upload_lives_for_an_hour_and_leaves_nothing()
    {
        var upload = (await CreateAsync(5)).Text("id");
        var part = (await AddAsync(upload, "01234")).Text("id");

        _host.Time.Advance(TimeSpan.FromHours(1));
        (await AddAsync(upload, "x")).ShouldFail(400, "invalid_state", null);
        (await CancelAsync(upload)).ShouldFail(400, "invalid_state", null);
        Assert.Equal("Cannot complete an upload with status 'expired'.", (await CompleteAsync(upload, [part])).Should(400).Message);

        await _host.Expiry.RunDueAsync(default);
        Assert.Equal(["uploads row", "Upload entry"], await _host.StoredAsync());
        (await CompleteAsync(upload, [part])).ShouldFail(400, "invalid_state", null);

        _host.Time.Advance(TimeSpan.FromDays(1));
        await _host.Expiry.RunDueAsync(default);
        Assert.Empty(await _host.StoredAsync());
        (await CompleteAsync(upload, [part])).ShouldFail(404, null, "upload_id");
    }

    [Fact]
    public async Task Of_many_completes_at_once_one_makes_the_file_and_all_agree()
    {
        var upload = (await CreateAsync(10)).Text("id");
        var one = (await AddAsync(upload, "01234")).Text("id");
        var two = (await AddAsync(upload, "56789")).Text("id");

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(
            i => CompleteAsync(upload, i % 2 == 0 ? [one, two] : [two, one])));

        // Those that come while another is at it are told to ask again.
        Assert.All(answers, answer => Assert.True((int)answer.Status is 200 or 409, answer.Body));
        var final = (await CompleteAsync(upload, [one, two])).Should(200);
        Assert.All(answers.Where(answer => (int)answer.Status == 200), answer => Assert.Equal(final.Body, answer.Body));
        Assert.Single((await _host.GetAsync("v1/files")).Should(200).Ids);
        Assert.Single((await _host.StoredAsync()), "blob");
    }

    [Theory]
    [InlineData("""{"filename":"a","mime_type":"text/jsonl","purpose":"batch"}""", "missing_required_parameter", "bytes")]
    [InlineData("""{"bytes":"1","filename":"a","mime_type":"text/jsonl","purpose":"batch"}""", "invalid_type", "bytes")]
    [InlineData("""{"bytes":0,"filename":"a","mime_type":"text/jsonl","purpose":"batch"}""", "integer_below_min_value", "bytes")]
    [InlineData("""{"bytes":200000001,"filename":"a","mime_type":"text/jsonl","purpose":"batch"}""", "integer_above_max_value", "bytes")]
    [InlineData("""{"bytes":1,"mime_type":"text/jsonl","purpose":"batch"}""", "missing_required_parameter", "filename")]
    [InlineData("""{"bytes":1,"filename":"/","mime_type":"text/jsonl","purpose":"batch"}""", "invalid_value", "filename")]
    [InlineData("""{"bytes":1,"filename":"a","purpose":"batch"}""", "missing_required_parameter", "mime_type")]
    [InlineData("""{"bytes":1,"filename":"a","mime_type":"text/jsonl","purpose":"x"}""", null, "purpose")]
    [InlineData("""{"bytes":1,"filename":"a","mime_type":"text/jsonl","purpose":"batch","color":1}""", "unknown_parameter", "color")]
    [InlineData("""{"bytes":1,"filename":"a","mime_type":"t","purpose":"batch","expires_after":{"anchor":"now","seconds":3600}}""", "invalid_value", "expires_after.anchor")]
    [InlineData("""{"bytes":1,"filename":"a","mime_type":"t","purpose":"batch","expires_after":{"anchor":"created_at","seconds":1}}""", "integer_below_min_value", "expires_after.seconds")]
    [InlineData("[]", "invalid_json", null)]
    public async Task A_wrong_request_begins_no_upload(string body, string? code, string? param)
    {
        (await PostAsync("v1/uploads", body)).ShouldFail(400, code, param);

        Assert.Empty(await _host.StoredAsync());
    }

    [Theory]
    [InlineData("{}", "missing_required_parameter", "part_ids")]
    [InlineData("""{"part_ids":"part_1"}""", "invalid_type", "part_ids")]
    [InlineData("""{"part_ids":[1]}""", "invalid_type", "part_ids[0]")]
    [InlineData("""{"part_ids":[],"md5":"123"}""", "invalid_value", "md5")]
    [InlineData("""{"part_ids":[],"md5":"zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"}""", "invalid_value", "md5")]
    public async Task A_wrong_request_completes_nothing(string body, string code, string param)
    {
        var upload = (await CreateAsync(5)).Text("id");

        (await PostAsync($"v1/uploads/{upload}/complete", body)).ShouldFail(400, code, param);
    }

    [Fact]
    public async Task A_wrong_part_is_refused_by_name()
    {
        var upload = (await CreateAsync(5)).Text("id");

        (await AddFormAsync(upload, Forms.Of())).ShouldFail(400, "missing_required_parameter", "data");
        (await AddFormAsync(upload, Forms.Of(Forms.Field("color", "red")))).ShouldFail(400, "unknown_parameter", "color");
        (await AddAsync(upload, "")).ShouldFail(400, "invalid_value", "data");
        (await AddFormAsync(upload, Forms.Of(Forms.File("a", name: "data"), Forms.File("b", name: "data"))))
            .ShouldFail(400, "duplicate_parameter", "data");
        (await AddFormAsync(upload, Forms.Raw("{}", "application/json"))).ShouldFail(415, "unsupported_media_type", null);
    }

    [Fact]
    public async Task A_part_beyond_64_MB_is_refused()
    {
        var upload = (await CreateAsync(200_000_000)).Text("id");
        using var content = Forms.Streamed(new MadeStream((64 * 1024 * 1024) + 1), "data");

        (await AddFormAsync(upload, content)).ShouldFail(413, "request_too_large", null);
    }

    [Theory]
    [InlineData("parts")]
    [InlineData("complete")]
    [InlineData("cancel")]
    public async Task Another_tenants_upload_is_answered_as_one_that_never_was(string action)
    {
        var id = (await CreateAsync(5)).Text("id");
        var never = IdKind.Upload.New(_host.Time.GetUtcNow());
        var stranger = await _host.KeyOfAsync($"p-{Guid.NewGuid():N}");

        async Task<Answer> SendAsync(string upload) => await _host.SendAsync(
            HttpMethod.Post,
            $"v1/uploads/{upload}/{action}",
            action == "parts" ? Forms.Of(Forms.File("x", name: "data")) : new StringContent("""{"part_ids":[]}""", Encoding.UTF8, "application/json"),
            stranger);

        var foreign = (await SendAsync(id)).ShouldFail(404, null, "upload_id");
        Assert.Equal((await SendAsync(never)).Body, foreign.Body.Replace(id, never, StringComparison.Ordinal));
        (await SendAsync("upload_1")).ShouldFail(404, null, "upload_id");
    }

    private async Task<Answer> CreateAsync(long bytes, string purpose = "user_data") =>
        (await _host.PostAsync("v1/uploads", new { bytes, filename = "dir/in.jsonl", mime_type = "text/jsonl", purpose })).Should(200);

    private Task<Answer> AddAsync(string upload, string content) =>
        AddFormAsync(upload, Forms.Of(Forms.File(content, "blob", "data")));

    private Task<Answer> AddAsync(string upload, byte[] content) =>
        AddFormAsync(upload, Forms.Streamed(new MemoryStream(content), "data"));

    private Task<Answer> AddFormAsync(string upload, HttpContent form) =>
        _host.SendAsync(HttpMethod.Post, $"v1/uploads/{upload}/parts", form);

    private Task<Answer> CompleteAsync(string upload, string[] parts, string? md5 = null) =>
        _host.PostAsync($"v1/uploads/{upload}/complete", md5 is null ? new { part_ids = parts } : new { part_ids = parts, md5 });

    private Task<Answer> CancelAsync(string upload) => _host.SendAsync(HttpMethod.Post, $"v1/uploads/{upload}/cancel");

    private Task<Answer> PostAsync(string path, string body) =>
        _host.SendAsync(HttpMethod.Post, path, new StringContent(body, Encoding.UTF8, "application/json"));

#pragma warning disable CA5351
    private static string Md5(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(MD5.HashData(bytes));
#pragma warning restore CA5351
}
