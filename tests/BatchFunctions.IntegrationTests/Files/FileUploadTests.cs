using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using BatchFunctions.Testing;

namespace BatchFunctions.IntegrationTests.Files;

public sealed class FileUploadTests : IAsyncLifetime
{
    private FilesHost _host = null!;

    public async Task InitializeAsync() => _host = await FilesHost.StartAsync(("Batch:MaxFileBytes", "6000000"));

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task A_file_is_answered_with_every_property_in_order()
    {
        var answer = (await _host.UploadAsync(Forms.Line)).Should(200);

        Assert.Equal(
            ["id", "object", "bytes", "created_at", "expires_at", "filename", "purpose", "status", "status_details"],
            answer.Json.EnumerateObject().Select(p => p.Name));
        var created = answer.Json.GetProperty("created_at").GetInt64();
        Assert.Equal(_host.Time.GetUtcNow().ToUnixTimeSeconds(), created);
        Assert.Equal(created + 2_592_000, answer.Json.GetProperty("expires_at").GetInt64());
        Assert.Equal(Forms.Line.Length, answer.Json.GetProperty("bytes").GetInt64());
        Assert.Equal(
            ("file", "input.jsonl", "batch", "processed"),
            (answer.Text("object"), answer.Text("filename"), answer.Text("purpose"), answer.Text("status")));
        Assert.Equal(JsonValueKind.Null, answer.Json.GetProperty("status_details").ValueKind);
        Assert.Equal(answer.Body, (await _host.GetAsync($"v1/files/{answer.Text("id")}")).Should(200).Body);
    }

    [Theory]
    [InlineData("fine-tune")]
    [InlineData("assistants")]
    [InlineData("user_data")]
    [InlineData("vision")]
    [InlineData("evals")]
    public async Task Files_for_other_purposes_are_stored_as_they_are_and_kept(string purpose)
    {
        var answer = (await _host.UploadAsync("no JSON at all", purpose)).Should(200);

        Assert.Equal(purpose, answer.Text("purpose"));
        Assert.Equal(JsonValueKind.Null, answer.Json.GetProperty("expires_at").ValueKind);
    }

    [Fact]
    public async Task The_file_may_come_before_its_fields_and_live_as_long_as_asked()
    {
        var answer = (await PostAsync(
            Forms.File(Forms.Line),
            Forms.Field("expires_after[seconds]", "3600"),
            Forms.Field("purpose", "batch"),
            Forms.Field("expires_after[anchor]", "created_at"))).Should(200);

        Assert.Equal(
            answer.Json.GetProperty("created_at").GetInt64() + 3600, answer.Json.GetProperty("expires_at").GetInt64());
    }

    [Theory]
    [InlineData("plain.jsonl", "plain.jsonl")]
    [InlineData("../../etc/pass.jsonl", "pass.jsonl")]
    [InlineData(@"C:\data\in.jsonl", "in.jsonl")]
    [InlineData("grüße 世界 😀.jsonl", "grüße 世界 😀.jsonl")]
    [InlineData("say %22hi%22.jsonl", "say \"hi\".jsonl")]
    [InlineData(@"say \""hi\"".jsonl", "say \"hi\".jsonl")]
    [InlineData("semi;colon.jsonl", "semi;colon.jsonl")]
    [InlineData("a.jsonl\"; filename*=UTF-8''%e4%b8%96.jsonl; x=\"", "世.jsonl")]
    public async Task A_filename_is_the_last_part_of_what_the_client_gives(string given, string kept)
    {
        Assert.Equal(kept, (await _host.UploadAsync(Forms.Line, filename: given)).Should(200).Text("filename"));
    }

    [Fact]
    public async Task A_long_filename_is_cut()
    {
        var answer = await _host.UploadAsync(Forms.Line, filename: new string('x', 1000));

        Assert.Equal(new string('x', 255), answer.Should(200).Text("filename"));
    }

