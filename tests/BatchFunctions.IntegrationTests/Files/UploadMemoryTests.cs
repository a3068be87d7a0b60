namespace BatchFunctions.IntegrationTests.Files;

/// <summary>The process's memory is everybody's, so these run when nothing else does, and their storage is in another process.</summary>
[CollectionDefinition(nameof(UploadMemoryTests), DisableParallelization = true)]
[Collection(nameof(UploadMemoryTests))]
public sealed class UploadMemoryTests : IAsyncLifetime
{
    private const long Megabyte = 1024 * 1024;

    private FilesHost _host = null!;

    public async Task InitializeAsync() => _host = await FilesHost.StartOnAsync(TestStorage.NewAccount(), []);

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task An_upload_of_200_MB_and_its_download_leave_memory_within_100_MB()
    {
        // A first file fills the pools that every upload uses.
        await UploadAsync(16 * Megabyte);
        var before = Settled();

        using var stop = new CancellationTokenSource();
        var peak = PeakAsync(stop.Token);
        var file = await UploadAsync(200 * Megabyte);
        Assert.Equal(200 * Megabyte, await DownloadAsync(file));
        await stop.CancelAsync();

        var growth = await peak - before;
        Assert.True(growth < 100 * Megabyte, $"Memory grew by {growth / Megabyte} MB while 200 MB passed.");
    }

    [Fact]
    public async Task A_part_of_64_MB_and_the_check_of_its_sum_leave_memory_within_100_MB()
    {
        await UploadAsync(16 * Megabyte);
        var before = Settled();

        using var stop = new CancellationTokenSource();
        var peak = PeakAsync(stop.Token);
        var upload = (await _host.PostAsync(
            "v1/uploads",
            new { bytes = 128 * Megabyte, filename = "a.jsonl", mime_type = "text/jsonl", purpose = "user_data" })).Should(200).Text("id");
        var parts = new[] { await PartAsync(upload), await PartAsync(upload) };
        (await _host.PostAsync($"v1/uploads/{upload}/complete", new { part_ids = parts, md5 = new string('0', 32) }))
            .ShouldFail(400, "invalid_value", "md5");
        await stop.CancelAsync();

        var growth = await peak - before;
        Assert.True(growth < 100 * Megabyte, $"Memory grew by {growth / Megabyte} MB while 128 MB passed.");
    }

    private async Task<string> UploadAsync(long bytes) => (await _host.SendAsync(
        HttpMethod.Post, "v1/files", Forms.Streamed(new MadeStream(bytes), "file", "purpose=batch"))).Should(200).Text("id");

    private async Task<string> PartAsync(string upload) => (await _host.SendAsync(
        HttpMethod.Post, $"v1/uploads/{upload}/parts", Forms.Streamed(new MadeStream(64 * Megabyte), "data"))).Should(200).Text("id");

    private async Task<long> DownloadAsync(string file)
    {
        using var response = await _host.Client.GetAsync(new Uri($"v1/files/{file}/content", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
        await using var content = await response.Content.ReadAsStreamAsync();
        var buffer = new byte[64 * 1024];
        long bytes = 0;
        int length;
        while ((length = await content.ReadAsync(buffer)) > 0)
        {
            bytes += length;
        }

        return bytes;
    }

    /// <summary>The most memory that the process has while it is watched.</summary>
    private static async Task<long> PeakAsync(CancellationToken stop)
    {
        var peak = Environment.WorkingSet;
        while (!stop.IsCancellationRequested)
        {
            peak = Math.Max(peak, Environment.WorkingSet);
            await Task.Delay(20, stop).ContinueWith(_ => { }, TaskScheduler.Default);
        }

        return peak;
    }

    private static long Settled()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        return Environment.WorkingSet;
    }
}
