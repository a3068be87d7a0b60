namespace BatchFunctions.IntegrationTests.Files;

public sealed class FileListTests : IAsyncLifetime
{
    private FilesHost _host = null!;

    public async Task InitializeAsync() => _host = await FilesHost.StartAsync();

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task No_files_make_an_empty_list()
    {
        var answer = (await _host.GetAsync("v1/files")).Should(200);

        Assert.Equal("""{"object":"list","data":[],"first_id":null,"last_id":null,"has_more":false}""", answer.Body);
    }

    [Theory]
    [InlineData("desc")]
    [InlineData("asc")]
    [InlineData(null)]
    public async Task A_walk_visits_every_file_once_in_its_order(string? order)
    {
        var ids = await UploadedAsync(7);
        var expected = order == "asc" ? ids : Enumerable.Reverse(ids);

        var seen = new List<string>();
        var query = $"limit=3{(order is null ? "" : $"&order={order}")}";
        var page = (await _host.GetAsync($"v1/files?{query}")).Should(200);
        while (true)
        {
            Assert.Equal((page.Ids[0], page.Ids[^1]), (page.Text("first_id"), page.Text("last_id")));
            seen.AddRange(page.Ids);
            if (!page.Json.GetProperty("has_more").GetBoolean())
            {
                break;
            }

            page = (await _host.GetAsync($"v1/files?{query}&after={page.Text("last_id")}")).Should(200);
        }

        Assert.Equal(expected, seen);
        Assert.Empty((await _host.GetAsync($"v1/files?{query}&after={seen[^1]}")).Should(200).Ids);
    }

    [Fact]
    public async Task A_page_that_ends_the_list_says_that_there_is_no_more()
    {
        await UploadedAsync(3);

        var page = (await _host.GetAsync("v1/files?limit=3")).Should(200);

        Assert.Equal((3, false), (page.Ids.Length, page.Json.GetProperty("has_more").GetBoolean()));
    }

    [Fact]
    public async Task A_cursor_holds_though_its_file_is_deleted()
    {
        var ids = await UploadedAsync(3);
        (await _host.SendAsync(HttpMethod.Delete, $"v1/files/{ids[1]}")).Should(200);

        Assert.Equal([ids[0]], (await _host.GetAsync($"v1/files?after={ids[1]}")).Should(200).Ids);
        Assert.Equal([ids[2]], (await _host.GetAsync($"v1/files?after={ids[1]}&order=asc")).Should(200).Ids);
        Assert.Equal([ids[2], ids[0]], (await _host.GetAsync("v1/files")).Should(200).Ids);
    }

    [Fact]
    public async Task Only_files_of_the_purpose_asked_for_are_listed()
    {
        var batch = await _host.UploadedAsync();
        var other = await _host.UploadedAsync("x", "user_data");

        Assert.Equal([other], (await _host.GetAsync("v1/files?purpose=user_data")).Should(200).Ids);
        Assert.Equal([batch], (await _host.GetAsync("v1/files?purpose=batch")).Should(200).Ids);
        Assert.Empty((await _host.GetAsync("v1/files?purpose=fine-tune-results")).Should(200).Ids);
    }

    [Fact]
    public async Task An_expired_file_is_not_listed()
    {
        await _host.UploadedAsync();
        _host.Time.Advance(TimeSpan.FromDays(30));

        Assert.Empty((await _host.GetAsync("v1/files")).Should(200).Ids);
    }

    [Theory]
    [InlineData("limit=0", "integer_below_min_value", "limit")]
    [InlineData("limit=10001", "integer_above_max_value", "limit")]
    [InlineData("limit=x", "invalid_type", "limit")]
    [InlineData("after=batch_1", "invalid_value", "after")]
    [InlineData("after=", "invalid_value", "after")]
    [InlineData("order=up", "invalid_value", "order")]
    [InlineData("order=asc&order=desc", "invalid_type", "order")]
    [InlineData("purpose=x'%20or%20true", "invalid_value", "purpose")]
    public async Task A_wrong_query_is_refused_by_name(string query, string code, string param) =>
        (await _host.GetAsync($"v1/files?{query}")).ShouldFail(400, code, param);

    /// <summary>Files a second apart, the oldest first.</summary>
    private async Task<string[]> UploadedAsync(int count)
    {
        var ids = new string[count];
        for (var i = 0; i < count; i++)
        {
            ids[i] = await _host.UploadedAsync();
            _host.Time.Advance(TimeSpan.FromSeconds(1));
        }

        return ids;
    }
}