    public static TheoryData<string[], string?, string?> WrongForms => new()
    {
        { [Forms.Field("purpose", "batch")], "missing_required_parameter", "file" },
        { [Forms.File(Forms.Line)], "missing_required_parameter", "purpose" },
        { [Forms.File(Forms.Line), Forms.Field("purpose", "nonsense")], null, "purpose" },
        { [Forms.File(Forms.Line), Forms.Field("purpose", "batch_output")], null, "purpose" },
        { [Forms.File(Forms.Line), Forms.Field("purpose", "batch"), Forms.Field("purpose", "batch")], "duplicate_parameter", "purpose" },
        { [Forms.File(Forms.Line), Forms.File(Forms.Line), Forms.Field("purpose", "batch")], "duplicate_parameter", "file" },
        { [Forms.File(Forms.Line), Forms.Field("purpose", "batch"), Forms.Field("color", "red")], "unknown_parameter", "color" },
        { [Forms.Field("file", Forms.Line), Forms.Field("purpose", "batch")], "invalid_value", "file" },
        { [Forms.File(""), Forms.Field("purpose", "batch")], "empty_file", "file" },
        { [Forms.File("\r\n \n"), Forms.Field("purpose", "batch")], "empty_file", "file" },
        { [Forms.File("[1]\n"), Forms.Field("purpose", "batch")], "invalid_json_line", "file" },
        { [Forms.Field("purpose", "batch"), Forms.File("hello")], "invalid_json_line", "file" },
        { [Forms.Field("purpose", "batch"), Forms.File("{\"a\":1")], "invalid_json_line", "file" },
        { [Forms.File(Forms.Line), Forms.Field("purpose", "batch"), Forms.Field("expires_after[seconds]", "3600")], "missing_required_parameter", "expires_after[anchor]" },
        { [Forms.File(Forms.Line), Forms.Field("purpose", "batch"), Forms.Field("expires_after[anchor]", "created_at")], "missing_required_parameter", "expires_after[seconds]" },
        { [Forms.Field("expires_after[anchor]", "now"), Forms.File(Forms.Line), Forms.Field("purpose", "batch")], "invalid_value", "expires_after[anchor]" },
        { [Forms.Field("expires_after[seconds]", "3599"), Forms.File(Forms.Line)], "integer_below_min_value", "expires_after[seconds]" },
        { [Forms.Field("expires_after[seconds]", "2592001"), Forms.File(Forms.Line)], "integer_above_max_value", "expires_after[seconds]" },
        { [Forms.Field("expires_after[seconds]", "soon"), Forms.File(Forms.Line)], "invalid_type", "expires_after[seconds]" },
        { [Forms.Field("purpose", new string('x', 2000)), Forms.File(Forms.Line)], "string_above_max_length", "purpose" },
        { ["Content-Type: text/plain\r\n\r\nno name"], "invalid_multipart_form_data", null },
    };

    [Theory]
    [MemberData(nameof(WrongForms))]
    public async Task A_wrong_form_is_refused_by_name_and_leaves_nothing(string[] parts, string? code, string? param)
    {
        (await PostAsync(parts)).ShouldFail(400, code, param);

        Assert.Empty(await _host.StoredAsync());
    }

    [Theory]
    [InlineData("[\n{}\n]\n", "the file is a JSON array. Write one JSON object a line, without brackets around them or commas between them.")]
    [InlineData("{\n  \"custom_id\": \"a\"\n}\n", "the first line ends within a JSON object, as in pretty-printed JSON. Write each request on one line.")]
    [InlineData("{}\r{}\r", "its lines end with CR alone. End them with LF or CRLF.")]
    [InlineData("hello", "the first line is no JSON object.")]
    public async Task What_is_no_JSONL_is_named(string content, string explanation)
    {
        var answer = await _host.UploadAsync(content, "batch");

        answer.ShouldFail(400, "invalid_json_line", "file");
        Assert.Equal("Invalid file format for Batch API. Must be .jsonl: " + explanation, answer.Message);
    }

    [Fact]
    public async Task An_unknown_purpose_is_answered_in_OpenAIs_words()
    {
        var answer = await _host.UploadAsync(Forms.Line, "vector_store");

        Assert.Equal(
            "'vector_store' is not one of ['fine-tune', 'assistants', 'batch', 'user_data', 'vision', 'evals'] - 'purpose'",
            answer.Message);
    }

