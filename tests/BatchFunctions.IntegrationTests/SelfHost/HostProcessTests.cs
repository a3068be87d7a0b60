using System.Diagnostics;
using System.Net;
using System.Text.Json;
using BatchFunctions.SelfHost.Azurite;
using BatchFunctions.Testing;

namespace BatchFunctions.IntegrationTests.SelfHost;

public sealed class HostProcessTests(HostProcessTests.Running running) : IClassFixture<HostProcessTests.Running>, IDisposable
{
    private readonly DataFolder _data = new();
    private readonly HttpClient _http = new();

    public void Dispose()
    {
        _http.Dispose();
        _data.Dispose();
    }

    [Fact]
    public async Task The_first_start_prints_a_curl_that_answers_a_list()
    {
        await using var host = await HostProcess.ServeAsync(_data.Path);

        var curl = host.LineAfter("curl ");
        using var printed = Process.Start(new ProcessStartInfo("sh", ["-c", $"curl -s {curl}"]) { RedirectStandardOutput = true })!;
        var list = JsonDocument.Parse(await printed.StandardOutput.ReadToEndAsync());

        Assert.Equal("list", list.RootElement.GetProperty("object").GetString());
        Assert.Contains("built-in echo", host.Output, StringComparison.Ordinal);

        // As a container's health check asks it.
        await using (var health = await HostProcess.RunAsync(["health", host.LineAfter("Listening on ")]))
        {
            Assert.Equal(0, health.ExitCode);
            Assert.Contains("\"status\":\"ok\"", health.Output, StringComparison.Ordinal);
        }

        await host.TerminateAsync();
        await using var gone = await HostProcess.RunAsync(["health", host.LineAfter("Listening on ")]);
        gone.ShouldSayOneLine("does not answer");
        Assert.Equal(0, host.ExitCode);
        Assert.Null(AzuriteState.Read(_data.Path));
    }

    [Fact]
    public async Task A_key_made_beside_the_running_service_opens_it()
    {
        var host = running.Host;

        await using var add = await HostProcess.RunAsync(["keys", "add", "--project", "beside", "--name", "a label", "--data", running.Data]);

        Assert.Matches("^sk-[A-Za-z0-9]{54}$", add.Output.TrimEnd());
        Assert.Equal(HttpStatusCode.OK, await ListAsync(host, add.Output.Trim()));
        await using var list = await HostProcess.RunAsync(["keys", "list", "--json", "--data", running.Data]);
        Assert.Contains("a label", list.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(add.Output.Trim(), list.Output, StringComparison.Ordinal);

        // The storage is still there when the command has gone.
        Assert.Equal(HttpStatusCode.OK, await ListAsync(host, add.Output.Trim()));
    }

    [Fact]
    public async Task Keys_are_made_and_revoked_without_the_service()
    {
        await using var add = await HostProcess.RunAsync(["keys", "add", "--project", "alone", "--data", _data.Path]);
        await using var list = await HostProcess.RunAsync(["keys", "list", "--json", "--data", _data.Path]);
        var id = JsonDocument.Parse(list.Output).RootElement[0].GetProperty("id").GetString()!;
        await using var revoke = await HostProcess.RunAsync(["keys", "revoke", id, "--data", _data.Path]);
        Assert.Equal(0, revoke.ExitCode);

        await using var host = await HostProcess.ServeAsync(_data.Path);

        Assert.Equal(HttpStatusCode.Unauthorized, await ListAsync(host, add.Output.Trim()));
        await host.TerminateAsync();
    }

    [Fact]
    public async Task A_killed_service_leaves_no_emulator_and_is_followed_by_one_on_the_same_data_with_the_same_key()
    {
        string key;
        AzuriteState left;
        await using (var killed = await HostProcess.ServeAsync(_data.Path))
        {
            key = killed.LineAfter("API key of the project 'local': ");
            left = AzuriteState.Read(_data.Path)!;
            Assert.True(await left.IsAliveAsync(CancellationToken.None));
            await killed.KillAsync();
        }

        // At once: the emulator may still be writing its data out.
        await using var next = await HostProcess.ServeAsync(_data.Path);

        Assert.False(await left.IsAliveAsync(CancellationToken.None));
        Assert.Equal(key, next.LineAfter("API key of the project 'local': "));
        Assert.Equal(HttpStatusCode.OK, await ListAsync(next, key));
        await next.KillAsync();
        await Eventually.UntilAsync(() => EmulatorsOf(_data.Path).Length == 0, "no emulator is left");
    }

    [Fact]
    public async Task A_second_service_on_the_data_of_a_running_one_is_refused_on_one_line()
    {
        var first = running.Host;

        await using var second = await HostProcess.RunAsync(["--data", running.Data, "--urls", "http://127.0.0.1:0"]);

        second.ShouldSayOneLine($"{running.Data} is in use by another process");
        Assert.Equal(HttpStatusCode.OK, await ListAsync(first, first.LineAfter("API key of the project 'local': ")));
    }

    [Fact]
    public void The_key_that_is_kept_is_its_owners_alone_to_read()
    {
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(running.Data, "local-key")));
        }
    }

    [Fact]
    public async Task An_upstream_that_does_not_answer_is_told_on_one_line_and_the_service_runs()
    {
        await using var host = await HostProcess.ServeAsync(_data.Path, ("Batch__Upstream__BaseUrl", "http://127.0.0.1:9/v1"));

        await Eventually.UntilAsync(() => host.Errors.Length > 0, "the upstream is missed");
        Assert.StartsWith("The upstream does not answer at http://127.0.0.1:9/v1/models (Connection refused", host.Errors, StringComparison.Ordinal);
        Assert.Single(host.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(HttpStatusCode.OK, await ListAsync(host, host.LineAfter("API key of the project 'local': ")));
        await host.TerminateAsync();
    }

    /// <summary>Processes that serve the folder, as their command lines say.</summary>
    private static string[] EmulatorsOf(string data)
    {
        using var ps = Process.Start(new ProcessStartInfo("ps", ["-eo", "args"]) { RedirectStandardOutput = true })!;
        return [.. ps.StandardOutput.ReadToEnd().Split('\n').Where(line => line.Contains($"--location {data}", StringComparison.Ordinal))];
    }

    private async Task<HttpStatusCode> ListAsync(HostProcess host, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"{host.LineAfter("Listening on ")}/v1/batches"));
        request.Headers.Authorization = new("Bearer", key);
        using var answer = await _http.SendAsync(request);
        return answer.StatusCode;
    }

    /// <summary>A service for the tests that leave it as it is.</summary>
    public sealed class Running : IAsyncLifetime
    {
        private readonly DataFolder _data = new();
        private HostProcess? _host;

        internal string Data => _data.Path;

        internal HostProcess Host => _host!;

        public async Task InitializeAsync() => _host = await HostProcess.ServeAsync(Data);

        public async Task DisposeAsync()
        {
            await using (Host)
            {
                await Host.TerminateAsync();
            }

            _data.Dispose();
        }
    }
}
