using BatchFunctions.Testing;

namespace BatchFunctions.IntegrationTests.SelfHost;

/// <summary>What keeps the self-host from starting is told on one line.</summary>
public sealed class HostRefusalTests : IDisposable
{
    private readonly DataFolder _data = new();

    private static (string Name, string Value) Storage => ("AzureWebJobsStorage", TestStorage.NewAccount());

    public void Dispose() => _data.Dispose();

    [Theory]
    [InlineData("AzureWebJobsStorage", "rubbish", "AzureWebJobsStorage is no connection string")]
    [InlineData("AzureWebJobsStorage", "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;BlobEndpoint=http://127.0.0.1:9/a;QueueEndpoint=http://127.0.0.1:9/a;TableEndpoint=http://127.0.0.1:9/a", "Storage cannot be reached")]
    [InlineData("AzureWebJobsStorage", "DefaultEndpointsProtocol=https;AccountName=a", "AzureWebJobsStorage is no connection string")]
    [InlineData("Batch__Upstream__BaseUrl", "nowhere", "Batch__Upstream__BaseUrl must be")]
    [InlineData("Batch__ChunkLines", "5000", "Batch__ChunkLines must be from 1 to 1000")]
    [InlineData("Batch__ChunkLines", "many", "'many' at 'Batch:ChunkLines'")]
    [InlineData("AzureFunctionsJobHost__extensions__queues__batchSize", "99", "AzureFunctionsJobHost__extensions__queues__batchSize")]
    [InlineData("PATH", null, "Node.js is not installed")]
    public async Task What_keeps_it_from_starting_is_told_on_one_line(string setting, string? value, string expected)
    {
        // A process finds dotnet by this one's PATH, and Node.js by its own. It starts an emulator only where that matters.
        (string, string)[] storage = setting.StartsWith("Batch__", StringComparison.Ordinal) ? [Storage] : [];
        await using var host = await HostProcess.RunAsync(
            ["--data", _data.Path, "--urls", "http://127.0.0.1:0"], [.. storage, (setting, value ?? _data.Path)]);

        host.ShouldSayOneLine(expected);
    }

    [Fact]
    public async Task A_local_settings_file_is_read_and_the_environment_stands_above_it()
    {
        await File.WriteAllTextAsync(
            Path.Combine(_data.Path, "local.settings.json"),
            """{ "IsEncrypted": false, /* as Core Tools reads it */ "Values": { "Batch__ChunkLines": "many" } }""");
        string[] serve = ["--data", _data.Path, "--urls", "http://127.0.0.1:0"];

        await using var ofFile = await HostProcess.RunInAsync(_data.Path, serve, Storage);
        await using var ofEnvironment = await HostProcess.RunInAsync(_data.Path, serve, Storage, ("Batch__ChunkLines", "5000"));

        ofFile.ShouldSayOneLine("'many' at 'Batch:ChunkLines'");
        ofEnvironment.ShouldSayOneLine("Batch__ChunkLines must be from 1 to 1000");
    }

    [Fact]
    public async Task A_setting_that_stands_twice_in_the_file_is_named()
    {
        await File.WriteAllTextAsync(
            Path.Combine(_data.Path, "local.settings.json"), """{ "Values": { "Batch__ChunkLines": "50", "Batch:ChunkLines": "60" } }""");

        await using var host = await HostProcess.RunInAsync(_data.Path, ["--data", _data.Path, "--urls", "http://127.0.0.1:0"], Storage);

        host.ShouldSayOneLine("It has Batch:ChunkLines twice.");
    }

    [Fact]
    public async Task An_address_that_is_taken_or_none_is_told_on_one_line()
    {
        await using var first = await HostProcess.ServeAsync(_data.Path);
        var taken = first.LineAfter("Listening on ");

        using var otherData = new DataFolder();
        await using var second = await HostProcess.RunAsync(["--data", otherData.Path, "--urls", taken], Storage);
        await using var none = await HostProcess.RunAsync(["--data", otherData.Path, "--urls", "here"], Storage);

        await using var noMetrics = await HostProcess.RunAsync(["--data", otherData.Path, "--metrics", "here"], Storage);

        second.ShouldSayOneLine("--urls");
        noMetrics.ShouldSayOneLine("give --metrics one such as");
        none.ShouldSayOneLine("'here' is no address to listen at");
        await first.TerminateAsync();
    }

    [Theory]
    [InlineData(403, "The account key is wrong", "Storage refuses (403): check the account, its key")]
    [InlineData(400, "The API version 2026-02-06 is not supported by Azurite.", "start Azurite with --skipApiVersionCheck")]
    public async Task A_storage_that_refuses_is_told_on_one_line(int status, string message, string expected)
    {
        await using var storage = await new ScriptedUpstream().Answer(_ => ScriptedAnswer.Text(message, "text/plain").WithStatus(status)).StartAsync();
        var connection = string.Concat(
            "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;",
            string.Concat(new[] { "Blob", "Queue", "Table" }.Select(service => $"{service}Endpoint={storage.Address}a;")));

        await using var host = await HostProcess.RunAsync(
            ["--data", _data.Path, "--urls", "http://127.0.0.1:0"], ("AzureWebJobsStorage", connection));

        host.ShouldSayOneLine(expected);
    }

    [Fact]
    public async Task A_project_name_that_is_none_is_told_on_one_line()
    {
        await using var add = await HostProcess.RunAsync(["keys", "add", "--project", "Not One", "--data", _data.Path]);

        add.ShouldSayOneLine("'Not One' is no project name");
    }

    [Fact]
    public async Task A_folder_that_cannot_be_one_is_told_on_one_line()
    {
        var file = Path.Combine(_data.Path, "file");
        await File.WriteAllTextAsync(file, "");

        await using var host = await HostProcess.RunAsync(["--data", file, "--urls", "http://127.0.0.1:0"]);

        host.ShouldSayOneLine("--data");
    }
}