    [Theory]
    [InlineData("multipart/form-data", 400)]
    [InlineData("multipart/form-data; boundary=\"\"", 400)]
    [InlineData("application/json", 415)]
    [InlineData("nonsense", 415)]
    public async Task A_body_that_is_no_form_is_refused(string contentType, int status)
    {
        var answer = await _host.SendAsync(HttpMethod.Post, "v1/files", Forms.Raw("{}", contentType));

        answer.ShouldFail(status, status == 400 ? "invalid_multipart_form_data" : "unsupported_media_type", null);
    }

    [Theory]
    [InlineData("")]
    [InlineData("no boundary anywhere")]
    [InlineData($"--{Forms.Boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n{{}}")]
    [InlineData($"--{Forms.Boundary}\r\nnonsense\r\n\r\n\r\n--{Forms.Boundary}--\r\n")]
    public async Task A_form_that_breaks_off_is_refused_and_leaves_nothing(string body)
    {
        (await _host.SendAsync(HttpMethod.Post, "v1/files", Forms.Raw(body)))
            .ShouldFail(400, "invalid_multipart_form_data", null);

        Assert.Empty(await _host.StoredAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_file_beyond_the_limit_is_refused_and_leaves_nothing(bool chunked)
    {
        using var content = Forms.Of(Forms.File(new string('x', 6_000_001)), Forms.Field("purpose", "user_data"));
        using var request = new HttpRequestMessage(HttpMethod.Post, "v1/files") { Content = content };
        request.Headers.TransferEncodingChunked = chunked;
        using var response = await _host.Client.SendAsync(request);

        (await Answer.OfAsync(response)).ShouldFail(413, "request_too_large", null);
        Assert.Empty(await _host.StoredAsync());
    }

    [Fact]
    public async Task A_file_of_just_the_limit_is_taken_and_comes_back_as_it_was()
    {
        var content = string.Concat(Enumerable.Range(0, 750_000).Select(i => $"{i,7}\n"));

        var id = await _host.UploadedAsync(content, "user_data");

        Assert.Equal(content, (await _host.GetAsync($"v1/files/{id}/content")).Should(200).Body);
    }

    [Fact]
    public async Task A_client_that_goes_away_in_the_middle_leaves_nothing()
    {
        using (var socket = new TcpClient())
        {
            await socket.ConnectAsync(_host.Client.BaseAddress!.Host, _host.Client.BaseAddress.Port);
            var head = $"POST /v1/files HTTP/1.1\r\nHost: x\r\nAuthorization: {_host.Client.DefaultRequestHeaders.Authorization}\r\n"
                + $"Content-Type: multipart/form-data; boundary={Forms.Boundary}\r\nContent-Length: 5500000\r\n\r\n"
                + $"--{Forms.Boundary}\r\n{Forms.Field("purpose", "user_data")}\r\n--{Forms.Boundary}\r\n{Forms.File("")}";
            await socket.GetStream().WriteAsync(Encoding.UTF8.GetBytes(head));
            await socket.GetStream().WriteAsync(new byte[5_000_000]);

            // One block has been staged when the client goes.
            await Eventually.UntilAsync(HasStagedAsync, TimeSpan.FromSeconds(30), "a block has been staged");
        }

        // The next request is answered whatever came of the last, whose blocks go meanwhile.
        await _host.UploadedAsync();
        await Eventually.UntilAsync(
            async () => (await _host.StoredAsync()).SequenceEqual(["files row", "blob", "File entry"]),
            TimeSpan.FromSeconds(30),
            "what is stored is the other file alone");
    }

    [Fact]
    public async Task Without_a_key_no_file_is_taken()
    {
        _host.Client.DefaultRequestHeaders.Authorization = null;

        (await _host.UploadAsync(Forms.Line)).ShouldFail(401, "invalid_api_key", null);
    }

    private async Task<bool> HasStagedAsync()
    {
        await foreach (var _ in _host.Storage.Blobs.GetBlobContainerClient("files").GetBlobsAsync(
            Azure.Storage.Blobs.Models.BlobTraits.None, Azure.Storage.Blobs.Models.BlobStates.Uncommitted, _host.Tenant + "/", default))
        {
            return true;
        }

        return false;
    }

    private Task<Answer> PostAsync(params string[] parts) =>
        _host.SendAsync(HttpMethod.Post, "v1/files", Forms.Of(parts));
}
